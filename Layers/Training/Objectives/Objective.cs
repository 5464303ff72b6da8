using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>What training makes small: one number from the answers of all stages of a network.</summary>
public abstract class Objective
{
    /// <summary>The objective with its settings; training is resumed only with the same.</summary>
    public abstract string Description { get; }

    /// <summary>Computes the loss of a batch.</summary>
    /// <param name="context">The context; gradients flow where its tape records.</param>
    /// <param name="logits">The answer of each stage, [N, classes].</param>
    /// <param name="labels">The class of each sample.</param>
    /// <param name="exitLosses">Takes the loss of each stage, without its weight.</param>
    /// <returns>The loss, [1].</returns>
    public abstract Tensor Compute(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels, Span<float> exitLosses);
}
