using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>
/// Trains decisions by REINFORCE: L = L₀ − λ·mean_n Σ_i (R_{n,i} − b_{n,i})·log π(a_{n,i}) over the decisions in the context's ledger that tell the
/// probability of their action (Williams, 1992). Its gradient is that of −λ times the expected reward, on average over actions. With the reward of SkipNet and
/// L₀ the loss of the sampled network this is hybrid learning (Wang et al., ECCV 2018); with BlockDrop's and the greedy baseline, self-critical.
/// </summary>
public sealed class PolicyGradient : AddedObjective
{
    private readonly PolicyReward _reward;
    private readonly float _weight;
    private readonly PolicyBaseline _baseline;
    private readonly PolicyReturns _greedy = new();
    private readonly PolicyReturns _drawn = new();

    /// <summary>Makes the objective.</summary>
    /// <param name="inner">L₀.</param>
    /// <param name="reward">R.</param>
    /// <param name="weight">λ, at least 0.</param>
    /// <param name="baseline">b.</param>
    public PolicyGradient(Objective inner, PolicyReward reward, float weight = 1, PolicyBaseline baseline = PolicyBaseline.Greedy)
        : base(inner)
    {
        ArgumentNullException.ThrowIfNull(reward);
        ObjectiveCheck.Weight(weight, nameof(weight));
        _reward = reward;
        _weight = weight;
        _baseline = baseline;
    }

    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"policy gradient({Inner.Description}, {_reward.Description}, weight={_weight:R}, baseline={_baseline})");

    /// <inheritdoc/>
    public override bool UsesGreedyRun => _baseline == PolicyBaseline.Greedy || Inner.UsesGreedyRun;

    /// <inheritdoc/>
    public override void ObserveGreedy(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels)
    {
        ArgumentNullException.ThrowIfNull(context);
        base.ObserveGreedy(context, logits, labels);
        if (context.Ledger is { } ledger)
        {
            _greedy.FromChoices(context, ledger, logits[^1], labels, _reward);
        }
    }

    /// <inheritdoc/>
    public override Tensor Compute(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels, Span<float> exitLosses)
    {
        ArgumentNullException.ThrowIfNull(context);
        Tensor loss = Inner.Compute(context, logits, labels, exitLosses);
        if (context.Ledger is not { } ledger || !Draws(ledger))
        {
            return loss;
        }

        _drawn.FromScores(context, ledger, logits[^1], labels, _reward, _baseline == PolicyBaseline.Greedy ? _greedy.MeanUsed : -1);
        List<Tensor> losses = [loss];
        List<float> factors = [1];
        int decision = 0;
        foreach (DecisionRecord record in ledger.Records)
        {
            if (!record.Scores.Exists)
            {
                continue;
            }

            if (record.LogProbabilities.Exists)
            {
                Tensor advantage = Advantage(context, decision, labels.Length);
                losses.Add(context.Sum(context.Multiply(record.LogProbabilities.Reshape(advantage.Shape), advantage)));
                factors.Add(-_weight / labels.Length);
            }

            decision++;
        }

        return WeightedSum.Compute(context, losses.ToArray(), factors.ToArray());
    }

    private static bool Draws(DecisionLedger ledger)
    {
        foreach (DecisionRecord record in ledger.Records)
        {
            if (record.LogProbabilities.Exists)
            {
                return true;
            }
        }

        return false;
    }

    private Tensor Advantage(Context context, int decision, int samples)
    {
        if (_baseline == PolicyBaseline.Greedy && (_greedy.Samples != samples || _greedy.Decisions != _drawn.Decisions))
        {
            throw new InvalidOperationException($"The greedy run took {_greedy.Decisions} decisions about {_greedy.Samples} samples, the other one {_drawn.Decisions} about {samples}; expected the same.");
        }

        Tensor advantage = context.Workspace.Rent(new Shape(samples));
        double mean = 0;
        for (int n = 0; n < samples; n++)
        {
            mean += _drawn.Of(n, decision) / (double)samples;
        }

        for (int n = 0; n < samples; n++)
        {
            float baseline = _baseline switch { PolicyBaseline.Greedy => _greedy.Of(n, decision), PolicyBaseline.Batch => (float)mean, _ => 0 };
            advantage.Span[n] = _drawn.Of(n, decision) - baseline;
        }

        return advantage;
    }
}
