using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.LocalFilters;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicParameters;

/// <summary>
/// Pixel-adaptive pooling, y_i = Σ over taps j of K(f_i, f_j) · x_j with K = exp(−½ |f_i − f_j|²) of a guide f, normalised over the taps inside the map or not
/// (Su et al., "Pixel-Adaptive Convolutional Neural Networks", CVPR 2019, section 3.2). Without a guide the input guides itself: a bilateral filter.
/// [N, H, W, C] to [N, H′, W′, C].
/// </summary>
public sealed class PixelAdaptivePool2d : Layer
{
    private readonly int _kernel;
    private readonly int _stride;
    private readonly int _padding;
    private readonly int _dilation;
    private readonly bool _normalizes;

    /// <summary>Makes a pooling.</summary>
    /// <param name="kernel">Rows and columns of the window.</param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    /// <param name="padding">Pixels around the input; −1: as many as keep the size at stride 1.</param>
    /// <param name="dilation">Pixels of the input between two taps.</param>
    /// <param name="normalizes">Whether K is divided by its sum over the taps.</param>
    public PixelAdaptivePool2d(int kernel, int stride = 1, int padding = -1, int dilation = 1, bool normalizes = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(kernel, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(dilation, 1);
        _kernel = kernel;
        _stride = stride;
        _padding = padding < 0 ? dilation * (kernel - 1) / 2 : padding;
        _dilation = dilation;
        _normalizes = normalizes;
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        ConvolutionGeometry maps = GeometryOf(input, 1);
        return new Shape(input[0], maps.OutHeight, maps.OutWidth, input[3]);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        ConvolutionGeometry maps = GeometryOf(input, 1);
        return 2L * input[0] * maps.OutPixels * maps.Taps * input[3];
    }

    /// <summary>Pools with a guide that is given.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, C].</param>
    /// <param name="guide">f, [N, H, W, any].</param>
    public Tensor Forward(Context context, Tensor input, Tensor guide)
    {
        ArgumentNullException.ThrowIfNull(context);
        using WorkspaceScope scope = context.Workspace.Enter();
        ConvolutionGeometry window = GeometryOf(guide.Shape, 1);
        ConvolutionGeometry maps = GeometryOf(input.Shape, input.Shape.Rank == 4 ? input.Shape[3] : 1);
        Tensor kernel = context.GuideKernel(guide, in window, _normalizes);
        return scope.Keep(context.LocalFilter(input, kernel, new LocalFilterGeometry(in maps)));
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input) => Forward(context, input, input);

    private ConvolutionGeometry GeometryOf(Shape input, int outChannels)
    {
        if (input.Rank != 4)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, height, width, channels].", nameof(input));
        }

        return new ConvolutionGeometry(
            input[3], outChannels, _kernel, _kernel, input[1], input[2], _stride, _stride, _padding, _padding, _padding, _padding, _dilation, _dilation);
    }
}
