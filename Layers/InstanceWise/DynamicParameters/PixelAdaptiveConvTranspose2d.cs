using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicParameters;

/// <summary>
/// Transposed pixel-adaptive convolution: the input's pixels are spread with zeros between them, and a pixel-adaptive convolution with the flipped kernel
/// runs over that, guided by an image of the output's size (Su et al., "Pixel-Adaptive Convolutional Neural Networks", CVPR 2019, section 4.1: joint
/// up-sampling). [N, H, W, in] to [N, (H − 1)·stride − 2·padding + dilation·(kernel − 1) + output padding + 1, …, out].
/// </summary>
/// <remarks>
/// With a constant guide it is a transposed convolution. The zeros between the pixels are multiplied too. Taps outside the guide have no weight, where the authors' code
/// takes a guide of zeros there; that matters only where the padding is not that of the guide's windows, dilation · (kernel − 1) / 2.
/// </remarks>
public sealed class PixelAdaptiveConvTranspose2d : Module
{
    private readonly int _inChannels;
    private readonly int _outChannels;
    private readonly int _kernel;
    private readonly int _stride;
    private readonly int _padding;
    private readonly int _outputPadding;
    private readonly int _dilation;
    private readonly bool _normalizes;

    /// <summary>Makes a convolution.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernel">Rows and columns of the kernel; odd, so that it has a middle.</param>
    /// <param name="stride">Pixels of the output between two pixels of the input.</param>
    /// <param name="padding">Pixels cut off the result, at most dilation · (kernel − 1); −1: dilation · (kernel − 1) / 2.</param>
    /// <param name="outputPadding">Pixels added to the result at the bottom and right.</param>
    /// <param name="dilation">Pixels of the output between two taps.</param>
    /// <param name="normalizes">Whether K is divided by its sum over the taps.</param>
    /// <param name="bias">Whether a bias is added.</param>
    public PixelAdaptiveConvTranspose2d(
        int inChannels, int outChannels, int kernel, int stride = 2, int padding = -1, int outputPadding = 0, int dilation = 1, bool normalizes = false,
        bool bias = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inChannels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outChannels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(dilation, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(outputPadding);
        if (kernel < 1 || kernel % 2 == 0)
        {
            throw new ArgumentOutOfRangeException(nameof(kernel), $"The kernel has {kernel} rows; expected an odd number.");
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan(padding, dilation * (kernel - 1));
        _inChannels = inChannels;
        _outChannels = outChannels;
        _kernel = kernel;
        _stride = stride;
        _padding = padding < 0 ? dilation * (kernel - 1) / 2 : padding;
        _outputPadding = outputPadding;
        _dilation = dilation;
        _normalizes = normalizes;
        Weight = AddParameter("weight", new Shape(inChannels, outChannels, kernel, kernel));
        Bias = bias ? AddParameter("bias", new Shape(outChannels), decays: false) : null;
    }

    /// <summary>[in, out, kernel, kernel], as of a transposed convolution.</summary>
    public Parameter Weight { get; }

    /// <summary>[out]; null without bias.</summary>
    public Parameter? Bias { get; }

    /// <summary>Runs the convolution.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, in].</param>
    /// <param name="guide">f, [N, output height, output width, any].</param>
    /// <exception cref="ArgumentException">The input's channels or the guide's size do not fit.</exception>
    public Tensor Forward(Context context, Tensor input, Tensor guide)
    {
        ArgumentNullException.ThrowIfNull(context);
        Shape shape = input.Shape;
        if (shape.Rank != 4 || shape[3] != _inChannels || shape[1] < 1 || shape[2] < 1)
        {
            throw new ArgumentException($"The input has shape {shape}; expected [N, height, width, {_inChannels}].", nameof(input));
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        int height = ((shape[1] - 1) * _stride) + 1;
        int width = ((shape[2] - 1) * _stride) + 1;
        int before = (_dilation * (_kernel - 1)) - _padding;
        ConvolutionGeometry maps = new(
            _inChannels, _outChannels, _kernel, _kernel, height, width, 1, 1, before, before, before + _outputPadding, before + _outputPadding, _dilation, _dilation);
        if (guide.Shape.Rank != 4 || guide.Shape[1] != maps.OutHeight || guide.Shape[2] != maps.OutWidth)
        {
            throw new ArgumentException($"The guide has shape {guide.Shape}; expected [{shape[0]}, {maps.OutHeight}, {maps.OutWidth}, channels].", nameof(guide));
        }

        int border = _dilation * (_kernel - 1) / 2;
        ConvolutionGeometry window = new(
            guide.Shape[3], 1, _kernel, _kernel, maps.OutHeight, maps.OutWidth, 1, 1, border, border, border, border, _dilation, _dilation);
        Tensor kernel = context.GuideKernel(guide, in window, _normalizes);
        Tensor weight = context.Permute(context.Flip(context.Flip(Weight.Value, 2), 3), 1, 0, 2, 3);
        return scope.Keep(context.DeformConv2d(Spread(context, input, height, width), default, kernel, weight, Bias?.Value ?? default, new DeformGeometry(in maps)));
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        int fanIn = _inChannels * _kernel * _kernel;
        Initializers.UniformFanIn(Weight, random, fanIn);
        if (Bias is not null)
        {
            Initializers.UniformFanIn(Bias, random, fanIn, stream: 1);
        }
    }

    // Each pixel followed by stride − 1 zeros down and right, those behind the last pixel left out.
    private Tensor Spread(Context context, Tensor input, int height, int width)
    {
        if (_stride == 1)
        {
            return input;
        }

        Shape shape = input.Shape;
        ReadOnlySpan<int> none = [0, 0, 0, 0, 0, 0];
        Tensor apart = context.Pad(input.Reshape(new Shape(shape[0], shape[1], 1, shape[2], 1, shape[3])), none, [0, 0, _stride - 1, 0, _stride - 1, 0]);
        return context.Crop(apart.Reshape(new Shape(shape[0], shape[1] * _stride, shape[2] * _stride, shape[3])), 0, 0, height, width);
    }
}
