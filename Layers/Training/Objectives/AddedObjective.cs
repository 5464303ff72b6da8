using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>An objective that adds something to another one, L = L₀ + …, and hands on to it what training shows.</summary>
public abstract class AddedObjective : Objective
{
    /// <summary>Takes the other one.</summary>
    /// <param name="inner">L₀.</param>
    protected AddedObjective(Objective inner)
    {
        ArgumentNullException.ThrowIfNull(inner);
        Inner = inner;
    }

    /// <inheritdoc/>
    public override bool UsesGreedyRun => Inner.UsesGreedyRun;

    /// <summary>L₀.</summary>
    protected Objective Inner { get; }

    /// <inheritdoc/>
    public override void ObserveSamples(Context context, Tensor samples, ReadOnlySpan<int> labels) => Inner.ObserveSamples(context, samples, labels);

    /// <inheritdoc/>
    public override void ObserveGreedy(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels) => Inner.ObserveGreedy(context, logits, labels);

    internal sealed override void Bind(TensorBinding tensors, string prefix) => Inner.Bind(tensors, prefix);
}
