using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>
/// Trains where a network looks and what it expects of looking on: L = L₀ + mean_n Σ_t [λ_u·(V_t − R_t)² − λ_s·(R_t − V_t)·log π(a_t)], where look t + 1 is worth
/// what it adds to the best margin so far, r_{t+1} = max(0, m_{t+1} − max_{t′ ≤ t} m_{t′}) with m = p(y) − max_{c ≠ y} p(c), and R_t = Σ_k γ^k·r_{t+1+k}
/// (Wu et al., "AdaFrame", CVPR 2019, section 3.2).
/// </summary>
/// <remarks>
/// Read from the ledger: decisions that tell the probability of a drawn action, and exits, whose scores are 1 − V; as many of each as there are answers but one. No
/// gradient flows through V as baseline, nor through R.
/// </remarks>
public sealed class GlimpseUtility : AddedObjective
{
    private readonly float _selection;
    private readonly float _utility;
    private readonly float _discount;

    /// <summary>Makes the objective.</summary>
    /// <param name="inner">L₀.</param>
    /// <param name="selection">λ_s, at least 0.</param>
    /// <param name="utility">λ_u, at least 0.</param>
    /// <param name="discount">γ, from 0 to 1.</param>
    public GlimpseUtility(Objective inner, float selection = 1, float utility = 1, float discount = 0.9f)
        : base(inner)
    {
        ObjectiveCheck.Weight(selection, nameof(selection));
        ObjectiveCheck.Weight(utility, nameof(utility));
        ObjectiveCheck.Share(discount, nameof(discount));
        _selection = selection;
        _utility = utility;
        _discount = discount;
    }

    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"glimpse utility({Inner.Description}, selection={_selection:R}, utility={_utility:R}, discount={_discount:R})");

    /// <inheritdoc/>
    public override Tensor Compute(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels, Span<float> exitLosses)
    {
        ArgumentNullException.ThrowIfNull(context);
        Tensor loss = Inner.Compute(context, logits, labels, exitLosses);
        List<Tensor> chances = [];
        List<Tensor> sureness = [];
        foreach (DecisionRecord record in context.Ledger is { } ledger ? ledger.Records : [])
        {
            if (record.Kind == DecisionKind.Exits && record.Scores.Exists)
            {
                sureness.Add(record.Scores);
            }
            else if (record.LogProbabilities.Exists)
            {
                chances.Add(record.LogProbabilities);
            }
        }

        int steps = logits.Length - 1;
        if (sureness.Count != steps || (chances.Count != 0 && chances.Count != steps))
        {
            throw new InvalidOperationException($"{sureness.Count} exits and {chances.Count} drawn decisions stand between {logits.Length} answers; expected {steps} exits, and as many decisions or none.");
        }

        float[] returns = Returns(context, logits, labels);
        List<Tensor> losses = [loss];
        List<float> factors = [1];
        for (int t = 0; t < steps; t++)
        {
            Tensor expected = context.Affine(sureness[t], -1, 1);
            Tensor target = context.Workspace.RentCopy(new Shape(labels.Length), returns.AsSpan(t * labels.Length, labels.Length));
            losses.Add(context.SumOfSquares(context.Subtract(expected, target)));
            factors.Add(_utility / labels.Length);
            if (chances.Count > 0)
            {
                losses.Add(context.Sum(context.Multiply(chances[t].Reshape(target.Shape), Advantage(context, target, expected))));
                factors.Add(-_selection / labels.Length);
            }
        }

        return WeightedSum.Compute(context, losses.ToArray(), factors.ToArray());
    }

    private static Tensor Advantage(Context context, Tensor returns, Tensor expected)
    {
        Tensor advantage = context.Workspace.RentCopy(returns.Shape, returns.Span);
        for (int n = 0; n < advantage.Count; n++)
        {
            advantage.Span[n] -= expected.Span[n];
        }

        return advantage;
    }

    // R of each answer but the last, [answers − 1, N].
    private float[] Returns(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels)
    {
        Tape? tape = context.Tape;
        context.Tape = null;
        int samples = labels.Length;
        float[] rewards = new float[(logits.Length - 1) * samples];
        float[] best = new float[samples];
        for (int t = 0; t < logits.Length; t++)
        {
            Tensor probabilities = context.Softmax(logits[t]);
            for (int n = 0; n < samples; n++)
            {
                float margin = Margin(probabilities.Rows(n, 1).Span, labels[n]);
                if (t > 0)
                {
                    rewards[((t - 1) * samples) + n] = MathF.Max(0, margin - best[n]);
                }

                best[n] = t == 0 ? margin : MathF.Max(best[n], margin);
            }
        }

        context.Tape = tape;
        for (int i = rewards.Length - samples - 1; i >= 0; i--)
        {
            rewards[i] += _discount * rewards[i + samples];
        }

        return rewards;
    }

    private static float Margin(ReadOnlySpan<float> probabilities, int label)
    {
        float other = 0;
        for (int c = 0; c < probabilities.Length; c++)
        {
            other = c == label ? other : MathF.Max(other, probabilities[c]);
        }

        return probabilities[label] - other;
    }
}
