using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.SpatialWise.PixelLevel;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// Basic residual block of convolutions whose work depends on the pixel: y = relu(norm(op₂(relu(norm(op₁(x))))) + shortcut(x)); low-cost convolutions have their
/// normalisation within, y = relu(op₂(op₁(x)) + shortcut(x)).
/// </summary>
/// <remarks>The factors of low-cost convolutions are cut off at 1. Interpolation keeps the size, so in a block with a stride the first convolution is a plain one.</remarks>
internal sealed class PixelBlock : Layer
{
    private readonly Layer _first;
    private readonly BatchNorm2d? _firstNorm;
    private readonly Layer _second;
    private readonly BatchNorm2d? _secondNorm;
    private readonly ConvBlock? _shortcut;

    public PixelBlock(int inChannels, int outChannels, int stride, PixelResNetOptions options)
    {
        PixelOperation operation = options.Operation;
        bool isPlain = operation == PixelOperation.Interpolated && stride > 1;
        bool normalizesWithin = operation == PixelOperation.LowCost;
        _first = Add("first", isPlain ? new ConvBlock(inChannels, outChannels, 3, stride) : Make(options, inChannels, outChannels, stride));
        _firstNorm = isPlain || normalizesWithin ? null : Add("first_norm", new BatchNorm2d(outChannels));
        _second = Add("second", normalizesWithin
            ? new LowCostConvolution(outChannels, outChannels, rectifies: false, mostFactor: 1)
            : Make(options, outChannels, outChannels, 1));
        _secondNorm = normalizesWithin ? null : Add("second_norm", new BatchNorm2d(outChannels));
        _shortcut = stride == 1 && inChannels == outChannels
            ? null
            : Add("shortcut", new ConvBlock(inChannels, outChannels, 1, stride, activation: Activation.None));
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => _second.OutputShape(_first.OutputShape(input));

    /// <inheritdoc/>
    /// <remarks>Of all pixels, and what saying which of them are needed, and filling in the others, costs.</remarks>
    public override long CountMacs(Shape input)
    {
        Shape middle = _first.OutputShape(input);
        return CountMacs(_first, input) + CountMacs(_second, middle) + (_shortcut?.CountMacs(input) ?? 0);
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor shortcut = _shortcut is null ? input : _shortcut.Forward(context, input);
        Tensor middle = _first.Forward(context, input);
        middle = _firstNorm is null ? middle : _firstNorm.Forward(context, middle, Activation.Relu);
        Tensor branch = _second.Forward(context, middle);
        branch = _secondNorm is null ? branch : _secondNorm.Forward(context, branch);
        return scope.Keep(context.Relu(context.Add(branch, shortcut)));
    }

    private static long CountMacs(Layer layer, Shape input) => layer.CountMacs(input) + layer switch
    {
        LowCostConvolution cheap => cheap.CountPredictionMacs(input),
        InterpolatedConvolution sampled => sampled.CountSamplingMacs(input),
        _ => 0,
    };

    private static Layer Make(PixelResNetOptions options, int inChannels, int outChannels, int stride) => options.Operation switch
    {
        PixelOperation.LowCost => new LowCostConvolution(inChannels, outChannels, 3, stride, mostFactor: 1),
        PixelOperation.Interpolated => new InterpolatedConvolution(inChannels, outChannels, new MaskUnit(inChannels, 1, options.Granularity, denseShare: options.DenseShare), 3, options.Grid),
        PixelOperation.AdaptivelyConnected => new AdaptivelyConnectedConvolution(inChannels, outChannels, stride),
        _ => throw new ArgumentException($"The operation is {options.Operation}; expected a named one.", nameof(options)),
    };
}
