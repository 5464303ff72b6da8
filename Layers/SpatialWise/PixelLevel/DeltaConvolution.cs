using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.PixelLevel;

/// <summary>A convolution with what follows it: computed again where its window holds a changed pixel, or where the summand changed.</summary>
internal sealed class DeltaConvolution(ConvBlock block, ChangedPixelsMap input, ChangedPixelsMap? residual = null) : DeltaStep
{
    private readonly ConvolutionGeometry _geometry = block.Convolution.GeometryOf(input.Values.Shape);
    private int _computedCount;

    /// <inheritdoc/>
    public override ChangedPixelsMap Output { get; } = new(block.OutputShape(input.Values.Shape));

    /// <inheritdoc/>
    public override int ComputedCount => _computedCount;

    /// <inheritdoc/>
    public override void Run(Context context, float threshold)
    {
        Selection pixels = threshold == 0
            ? context.ReachOutputs(input.Changed, in _geometry)
            : context.Workspace.ReachPixels(
                input.Changed, _geometry.InHeight, _geometry.InWidth, _geometry.OutHeight, _geometry.OutWidth, _geometry.KernelHeight, _geometry.StrideHeight,
                _geometry.PadTop, _geometry.DilationHeight);
        pixels = residual is null ? pixels : context.Workspace.Union(pixels, residual.Changed);
        _computedCount = pixels.IsAll ? Output.Values.Shape.RowCount : pixels.Count;
        if (context.Ledger is not null)
        {
            context.Record(new DecisionRecord
            {
                Layer = block.Number,
                Kind = DecisionKind.Pixels,
                Rows = pixels.Rows,
                Selected = pixels,
                UnitMacs = _geometry.MacsPerPixel,
                MapHeight = _geometry.OutHeight,
                MapWidth = _geometry.OutWidth,
            });
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        Conv2dSelection selection = new() { Pixels = pixels, CompactPixels = true, KeepsArithmetic = threshold == 0 };
        Tensor summand = residual is null ? default : pixels.IsAll ? residual.Values : context.GatherPixels(residual.Values, pixels);
        FusedSteps steps = block.Steps(summand);
        int outer = context.Meter?.Layer ?? 0;
        if (context.Meter is { } meter)
        {
            meter.Layer = block.Number;
        }

        Tensor computed = context.Conv2dFused(input.Values, block.Convolution.Packed!, in _geometry, in steps, in selection);
        if (context.Meter is { } after)
        {
            after.Layer = outer;
        }

        Output.Take(context, computed, pixels, threshold);
        scope.Keep(Output.Changed);
    }

    /// <inheritdoc/>
    public override void Reset() => Output.Reset();
}
