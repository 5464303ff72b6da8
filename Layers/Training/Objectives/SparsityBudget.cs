using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>
/// Keeps the share of active pixels of masked layers at a target: L = L₀ + λ·[(used/total − t)² + mean over layers of max(0, s − u)² + max(0, l − s)²] with
/// a layer's share s, and bounds u = 1 − p(1 − t), l = p·t (Verelst and Tuytelaars, "Dynamic convolutions", CVPR 2020, section 3.2).
/// </summary>
/// <remarks>
/// p = cos²(π/2 · min(1, progress / ⅓)): at the start each layer must keep the target, so that none dies or fills up, and from a third of training on the
/// network alone must. As in the released code; layers count by their multiply-accumulates. What the dilated masks before a 3×3 convolution cost
/// is not part of the share.
/// </remarks>
public sealed class SparsityBudget : Objective
{
    private const double BoundedShare = 1.0 / 3;

    private readonly Objective _inner;
    private readonly double _target;
    private readonly float _weight;

    /// <summary>Makes the objective.</summary>
    /// <param name="inner">L₀.</param>
    /// <param name="target">t, 0 to 1.</param>
    /// <param name="weight">λ, at least 0; 10 in the paper.</param>
    public SparsityBudget(Objective inner, double target, float weight = 10)
    {
        ArgumentNullException.ThrowIfNull(inner);
        if (!(target is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(target), target, "Expected a share from 0 to 1.");
        }

        if (!(weight >= 0 && float.IsFinite(weight)))
        {
            throw new ArgumentOutOfRangeException(nameof(weight), weight, "Expected a finite weight of at least 0.");
        }

        _inner = inner;
        _target = target;
        _weight = weight;
    }

    /// <inheritdoc/>
    public override string Description => string.Create(CultureInfo.InvariantCulture, $"sparsity({_inner.Description}, target={_target:R}, weight={_weight:R})");

    /// <inheritdoc/>
    public override void ObserveSamples(Context context, Tensor samples, ReadOnlySpan<int> labels) => _inner.ObserveSamples(context, samples, labels);

    /// <inheritdoc/>
    public override bool UsesGreedyRun => _inner.UsesGreedyRun;

    /// <inheritdoc/>
    public override void ObserveGreedy(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels) => _inner.ObserveGreedy(context, logits, labels);

    /// <inheritdoc/>
    public override Tensor Compute(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels, Span<float> exitLosses)
    {
        ArgumentNullException.ThrowIfNull(context);
        Tensor loss = _inner.Compute(context, logits, labels, exitLosses);
        return context.Ledger is { } ledger && Penalty(context, ledger) is { Exists: true } penalty
            ? WeightedSum.Compute(context, [loss, penalty], [1, _weight])
            : loss;
    }

    private Tensor Penalty(Context context, DecisionLedger ledger)
    {
        double progress = Math.Cos(Math.Clamp(context.Progress / BoundedShare, 0, 1) * (Math.PI / 2));
        float upper = (float)(1 - (progress * progress * (1 - _target)));
        float lower = (float)(progress * progress * _target);
        List<Tensor> shares = [];
        List<double> totals = [];
        Tensor bounds = default;
        double total = 0;
        foreach (DecisionRecord record in ledger.Records)
        {
            if (record.Kind != DecisionKind.Pixels || !record.Scores.Exists || record.Scores.Count == 0)
            {
                continue;
            }

            Tensor share = context.Mean(record.Scores);
            Tensor over = context.Square(context.Relu(context.Offset(share, -upper)));
            Tensor under = context.Square(context.Relu(context.Affine(share, -1, lower)));
            Tensor both = context.Add(over, under);
            bounds = bounds.Exists ? context.Add(bounds, both) : both;
            shares.Add(share);
            totals.Add((double)record.UnitMacs * record.Scores.Count);
            total += totals[^1];
        }

        if (shares.Count == 0 || total == 0)
        {
            return default;
        }

        float[] weights = new float[shares.Count];
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = (float)(totals[i] / total);
        }

        Tensor used = WeightedSum.Compute(context, shares.ToArray(), weights);
        Tensor network = context.Square(context.Offset(used, (float)-_target));
        return WeightedSum.Compute(context, [network, bounds], [1, 1f / shares.Count]);
    }

    internal override void Bind(TensorBinding tensors, string prefix) => _inner.Bind(tensors, prefix);
}
