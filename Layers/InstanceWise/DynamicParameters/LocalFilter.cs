using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.LocalFilters;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicParameters;

/// <summary>
/// Dynamic local filtering, y(i, j) = Σ over a k × k window of F(i, j) · x: a network predicts a filter for every pixel (De Brabandere et al., "Dynamic Filter
/// Networks", NIPS 2016, section 3.2). One filter for all channels or one each, as predicted or with a softmax over the taps. [N, H, W, C] to [N, H, W, C]. Taps
/// outside the map count as zero.
/// </summary>
public sealed class LocalFilter : Layer
{
    private readonly Layer _filters;
    private readonly int _kernel;
    private readonly int _dilation;
    private readonly bool _perChannel;
    private readonly bool _softmax;

    /// <summary>Makes a layer.</summary>
    /// <param name="filters">Predicts the filters from the layer's input: to [N, H, W, taps], or [N, H, W, channels · taps] (a channel's taps side by side).</param>
    /// <param name="kernel">Rows and columns of the window; odd.</param>
    /// <param name="perChannel">Whether each channel has a filter of its own.</param>
    /// <param name="softmax">Whether a softmax over the taps makes the filters positive and their sum 1.</param>
    /// <param name="dilation">Pixels between two taps.</param>
    public LocalFilter(Layer filters, int kernel, bool perChannel = false, bool softmax = false, int dilation = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dilation, 1);
        if (kernel < 1 || kernel % 2 == 0)
        {
            throw new ArgumentOutOfRangeException(nameof(kernel), $"The window has {kernel} rows; expected an odd number.");
        }

        _filters = Add("filters", filters);
        _kernel = kernel;
        _dilation = dilation;
        _perChannel = perChannel;
        _softmax = softmax;
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        _ = GeometryOf(input);
        return input;
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => (input[0] * GeometryOf(input).MacsPerSample) + _filters.CountMacs(input);

    /// <summary>Filters with filters that are given.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, C].</param>
    /// <param name="filters">[N, H, W, taps] or [N, H, W, C · taps], before the softmax.</param>
    public Tensor Forward(Context context, Tensor input, Tensor filters)
    {
        ArgumentNullException.ThrowIfNull(context);
        using WorkspaceScope scope = context.Workspace.Enter();
        LocalFilterGeometry geometry = GeometryOf(input.Shape);
        if (_softmax)
        {
            Shape shape = filters.Shape;
            int taps = geometry.Maps.Taps;
            if (shape.Rank != 4 || shape[3] != geometry.FilterLength)
            {
                throw new ArgumentException($"The filters have shape {shape}; expected [N, height, width, {geometry.FilterLength}].", nameof(filters));
            }

            filters = context.Softmax(filters.Reshape(new Shape(shape[0], shape[1], shape[2], shape[3] / taps, taps))).Reshape(shape);
        }

        return scope.Keep(context.LocalFilter(input, filters, in geometry));
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(Forward(context, input, _filters.Forward(context, input)));
    }

    private LocalFilterGeometry GeometryOf(Shape input)
    {
        if (input.Rank != 4)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, height, width, channels].", nameof(input));
        }

        int border = _dilation * (_kernel - 1) / 2;
        ConvolutionGeometry maps = new(
            input[3], input[3], _kernel, _kernel, input[1], input[2], 1, 1, border, border, border, border, _dilation, _dilation, _perChannel ? input[3] : 1);
        return new LocalFilterGeometry(in maps);
    }
}
