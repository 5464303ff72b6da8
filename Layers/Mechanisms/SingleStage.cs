using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Mechanisms;

/// <summary>A plain layer as a network of one stage, so that static networks train and run as dynamic ones do.</summary>
public sealed class SingleStage : StagedNetwork
{
    private readonly Layer _layer;

    /// <summary>Wraps a layer; its parameters stand under "network".</summary>
    /// <param name="sampleShape">The shape of one sample, without batch.</param>
    /// <param name="layer">Gives logits [N, classes].</param>
    /// <exception cref="ArgumentException">The layer's output for that shape is no matrix of logits.</exception>
    public SingleStage(Shape sampleShape, Layer layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        SampleShape = sampleShape;
        _layer = Add("network", layer);
        Shape logits = layer.OutputShape(BatchShape(1));
        if (logits.Rank != 2)
        {
            throw new ArgumentException($"The layer gives shape {logits}; expected [1, classes].", nameof(layer));
        }

        ClassCount = logits[1];
        AssignNumbers();
    }

    /// <summary>The layer as a network that takes its input piece by piece; null: it cannot.</summary>
    internal IStepwise? Stepwise => _layer as IStepwise;

    /// <summary>The layer.</summary>
    internal Layer Layer => _layer;

    /// <inheritdoc/>
    public override int StageCount => 1;

    /// <inheritdoc/>
    public override int ClassCount { get; }

    /// <inheritdoc/>
    public override Shape SampleShape { get; }

    /// <inheritdoc/>
    public override long StageMacs(int stage) => _layer.CountMacs(BatchShape(1));

    /// <inheritdoc/>
    public override StageState CreateState() => new(1);

    /// <inheritdoc/>
    protected override void OnStart(Context context, Tensor input, StageState state) => state.Set(context, 0, input);

    /// <inheritdoc/>
    protected override Tensor OnAdvance(Context context, StageState state, int stage)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(_layer.Forward(context, state[0]));
    }
}
