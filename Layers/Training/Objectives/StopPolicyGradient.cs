using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>
/// Trains a policy that draws after each answer but the last whether to stop (Hartvigsen et al., "Adaptive-halting policy network for early classification", KDD
/// 2019, section 3): L = L₀ − λ·mean_n Σ_{k ≤ τ} (R_n − b_k)·log π(a_{n,k}), with τ the exit where sample n stopped, R = ±1 for a right or wrong answer there less
/// κ·(τ + 1) / K for what was read, and b_k the mean return of the samples that came to exit k.
/// </summary>
/// <remarks>
/// The paper asks for early stops by a term −Σ log π(stop), here they are part of the reward; it trains only the answer at the stop and a learned baseline, here
/// L₀ trains all answers, so that other thresholds than the policy's own serve too.
/// </remarks>
public sealed class StopPolicyGradient : AddedObjective
{
    private readonly float _weight;
    private readonly float _cost;

    /// <summary>Makes the objective.</summary>
    /// <param name="inner">L₀.</param>
    /// <param name="cost">κ, what reading everything costs, at least 0.</param>
    /// <param name="weight">λ, at least 0.</param>
    public StopPolicyGradient(Objective inner, float cost = 0.5f, float weight = 1)
        : base(inner)
    {
        ObjectiveCheck.Weight(weight, nameof(weight));
        ObjectiveCheck.Weight(cost, nameof(cost));
        _weight = weight;
        _cost = cost;
    }

    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"stop policy gradient({Inner.Description}, cost={_cost:R}, weight={_weight:R})");

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Policies did not draw once for each exit but the last.</exception>
    public override Tensor Compute(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels, Span<float> exitLosses)
    {
        ArgumentNullException.ThrowIfNull(context);
        Tensor loss = Inner.Compute(context, logits, labels, exitLosses);
        List<DecisionRecord> stops = [];
        foreach (DecisionRecord record in context.Ledger is { } ledger ? ledger.Records : [])
        {
            if (record.Kind == DecisionKind.Exits && record.LogProbabilities.Exists)
            {
                stops.Add(record);
            }
        }

        if (stops.Count == 0)
        {
            return loss;
        }

        if (stops.Count != logits.Length - 1)
        {
            throw new InvalidOperationException($"Policies drew {stops.Count} times at {logits.Length} exits; expected once at each but the last.");
        }

        int samples = labels.Length;
        int[] ends = new int[samples];
        float[] returns = new float[samples];
        for (int n = 0; n < samples; n++)
        {
            int end = 0;
            while (end < stops.Count && stops[end].Scores.Span[n] < 0.5f)
            {
                end++;
            }

            int classes = logits[end].Shape[1];
            bool isRight = Outcomes.IsRight(logits[end].Span.Slice(n * classes, classes), labels[n]);
            ends[n] = end;
            returns[n] = (isRight ? 1 : -1) - (_cost * (end + 1) / logits.Length);
        }

        List<Tensor> losses = [loss];
        List<float> factors = [1];
        for (int exit = 0; exit < stops.Count; exit++)
        {
            Tensor advantage = Advantage(context, ends, returns, exit);
            losses.Add(context.Sum(context.Multiply(stops[exit].LogProbabilities.Reshape(advantage.Shape), advantage)));
            factors.Add(-_weight / samples);
        }

        return WeightedSum.Compute(context, losses.ToArray(), factors.ToArray());
    }

    // 0 for samples that had stopped before.
    private static Tensor Advantage(Context context, int[] ends, float[] returns, int exit)
    {
        double sum = 0;
        int count = 0;
        for (int n = 0; n < ends.Length; n++)
        {
            sum += ends[n] >= exit ? returns[n] : 0;
            count += ends[n] >= exit ? 1 : 0;
        }

        float mean = (float)(sum / Math.Max(1, count));
        Tensor advantage = context.Workspace.RentZeros(new Shape(ends.Length));
        for (int n = 0; n < ends.Length; n++)
        {
            advantage.Span[n] = ends[n] >= exit ? returns[n] - mean : 0;
        }

        return advantage;
    }
}
