using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.LocalFilters;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicParameters;

/// <summary>
/// Involution, y(p) = Σ over a k × k window of H(p) · x, with the kernel H(p) = span(relu(reduce(x(p)))) of each pixel shared by the channels of a group: the inverse
/// of a convolution, which shares kernels over pixels and not over channels (Li et al., "Involution: Inverting the Inherence of Convolution for Visual
/// Recognition", CVPR 2021, section 3). [N, H, W, C] to [N, ⌈H / stride⌉, ⌈W / stride⌉, C].
/// </summary>
/// <remarks>
/// With a stride above 1 the kernels are made from averages over stride × stride pixels, as in the authors' code; where the stride does not divide the map,
/// the last averages are over fewer pixels. The normalisation that the code has between the two 1 × 1 convolutions is an option.
/// </remarks>
public sealed class Involution : Layer
{
    private readonly int _channels;
    private readonly int _kernel;
    private readonly int _groups;
    private readonly int _stride;
    private readonly Layer _reduce;
    private readonly bool _normalizes;
    private readonly Conv2d _span;

    /// <summary>Makes a layer.</summary>
    /// <param name="channels">Channels of input and output.</param>
    /// <param name="kernel">Rows and columns of the window; odd.</param>
    /// <param name="groups">Groups of channels that have kernels of their own; the paper takes 16 channels a group.</param>
    /// <param name="reduction">How many times fewer channels the kernels are made from.</param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    /// <param name="normalizes">Whether the reduced features are normalised over the batch.</param>
    public Involution(int channels, int kernel = 7, int groups = 1, int reduction = 4, int stride = 1, bool normalizes = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(reduction, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        if (kernel < 1 || kernel % 2 == 0)
        {
            throw new ArgumentOutOfRangeException(nameof(kernel), $"The window has {kernel} rows; expected an odd number.");
        }

        _channels = channels;
        _kernel = kernel;
        _groups = groups;
        _stride = stride;
        _normalizes = normalizes;
        int reduced = Math.Max(1, channels / reduction);
        _reduce = Add<Layer>("reduce", normalizes ? new ConvBlock(channels, reduced, 1) : new Conv2d(channels, reduced, 1));
        _span = Add("span", new Conv2d(reduced, kernel * kernel * groups, 1));
        _ = GeometryOf(new Shape(1, 1, 1, channels));
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        LocalFilterGeometry geometry = GeometryOf(input);
        return new Shape(input[0], geometry.OutHeight, geometry.OutWidth, _channels);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        Shape pooled = OutputShape(input);
        return (input[0] * GeometryOf(input).MacsPerSample) + _reduce.CountMacs(pooled) + _span.CountMacs(_reduce.OutputShape(pooled));
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor pooled = _stride == 1 ? input : context.AveragePool2d(input, _stride, _stride, ceiling: true);
        Tensor reduced = _reduce.Forward(context, pooled);
        Tensor kernels = _span.Forward(context, _normalizes ? reduced : context.Relu(reduced));
        return scope.Keep(context.LocalFilter(input, kernels, GeometryOf(input.Shape)));
    }

    private LocalFilterGeometry GeometryOf(Shape input)
    {
        if (input.Rank != 4 || input[3] != _channels)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, height, width, {_channels}].", nameof(input));
        }

        int border = (_kernel - 1) / 2;
        ConvolutionGeometry maps = new(
            _channels, _channels, _kernel, _kernel, input[1], input[2], _stride, _stride, border, border, border, border, groups: _groups);
        return new LocalFilterGeometry(in maps);
    }
}
