using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>
/// Asks each gate to run for a share of the batch: L = L₀ + λ·Σ_l (mean(g_l) − t_l)² over the decisions in the context's ledger (Veit and Belongie,
/// "ConvNet-AIG", ECCV 2018, section 3.3). A gate may run always for one sample and never for another; only its mean is held.
/// </summary>
/// <remarks>The released code takes the mean over gates instead of the sum of the paper, which is taken here.</remarks>
public sealed class TargetRate : AddedObjective
{
    private readonly float[] _targets;
    private readonly float _weight;
    private readonly float _sinksUntil;

    /// <summary>Makes the objective.</summary>
    /// <param name="inner">L₀.</param>
    /// <param name="weight">λ, at least 0.</param>
    /// <param name="targets">t, from 0 to 1: one for all decisions, or one for each.</param>
    public TargetRate(Objective inner, float weight, params ReadOnlySpan<float> targets)
        : this(inner, weight, 0, targets)
    {
    }

    /// <summary>Makes the objective with targets that sink evenly from 1, so that blocks learn something before inputs skip them.</summary>
    /// <param name="inner">L₀.</param>
    /// <param name="weight">λ, at least 0.</param>
    /// <param name="sinksUntil">The share of training after which targets are t, from 0 to 1.</param>
    /// <param name="targets">t, from 0 to 1: one for all decisions, or one for each.</param>
    public TargetRate(Objective inner, float weight, float sinksUntil, ReadOnlySpan<float> targets)
        : base(inner)
    {
        ObjectiveCheck.Weight(weight, nameof(weight));
        ObjectiveCheck.Share(sinksUntil, nameof(sinksUntil));
        if (targets.Length == 0)
        {
            throw new ArgumentException("No target was given; expected one for all decisions, or one for each.", nameof(targets));
        }

        foreach (float target in targets)
        {
            ObjectiveCheck.Share(target, nameof(targets));
        }

        _weight = weight;
        _sinksUntil = sinksUntil;
        _targets = targets.ToArray();
    }

    /// <inheritdoc/>
    public override string Description
    {
        get
        {
            StringBuilder text = new();
            text.Append(CultureInfo.InvariantCulture, $"target rate({Inner.Description}, weight={_weight:R}, targets=");
            for (int i = 0; i < _targets.Length; i++)
            {
                text.Append(CultureInfo.InvariantCulture, $"{(i == 0 ? string.Empty : "/")}{_targets[i]:R}");
            }

            return (_sinksUntil > 0 ? text.Append(CultureInfo.InvariantCulture, $" by {_sinksUntil:R})") : text.Append(')')).ToString();
        }
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">There is a target for each decision, but the network made another number of them.</exception>
    public override Tensor Compute(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels, Span<float> exitLosses)
    {
        ArgumentNullException.ThrowIfNull(context);
        List<Tensor> losses = [Inner.Compute(context, logits, labels, exitLosses)];
        List<float> factors = [1];
        float sunk = context.Progress < _sinksUntil ? (float)(context.Progress / _sinksUntil) : 1;
        foreach (DecisionRecord record in context.Ledger is { } ledger ? ledger.Records : [])
        {
            if (record.Scores.Exists)
            {
                float target = _targets.Length == 1 ? _targets[0] : _targets[Math.Min(losses.Count - 1, _targets.Length - 1)];
                losses.Add(context.Square(context.Offset(context.Mean(record.Scores), (sunk * (1 - target)) - 1)));
                factors.Add(_weight);
            }
        }

        if (_targets.Length > 1 && losses.Count != _targets.Length + 1)
        {
            throw new InvalidOperationException($"{_targets.Length} targets were given; the network took {losses.Count - 1} decisions.");
        }

        return losses.Count == 1 ? losses[0] : WeightedSum.Compute(context, losses.ToArray(), factors.ToArray());
    }
}
