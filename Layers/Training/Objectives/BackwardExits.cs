using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>
/// Trains the gates of exits from the last one backwards (Bolukbasi et al., "Adaptive Neural Networks for Efficient Inference", ICML 2017, section 3): at exit k an
/// input may leave, for the loss ℓ_k of the answer there, or go on, for g_k = κ·c_{k+1} + v_{k+1}, with v what comes of it where the gates behind decide: v_K = ℓ_K,
/// v_k = ℓ_k where gate k leaves and g_k where it goes on. A gate is a classifier of [ℓ_k ≤ g_k], in which what a mistake costs is its weight:
/// L = L₀ + λ·Σ_k mean_n |ℓ_k − g_k|·BCE(gate, [ℓ_k ≤ g_k]).
/// </summary>
/// <remarks>
/// Costs c are those of the stages behind exits, as shares of all that leaving can save. Deviation: the paper trains one gate after the other, on networks that are
/// trained; here all learn at once, and what a gate learns from settles from the last one forward, as nothing flows from a gate into what is before it.
/// </remarks>
public sealed class BackwardExits : AddedObjective
{
    // Keeps logarithms finite where a gate is sure.
    private const float LeastProbability = 1e-6f;

    private readonly float _cost;
    private readonly float _weight;

    /// <summary>Makes the objective.</summary>
    /// <param name="inner">L₀.</param>
    /// <param name="cost">κ, the loss that running everything behind the first exit is worth, at least 0.</param>
    /// <param name="weight">λ, at least 0.</param>
    public BackwardExits(Objective inner, float cost = 0.1f, float weight = 1)
        : base(inner)
    {
        ObjectiveCheck.Weight(cost, nameof(cost));
        ObjectiveCheck.Weight(weight, nameof(weight));
        _cost = cost;
        _weight = weight;
    }

    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"backward exits({Inner.Description}, cost={_cost:R}, weight={_weight:R})");

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">There is not one gate for each exit but the last.</exception>
    public override Tensor Compute(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels, Span<float> exitLosses)
    {
        ArgumentNullException.ThrowIfNull(context);
        Tensor loss = Inner.Compute(context, logits, labels, exitLosses);
        List<DecisionRecord> gates = [];
        double all = 0;
        foreach (DecisionRecord record in context.Ledger is { } ledger ? ledger.Records : [])
        {
            if (record.Kind == DecisionKind.Exits)
            {
                gates.Add(record);
                all += record.UnitMacs;
            }
        }

        if (gates.Count == 0)
        {
            return loss;
        }

        if (gates.Count != logits.Length - 1)
        {
            throw new InvalidOperationException($"There are {gates.Count} gates for {logits.Length} exits; expected one for each but the last.");
        }

        List<Tensor> losses = [loss];
        List<float> factors = [1];
        float[] value = Losses(context, logits[^1], labels).ToArray();
        for (int exit = gates.Count - 1; exit >= 0; exit--)
        {
            float cost = _cost * (float)(all > 0 ? gates[exit].UnitMacs / all : 1.0 / gates.Count);
            losses.Add(Regret(context, gates[exit].Scores, Losses(context, logits[exit], labels), value, cost));
            factors.Add(_weight);
        }

        return WeightedSum.Compute(context, losses.ToArray(), factors.ToArray());
    }

    // mean_n w·BCE of one gate; afterwards the values are those of coming to this exit.
    private static Tensor Regret(Context context, Tensor certainty, ReadOnlySpan<float> leaving, Span<float> value, float cost)
    {
        Shape shape = new(value.Length);
        Tensor sign = context.Workspace.Rent(shape);
        Tensor offset = context.Workspace.Rent(shape);
        Tensor weights = context.Workspace.Rent(shape);
        for (int n = 0; n < value.Length; n++)
        {
            float goingOn = cost + value[n];
            bool shouldLeave = leaving[n] <= goingOn;
            sign.Span[n] = shouldLeave ? 1 : -1;
            offset.Span[n] = shouldLeave ? 0 : 1;
            weights.Span[n] = MathF.Abs(leaving[n] - goingOn);
            value[n] = certainty.Span[n] >= 0.5f ? leaving[n] : goingOn;
        }

        // The probability that the gate gives to what is right.
        Tensor right = context.Add(context.Multiply(certainty.Reshape(shape), sign), offset);
        return context.Scale(context.Mean(context.Multiply(context.Log(context.Clamp(right, LeastProbability, 1)), weights)), -1);
    }

    // Numbers: no gradient flows through them.
    private static ReadOnlySpan<float> Losses(Context context, Tensor logits, ReadOnlySpan<int> labels)
    {
        Tape? tape = context.Tape;
        context.Tape = null;
        Tensor losses = context.CrossEntropy(logits, labels, new CrossEntropyOptions { Reduction = LossReduction.None });
        context.Tape = tape;
        return losses.Span;
    }
}
