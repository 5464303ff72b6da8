using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.PixelLevel;

/// <summary>
/// Dynamic region-aware convolution: a convolution of the input scores m regions at every pixel, and each pixel is convolved with the kernel of its best one;
/// the m kernels are made from the input, averaged to k × k, by a 1 × 1 convolution with sigmoid and a 1 × 1 convolution in m groups (Chen et al., "Dynamic
/// Region-Aware Convolution", CVPR 2021, section 3). [N, H, W, in] to [N, H′, W′, out].
/// </summary>
/// <remarks>
/// The pixels of a region are gathered and convolved once, in training and inference alike: the cost is one convolution and the predictors', for any m. The
/// guide's gradient is that of a softmax over the regions (section 3.3). The kernels have no bias, as in the paper.
/// </remarks>
public sealed class RegionAwareConv2d : Layer
{
    private readonly int _inChannels;
    private readonly int _outChannels;
    private readonly int _kernel;
    private readonly int _regions;
    private readonly int _stride;
    private readonly int _padding;
    private readonly Conv2d _first;
    private readonly Conv2d _second;
    private readonly Conv2d _guide;

    /// <summary>Makes a convolution.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernel">Rows and columns of the kernels.</param>
    /// <param name="regions">m, the number of kernels.</param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    /// <param name="padding">Zeros around the input; −1: as many as keep the size at stride 1.</param>
    /// <param name="hidden">Channels between the predictor's convolutions, a multiple of m; 0: m².</param>
    public RegionAwareConv2d(int inChannels, int outChannels, int kernel, int regions = 8, int stride = 1, int padding = -1, int hidden = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(regions, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(hidden);
        _inChannels = inChannels;
        _outChannels = outChannels;
        _kernel = kernel;
        _regions = regions;
        _stride = stride;
        _padding = padding < 0 ? (kernel - 1) / 2 : padding;
        int width = hidden == 0 ? regions * regions : hidden;
        _first = Add("gen1", new Conv2d(inChannels, width, 1));
        _second = Add("gen2", new Conv2d(width, regions * outChannels * inChannels, 1, groups: regions));
        _guide = Add("guide", new Conv2d(inChannels, regions, kernel, stride, _padding));
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        ConvolutionGeometry geometry = GeometryOf(input);
        return new Shape(input[0], geometry.OutHeight, geometry.OutWidth, _outChannels);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        Shape window = new(input[0], _kernel, _kernel, _inChannels);
        return (input[0] * GeometryOf(input).MacsPerSample) + _guide.CountMacs(input) + _first.CountMacs(window) + _second.CountMacs(_first.OutputShape(window));
    }

    /// <summary>How well each region fits each output pixel: [N, H′, W′, regions].</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, in].</param>
    public Tensor Guide(Context context, Tensor input) => _guide.Forward(context, input);

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor scores = _guide.Forward(context, input);
        Tensor hidden = context.Sigmoid(_first.Forward(context, context.AdaptiveAveragePool2d(input, _kernel, _kernel)));

        if (context.Tape is not null || input.Shape[0] <= 1)
        {
            return scope.Keep(Convolve(context, input, hidden, scores));
        }

        // Sample by sample: the kernels of a batch would take regions times the memory of a weight for each of its samples.
        Tensor output = context.Workspace.Rent(OutputShape(input.Shape));
        Selection outer = context.Samples;
        try
        {
            for (int sample = 0; sample < input.Shape[0]; sample++)
            {
                using WorkspaceScope inner = context.Workspace.Enter();
                context.Samples = context.Workspace.Nest(outer, context.Workspace.Select(input.Shape[0], [sample]));
                Convolve(context, input.Rows(sample, 1), hidden.Rows(sample, 1), scores.Rows(sample, 1)).Span.CopyTo(output.Rows(sample, 1).Span);
            }
        }
        finally
        {
            context.Samples = outer;
        }

        return scope.Keep(output);
    }

    // A kernel's tap is what was made from one pixel of the averages.
    private Tensor Convolve(Context context, Tensor input, Tensor hidden, Tensor scores)
    {
        Tensor kernels = _second.Forward(context, hidden);
        Shape shape = new(input.Shape[0], _kernel, _kernel, _regions, _outChannels, _inChannels);
        return context.RegionConv2d(input, kernels.Reshape(shape), scores, GeometryOf(input.Shape));
    }

    private ConvolutionGeometry GeometryOf(Shape input)
    {
        if (input.Rank != 4 || input[3] != _inChannels)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, height, width, {_inChannels}].", nameof(input));
        }

        return new ConvolutionGeometry(
            _inChannels, _outChannels, _kernel, _kernel, input[1], input[2], _stride, _stride, _padding, _padding, _padding, _padding);
    }
}
