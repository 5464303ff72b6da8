using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Decisions.Relaxations;

/// <summary>
/// Draws one of k actions with probability softmax(l) (the largest of l plus Gumbel noise) and gives log π(a), one for each decision, for policy
/// gradients. No gradient flows through the action itself. At the end of training the action may be the likely one, as at inference, without log π(a).
/// </summary>
/// <param name="drawsUntil">The share of training after which actions are no longer drawn.</param>
public sealed class CategoricalActionRelaxation(float drawsUntil = 1) : ChoiceRelaxation
{
    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"categorical(draws until {drawsUntil:R})");

    /// <inheritdoc/>
    public override RelaxedChoice Relax(Context context, Tensor logits, RandomStream noise)
    {
        ArgumentNullException.ThrowIfNull(context);
        bool draws = drawsUntil >= 1 || context.Progress < drawsUntil;
        Tensor actions = draws ? context.RentGumbel(logits.Shape, noise) : context.Workspace.RentZeros(logits.Shape);
        int length = logits.Shape[-1];
        ReadOnlySpan<float> scores = logits.Span;
        for (int start = 0; start < actions.Count; start += length)
        {
            Span<float> row = actions.Span.Slice(start, length);
            int best = 0;
            for (int i = 0; i < length; i++)
            {
                row[i] += scores[start + i];
                best = row[i] > row[best] ? i : best;
            }

            row.Clear();
            row[best] = 1;
        }

        return draws ? new RelaxedChoice(actions, context.Sum(context.Multiply(context.LogSoftmax(logits), actions), -1)) : new RelaxedChoice(actions);
    }
}
