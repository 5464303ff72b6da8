using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>The returns of all decisions about a batch, from a ledger and the answers.</summary>
internal sealed class PolicyReturns
{
    private float[] _returns = [];
    private float[] _kept = [];
    private double[] _costs = [];
    private int[] _seen = [];

    public int Samples { get; private set; }

    public int Decisions { get; private set; }

    /// <summary>The share of the dense cost that the samples used on average.</summary>
    public float MeanUsed { get; private set; }

    public float Of(int sample, int decision) => _returns[(sample * Decisions) + decision];

    /// <summary>From the weights of relaxed decisions, which are 0 and 1 for actions.</summary>
    /// <param name="context">The context.</param>
    /// <param name="ledger">Holds the decisions.</param>
    /// <param name="logits">[samples, classes].</param>
    /// <param name="labels">The classes.</param>
    /// <param name="reward">Values them.</param>
    /// <param name="likelyUsed">What the likely decisions use; negative: not known.</param>
    public void FromScores(Context context, DecisionLedger ledger, Tensor logits, ReadOnlySpan<int> labels, PolicyReward reward, float likelyUsed)
    {
        int decisions = 0;
        foreach (DecisionRecord record in ledger.Records)
        {
            decisions += record.Scores.Exists ? 1 : 0;
        }

        Begin(labels.Length, decisions);
        int decision = 0;
        foreach (DecisionRecord record in ledger.Records)
        {
            if (!record.Scores.Exists)
            {
                continue;
            }

            if (record.Rows != Samples)
            {
                throw new InvalidOperationException($"A decision is about {record.Rows} rows; policy gradients expect all {Samples} samples.");
            }

            int units = record.Scores.Count / Math.Max(1, record.Rows);
            _costs[decision] = (double)record.UnitMacs * units;
            for (int n = 0; n < Samples; n++)
            {
                float sum = 0;
                foreach (float score in record.Scores.Span.Slice(n * units, units))
                {
                    sum += score;
                }

                _kept[(n * Decisions) + decision] = sum / units;
            }

            decision++;
        }

        Evaluate(context, logits, labels, reward, likelyUsed);
    }

    /// <summary>From hard decisions, as the ledger has copied them.</summary>
    public void FromChoices(Context context, DecisionLedger ledger, Tensor logits, ReadOnlySpan<int> labels, PolicyReward reward)
    {
        ReadOnlySpan<DecisionChoice> choices = ledger.Choices;
        Begin(labels.Length, labels.Length == 0 ? 0 : choices.Length / labels.Length);
        foreach (DecisionChoice choice in choices)
        {
            int decision = _seen[choice.Sample]++;
            if (decision >= Decisions)
            {
                throw new InvalidOperationException($"{choices.Length} choices were made about {Samples} samples; policy gradients expect every decision to be about all.");
            }

            _kept[(choice.Sample * Decisions) + decision] = (float)choice.Count / choice.Universe;
            _costs[decision] = choice.DenseMacs;
        }

        Evaluate(context, logits, labels, reward, -1);
    }

    private void Begin(int samples, int decisions)
    {
        Samples = samples;
        Decisions = decisions;
        if (_returns.Length < samples * decisions)
        {
            _returns = new float[samples * decisions];
            _kept = new float[samples * decisions];
        }

        _costs = _costs.Length == decisions ? _costs : new double[decisions];
        _seen = _seen.Length == samples ? _seen : new int[samples];
        Array.Clear(_seen);
    }

    private void Evaluate(Context context, Tensor logits, ReadOnlySpan<int> labels, PolicyReward reward, float likelyUsed)
    {
        // Rewards are numbers: no gradient flows through them.
        Tape? tape = context.Tape;
        context.Tape = null;
        Tensor losses = context.CrossEntropy(logits, labels, new CrossEntropyOptions { Reduction = LossReduction.None });
        context.Tape = tape;
        double total = 0;
        foreach (double cost in _costs)
        {
            total += cost;
        }

        // Decisions that do not tell their cost weigh the same.
        float[] shares = Array.ConvertAll(_costs, cost => (float)(total > 0 ? cost / total : 1.0 / Decisions));
        double used = 0;
        for (int place = 0; place < Samples * Decisions; place++)
        {
            used += _kept[place] * (double)shares[place % Decisions];
        }

        MeanUsed = (float)(used / Math.Max(1, Samples));
        int classes = logits.Shape[1];
        for (int n = 0; n < Samples; n++)
        {
            ReadOnlySpan<float> scores = logits.Span.Slice(n * classes, classes);
            bool isRight = true;
            for (int k = 0; k < classes; k++)
            {
                isRight &= k == labels[n] || scores[k] < scores[labels[n]];
            }

            PolicyOutcome outcome = new(isRight, losses.Span[n], _kept.AsSpan(n * Decisions, Decisions), shares, MeanUsed, likelyUsed);
            reward.Evaluate(in outcome, _returns.AsSpan(n * Decisions, Decisions));
        }
    }
}
