using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.LocalFilters;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicParameters;

/// <summary>
/// Depthwise convolution whose kernel is read from a larger one, y_c(p) = Σ over taps k of x_c(p + k) · W_c(k + Δk), W read bilinearly and held within its
/// scope (Gao et al., "Deformable Kernels", ICLR 2020, section 3): it is the kernel that is deformed, not the image. [N, H, W, C] to [N, H′, W′, C].
/// </summary>
/// <remarks>
/// Global: one Δk a sample, from a linear layer of the averaged features. Local: Δk at every pixel, from a convolution of the size of this one. Both start
/// at zero, with the taps in the middle of the scope. Names and coordinate order (tap, then y, x) are those of the authors' code, whose local form is
/// depthwise too; its global form with dense kernels, its rotation groups, and both deformations at once are left out.
/// </remarks>
public sealed class DeformableKernelConv2d : Layer
{
    private readonly ConvolutionGeometry _unit;
    private readonly int _scope;
    private readonly float _toGrid;
    private readonly Tensor _base;
    private readonly Conv2d? _local;
    private readonly Linear? _global;

    /// <summary>Makes a convolution.</summary>
    /// <param name="channels">Channels of input and output.</param>
    /// <param name="kernel">Rows and columns of the kernel that is used.</param>
    /// <param name="scope">Rows and columns of the kernel that is learnt, at least as many.</param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    /// <param name="padding">Zeros around the input; −1: as many as keep the size at stride 1.</param>
    /// <param name="dilation">Pixels of the input between two taps.</param>
    /// <param name="isLocal">Whether the kernel differs from pixel to pixel; otherwise from sample to sample.</param>
    public DeformableKernelConv2d(int channels, int kernel, int scope, int stride = 1, int padding = -1, int dilation = 1, bool isLocal = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(scope, kernel);
        int border = padding < 0 ? dilation * (kernel - 1) / 2 : padding;
        int span = Math.Max(1, (dilation * (kernel - 1)) + 1);
        _unit = new ConvolutionGeometry(
            channels, channels, kernel, kernel, span, span, stride, stride, border, border, border, border, dilation, dilation, channels);
        _scope = scope;
        IsLocal = isLocal;
        int coordinates = 2 * _unit.Taps;
        if (isLocal)
        {
            _local = Add("rotation_conv", new Conv2d(channels, coordinates, kernel, stride, border, dilation) { StartsAtZero = true });
        }
        else
        {
            _global = Add("fc", new Linear(channels, coordinates) { StartsAtZero = true });
        }

        Weight = AddParameter("weight", new Shape(channels, 1, scope, scope));

        // A grid runs from −1 to 1 over the scope, from the first centre to the last.
        _toGrid = scope > 1 ? 2f / (scope - 1) : 0;
        _base = Tensor.Zeros(new Shape(coordinates));
        for (int i = 0; i < coordinates; i++)
        {
            int tap = i / 2;
            float place = ((scope - kernel) / 2f) + (i % 2 == 0 ? tap / kernel : tap % kernel);
            _base.Span[i] = scope > 1 ? (place * _toGrid) - 1f : 0;
        }
    }

    /// <summary>[channels, 1, scope, scope].</summary>
    public Parameter Weight { get; }

    /// <summary>Whether the kernel differs from pixel to pixel; otherwise from sample to sample.</summary>
    public bool IsLocal { get; }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        ConvolutionGeometry maps = GeometryOf(input);
        return new Shape(input[0], maps.OutHeight, maps.OutWidth, maps.OutChannels);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input) =>
        (input[0] * GeometryOf(input).MacsPerSample) + (_local?.CountMacs(input) ?? _global!.CountMacs(new Shape(input[0], input[3])));

    /// <summary>Runs the convolution with moves of the taps that are given.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, channels].</param>
    /// <param name="moves">Δk, (y, x) for each tap, in rows and columns of the scope: [N, H′, W′, taps · 2] if local, else [N, taps · 2].</param>
    public Tensor Forward(Context context, Tensor input, Tensor moves)
    {
        ArgumentNullException.ThrowIfNull(context);
        using WorkspaceScope scope = context.Workspace.Enter();
        ConvolutionGeometry maps = GeometryOf(input.Shape);
        int batch = input.Shape[0];
        int channels = maps.InChannels;
        Tensor places = context.Add(context.Scale(moves, _toGrid), _base);

        // The grid's x, which comes first, is the scope's row: the kernel is read with rows and columns exchanged, channels last.
        Tensor grid = IsLocal
            ? places.Reshape(new Shape(1, batch * maps.OutHeight, maps.OutWidth * maps.Taps, 2))
            : places.Reshape(new Shape(1, batch, maps.Taps, 2));
        Tensor image = context.Permute(Weight.Value, 1, 3, 2, 0);
        Tensor filters = context.GridSample(image, grid, ResizeMode.Bilinear, GridPadding.Border, alignCorners: true);
        LocalFilterGeometry geometry = new(in maps, 1, FilterLayout.TapsFirst, isShared: !IsLocal);
        Shape shape = IsLocal
            ? new Shape(batch, maps.OutHeight, maps.OutWidth, maps.Taps * channels)
            : new Shape(batch, maps.Taps * channels);
        return scope.Keep(context.LocalFilter(input, filters.Reshape(shape), in geometry));
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random) => Initializers.Normal(Weight, random, MathF.Sqrt(2f / _unit.Taps));

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor moves = _local is not null ? _local.Forward(context, input) : _global!.Forward(context, context.GlobalAveragePool(input));
        return scope.Keep(Forward(context, input, moves));
    }

    private ConvolutionGeometry GeometryOf(Shape input)
    {
        if (input.Rank != 4 || input[3] != _unit.InChannels)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, height, width, {_unit.InChannels}].", nameof(input));
        }

        return new ConvolutionGeometry(
            _unit.InChannels, _unit.OutChannels, _unit.KernelHeight, _unit.KernelWidth, input[1], input[2], _unit.StrideHeight, _unit.StrideWidth, _unit.PadTop,
            _unit.PadLeft, _unit.PadBottom, _unit.PadRight, _unit.DilationHeight, _unit.DilationWidth, _unit.Groups);
    }
}
