using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>
/// Asks a network to use a share of its dynamic compute: L = L₀ + λ·[(used/total − t)² + mean_l(max(0, u_l − upper)² + max(0, lower − u_l)²)] over the
/// decisions in the context's ledger, with u_l the share that decision l uses and used = Σ_l MACs_l·u_l (Verelst and Tuytelaars, "Dynamic convolutions",
/// CVPR 2020, section 3.2; for channels and layers: Han et al., LAUDNet, 2023). The network spends the budget where it pays.
/// </summary>
/// <remarks>
/// The bounds keep each layer at the target in the beginning and then let go: with a = cos²(π/2·min(1, progress/until)), upper = 1 − a·(1 − t) and lower =
/// a·t, as in the released code. Without them some layers run for all and others for none before anything is learned. What the dilated masks before a 3×3
/// convolution cost is not part of a share of pixels.
/// </remarks>
public sealed class ComputeBudget : AddedObjective
{
    private readonly float _target;
    private readonly float _weight;
    private readonly float _boundsUntil;
    private readonly DecisionKind? _kind;

    /// <summary>Makes the objective.</summary>
    /// <param name="inner">L₀.</param>
    /// <param name="target">t, from 0 to 1.</param>
    /// <param name="weight">λ, at least 0.</param>
    /// <param name="boundsUntil">The share of training after which bounds are gone, from 0 to 1; 0: there are none.</param>
    /// <param name="kind">The kind of decisions that share the budget, as pixels; null: all.</param>
    public ComputeBudget(Objective inner, float target, float weight = 10, float boundsUntil = 0.33f, DecisionKind? kind = null)
        : base(inner)
    {
        ObjectiveCheck.Share(target, nameof(target));
        ObjectiveCheck.Weight(weight, nameof(weight));
        ObjectiveCheck.Share(boundsUntil, nameof(boundsUntil));
        _target = target;
        _weight = weight;
        _boundsUntil = boundsUntil;
        _kind = kind;
    }

    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"compute budget({Inner.Description}, target={_target:R}, weight={_weight:R}, bounds until {_boundsUntil:R}{(_kind is { } kind ? $", {kind}" : string.Empty)})");

    /// <summary>The bounds that each layer's share is held within.</summary>
    /// <param name="progress">The share of training that is over.</param>
    public (float Lower, float Upper) Bounds(double progress)
    {
        if (progress >= _boundsUntil)
        {
            return (0, 1);
        }

        double cosine = Math.Cos(0.5 * Math.PI * Math.Max(0, progress / _boundsUntil));
        double hold = cosine * cosine;
        return ((float)(hold * _target), (float)(1 - (hold * (1 - _target))));
    }

    /// <inheritdoc/>
    public override Tensor Compute(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels, Span<float> exitLosses)
    {
        ArgumentNullException.ThrowIfNull(context);
        Tensor loss = Inner.Compute(context, logits, labels, exitLosses);
        List<Tensor> shares = [];
        List<double> costs = [];
        double total = 0;
        foreach (DecisionRecord record in context.Ledger is { } ledger ? ledger.Records : [])
        {
            if (record.Scores.Exists && record.Rows > 0 && (_kind is null || record.Kind == _kind))
            {
                double cost = (double)record.UnitMacs * (record.Scores.Count / record.Rows);
                shares.Add(context.Mean(record.Scores));
                costs.Add(cost);
                total += cost;
            }
        }

        return shares.Count == 0 ? loss : WeightedSum.Compute(context, [loss, .. Penalties(context, shares, costs, total)], Factors(shares.Count, _weight));
    }

    private static float[] Factors(int decisions, float weight)
    {
        float[] factors = new float[2 + (2 * decisions)];
        factors.AsSpan().Fill(weight / decisions);
        factors[0] = 1;
        factors[1] = weight;
        return factors;
    }

    private List<Tensor> Penalties(Context context, List<Tensor> shares, List<double> costs, double total)
    {
        // Decisions that do not tell their cost weigh the same.
        float[] weights = costs.ConvertAll(cost => (float)(total > 0 ? cost / total : 1.0 / costs.Count)).ToArray();
        Tensor used = WeightedSum.Compute(context, shares.ToArray(), weights);
        List<Tensor> penalties = [context.Square(context.Offset(used, -_target))];
        (float lower, float upper) = Bounds(context.Progress);
        foreach (Tensor share in shares)
        {
            penalties.Add(context.Square(context.Relu(context.Offset(share, -upper))));
            penalties.Add(context.Square(context.Relu(context.Affine(share, -1, lower))));
        }

        return penalties;
    }
}
