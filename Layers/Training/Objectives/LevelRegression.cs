using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>
/// Regression for networks whose classes are K even levels of a number from −1 to 1: L = Σ over exits of (Σ_k softmax(l)_k·v_k − v_label)², mean over the batch, with
/// v_k = 2·k/(K − 1) − 1. The answer is the expected level, so that levels near the true one count as nearly right.
/// </summary>
public sealed class LevelRegression : Objective
{
    /// <inheritdoc/>
    public override string Description => "level regression";

    /// <summary>The number that logits stand for: the expected level.</summary>
    /// <param name="logits">One a level, at least 2.</param>
    public static float ValueOf(ReadOnlySpan<float> logits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(logits.Length, 2, nameof(logits));
        float most = float.NegativeInfinity;
        foreach (float logit in logits)
        {
            most = MathF.Max(most, logit);
        }

        double sum = 0;
        double weighted = 0;
        for (int k = 0; k < logits.Length; k++)
        {
            double weight = Math.Exp(logits[k] - most);
            sum += weight;
            weighted += weight * LevelOf(k, logits.Length);
        }

        return (float)(weighted / sum);
    }

    /// <summary>The number that a level stands for.</summary>
    /// <param name="level">From 0 to below the number of levels.</param>
    /// <param name="levels">At least 2.</param>
    public static float LevelOf(int level, int levels) => ((2f * level) / (levels - 1)) - 1;

    /// <inheritdoc/>
    public override Tensor Compute(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels, Span<float> exitLosses)
    {
        ArgumentNullException.ThrowIfNull(context);
        int levels = logits[0].Shape[1];
        ArgumentOutOfRangeException.ThrowIfLessThan(levels, 2, nameof(logits));
        Tensor values = context.Workspace.Rent(new Shape(levels));
        Tensor targets = context.Workspace.Rent(new Shape(labels.Length));
        for (int k = 0; k < levels; k++)
        {
            values.Span[k] = LevelOf(k, levels);
        }

        for (int n = 0; n < labels.Length; n++)
        {
            targets.Span[n] = LevelOf(labels[n], levels);
        }

        Tensor[] losses = new Tensor[logits.Length];
        float[] factors = new float[logits.Length];
        for (int exit = 0; exit < logits.Length; exit++)
        {
            Tensor expected = context.Sum(context.Multiply(context.Softmax(logits[exit]), values), 1);
            losses[exit] = context.MeanSquaredError(expected, targets);
            factors[exit] = 1;
            exitLosses[exit] = losses[exit].Span[0];
        }

        return losses.Length == 1 ? losses[0] : WeightedSum.Compute(context, losses, factors);
    }
}
