using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.PixelLevel;

/// <summary>A layer that is cheap or sees the whole map: it runs whole, and what it changes is found afterwards.</summary>
internal sealed class DeltaWhole(Layer layer, ChangedPixelsMap input) : DeltaStep
{
    /// <inheritdoc/>
    public override ChangedPixelsMap Output { get; } = new(layer.OutputShape(input.Values.Shape));

    /// <inheritdoc/>
    public override int ComputedCount => Output.Values.Shape.RowCount;

    /// <inheritdoc/>
    public override void Run(Context context, float threshold)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Output.Take(context, layer.Forward(context, input.Values), threshold);
        scope.Keep(Output.Changed);
    }

    /// <inheritdoc/>
    public override void Reset() => Output.Reset();
}
