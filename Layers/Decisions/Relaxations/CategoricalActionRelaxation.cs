using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Decisions.Relaxations;

/// <summary>
/// Draws one of k actions with probability softmax(l) (the largest of l plus Gumbel noise) and gives log π(a), one for each decision, for policy
/// gradients. No gradient flows through the action itself.
/// </summary>
public sealed class CategoricalActionRelaxation : ChoiceRelaxation
{
    /// <inheritdoc/>
    public override string Description => "categorical";

    /// <inheritdoc/>
    public override RelaxedChoice Relax(Context context, Tensor logits, RandomStream noise)
    {
        ArgumentNullException.ThrowIfNull(context);
        Tensor actions = context.RentGumbel(logits.Shape, noise);
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

        return new RelaxedChoice(actions, context.Sum(context.Multiply(context.LogSoftmax(logits), actions), -1));
    }
}
