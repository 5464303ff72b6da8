using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>What training makes small: one number from the answers of all stages of a network.</summary>
public abstract class Objective
{
    /// <summary>The objective with its settings; training is resumed only with the same.</summary>
    public abstract string Description { get; }

    /// <summary>Takes the batch before the network runs on it, for objectives that run something else on it, such as a teacher.</summary>
    /// <param name="context">The context.</param>
    /// <param name="samples">The batch, [N, …].</param>
    /// <param name="labels">The class of each sample.</param>
    public virtual void ObserveSamples(Context context, Tensor samples, ReadOnlySpan<int> labels)
    {
    }

    /// <summary>
    /// Whether the batch is to be run once more before, with the hard decisions of inference and without a tape: the baseline of self-critical policy
    /// gradients (Rennie et al., CVPR 2017).
    /// </summary>
    public virtual bool UsesGreedyRun => false;

    /// <summary>Takes the answers of the greedy run; called before <see cref="Compute"/> when <see cref="UsesGreedyRun"/>.</summary>
    /// <param name="context">The context; its meter holds the MACs of each sample, and its ledger the choices: there are no records, as what they refer to is gone.</param>
    /// <param name="logits">The answer of each stage, [N, classes].</param>
    /// <param name="labels">The class of each sample.</param>
    public virtual void ObserveGreedy(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels)
    {
    }

    /// <summary>Computes the loss of a batch.</summary>
    /// <param name="context">
    /// The context; gradients flow where its tape records. Its <see cref="Context.Ledger"/> holds what dynamic layers decided and the terms of the loss that
    /// they ask for, its <see cref="Context.Progress"/> tells how far training is.
    /// </param>
    /// <param name="logits">The answer of each stage, [N, classes].</param>
    /// <param name="labels">The class of each sample.</param>
    /// <param name="exitLosses">Takes the loss of each stage, without its weight.</param>
    /// <returns>The loss, [1].</returns>
    public abstract Tensor Compute(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels, Span<float> exitLosses);

    /// <summary>Names the tensors that the objective trains itself, so that checkpoints hold them.</summary>
    /// <param name="tensors">Takes them.</param>
    /// <param name="prefix">What their names begin with.</param>
    internal virtual void Bind(TensorBinding tensors, string prefix)
    {
    }
}
