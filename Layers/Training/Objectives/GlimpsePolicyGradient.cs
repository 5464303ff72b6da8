using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>
/// Trains where a network looks: L = L₀ − λ·mean_n Σ_t (G_{n,t} − b_t)·log π(a_{n,t}), where decision t comes between the answers t and t + 1, and is worth what
/// the label's probability gains from then on, G_t = Σ_{k ≥ t} γ^{k−t}·(p_{k+1}(y) − p_k(y)) (Wang et al., "Glance and focus", NeurIPS 2020, equation 4).
/// </summary>
/// <remarks>
/// REINFORCE with the batch's mean as baseline b, in place of the paper's PPO with a learned critic. A network that answers only at the end, after T decisions,
/// gets the label's probability as the return of all of them, as in Mnih et al., "Recurrent models of visual attention", NIPS 2014, section 3.1.
/// </remarks>
public sealed class GlimpsePolicyGradient : AddedObjective
{
    private readonly float _weight;
    private readonly float _discount;

    /// <summary>Makes the objective.</summary>
    /// <param name="inner">L₀.</param>
    /// <param name="weight">λ, at least 0.</param>
    /// <param name="discount">γ, from 0 to 1.</param>
    public GlimpsePolicyGradient(Objective inner, float weight = 1, float discount = 0.7f)
        : base(inner)
    {
        ObjectiveCheck.Weight(weight, nameof(weight));
        ObjectiveCheck.Share(discount, nameof(discount));
        _weight = weight;
        _discount = discount;
    }

    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"glimpse policy gradient({Inner.Description}, weight={_weight:R}, discount={_discount:R})");

    /// <inheritdoc/>
    public override Tensor Compute(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels, Span<float> exitLosses)
    {
        ArgumentNullException.ThrowIfNull(context);
        Tensor loss = Inner.Compute(context, logits, labels, exitLosses);
        List<Tensor> chances = [];
        foreach (DecisionRecord record in context.Ledger is { } ledger ? ledger.Records : [])
        {
            if (record.LogProbabilities.Exists)
            {
                chances.Add(record.LogProbabilities);
            }
        }

        if (chances.Count == 0)
        {
            return loss;
        }

        if (logits.Length > 1 && chances.Count != logits.Length - 1)
        {
            throw new InvalidOperationException($"{chances.Count} decisions tell a probability between {logits.Length} answers; expected one between each two.");
        }

        float[] returns = Returns(context, logits, labels, chances.Count);
        List<Tensor> losses = [loss];
        List<float> factors = [1];
        for (int t = 0; t < chances.Count; t++)
        {
            Tensor advantage = Advantage(context, returns.AsSpan(t * labels.Length, labels.Length));
            losses.Add(context.Sum(context.Multiply(chances[t].Reshape(advantage.Shape), advantage)));
            factors.Add(-_weight / labels.Length);
        }

        return WeightedSum.Compute(context, losses.ToArray(), factors.ToArray());
    }

    private static Tensor Advantage(Context context, ReadOnlySpan<float> returns)
    {
        double mean = 0;
        foreach (float value in returns)
        {
            mean += value / (double)returns.Length;
        }

        Tensor advantage = context.Workspace.Rent(new Shape(returns.Length));
        for (int n = 0; n < returns.Length; n++)
        {
            advantage.Span[n] = returns[n] - (float)mean;
        }

        return advantage;
    }

    // Of each decision, sample by sample. Returns are numbers: no gradient flows through them.
    private float[] Returns(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels, int decisions)
    {
        Tape? tape = context.Tape;
        context.Tape = null;
        float[] returns = new float[decisions * labels.Length];
        Tensor last = context.Softmax(logits[^1]);
        for (int t = decisions - 1; t >= 0; t--)
        {
            Tensor before = logits.Length > 1 ? context.Softmax(logits[t]) : default;
            for (int n = 0; n < labels.Length; n++)
            {
                int label = (n * last.Shape[1]) + labels[n];
                bool isLast = t == decisions - 1;
                float later = isLast ? 0 : returns[((t + 1) * labels.Length) + n];
                returns[(t * labels.Length) + n] = before.Exists
                    ? last.Span[label] - before.Span[label] + (_discount * later)
                    : isLast ? last.Span[label] : later;
            }

            last = before.Exists ? before : last;
        }

        context.Tape = tape;
        return returns;
    }
}
