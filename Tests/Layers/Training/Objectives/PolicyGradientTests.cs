using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Training.Objectives;
using Xunit;

namespace ManagedDyn.Tests.Layers.Training.Objectives;

/// <summary>REINFORCE on problems small enough to be summed over all actions.</summary>
public class PolicyGradientTests
{
    private const int Gates = 3;
    private static readonly float[] GateLogits = [0.4f, -0.8f, 1.3f];
    private static readonly long[] Macs = [1, 2, 5];

    [Fact]
    public void Usage_rewards_right_answers_by_what_they_saved()
    {
        UsageReward reward = new(2);
        float[] returns = new float[2];
        reward.Evaluate(new PolicyOutcome(true, 0.3f, [1, 0], [0.25f, 0.75f]), returns);
        Assert.Equal([1 - (0.25f * 0.25f), 1 - (0.25f * 0.25f)], returns);
        reward.Evaluate(new PolicyOutcome(false, 0.3f, [1, 0], [0.25f, 0.75f]), returns);
        Assert.Equal([-2f, -2f], returns);
    }

    [Fact]
    public void Hybrid_reward_counts_the_loss_and_what_later_decisions_save()
    {
        float[] returns = new float[3];
        new HybridReward(0.5f).Evaluate(new PolicyOutcome(false, 0.7f, [0, 1, 0], [0.25f, 0.25f, 0.5f]), returns);
        Assert.Equal(-0.7 + (0.5 * 0.75), returns[0], 1e-6);
        Assert.Equal(-0.7 + (0.5 * 0.5), returns[1], 1e-6);
        Assert.Equal(-0.7 + (0.5 * 0.5), returns[2], 1e-6);
    }

    [Fact]
    public void With_a_target_saving_is_worth_what_the_batch_uses_too_much()
    {
        float[] returns = new float[2];
        HybridReward reward = new(4, 0.5f);
        reward.Evaluate(new PolicyOutcome(true, 0.7f, [0, 1], [0.25f, 0.75f], 0.6f), returns);
        Assert.Equal(-0.7 + (4 * 0.1 * 0.25), returns[0], 1e-6);
        Assert.Equal(-0.7, returns[1], 1e-6);
        reward.Evaluate(new PolicyOutcome(true, 0.7f, [0, 1], [0.25f, 0.75f], 0.3f), returns);
        Assert.Equal(-0.7 - (4 * 0.2 * 0.25), returns[0], 1e-6);
        reward.Evaluate(new PolicyOutcome(true, 0.7f, [0, 1], [0.25f, 0.75f], 0.5f), returns);
        Assert.Equal(-0.7, returns[0], 1e-6);
    }

    [Fact]
    public void What_likely_decisions_use_may_be_what_counts()
    {
        float[] drawn = new float[2];
        float[] likely = new float[2];
        new HybridReward(4, 0.5f).Evaluate(new PolicyOutcome(true, 0.7f, [0, 1], [0.25f, 0.75f], 0.9f), drawn);
        new HybridReward(4, 0.5f, countsLikely: true).Evaluate(new PolicyOutcome(true, 0.7f, [0, 1], [0.25f, 0.75f], 0.2f, 0.9f), likely);
        Assert.Equal(drawn, likely);
        new HybridReward(4, 0.5f, countsLikely: true).Evaluate(new PolicyOutcome(true, 0.7f, [0, 1], [0.25f, 0.75f], 0.9f), likely);
        Assert.Equal(drawn, likely);
    }

    [Theory]
    [InlineData(PolicyBaseline.None)]
    [InlineData(PolicyBaseline.Greedy)]
    public void Its_gradient_is_on_average_that_of_the_expected_reward(PolicyBaseline baseline)
    {
        foreach (PolicyReward reward in new PolicyReward[] { new UsageReward(0.5f), new HybridReward(0.8f) })
        {
            // Over all actions, weighed by their probability: the gradient's expectation, without noise.
            double[] mean = new double[Gates];
            for (int actions = 0; actions < 1 << Gates; actions++)
            {
                double probability = 1;
                for (int i = 0; i < Gates; i++)
                {
                    double p = 1 / (1 + Math.Exp(-GateLogits[i]));
                    probability *= ((actions >> i) & 1) == 1 ? p : 1 - p;
                }

                double[] gradient = Gradient(reward, baseline, actions, weight: 2);
                for (int i = 0; i < Gates; i++)
                {
                    mean[i] += probability * gradient[i];
                }
            }

            for (int i = 0; i < Gates; i++)
            {
                double expected = -2 * DerivativeOfExpectation(reward, i);
                Assert.Equal(expected, mean[i], 2e-5);
                Assert.True(Math.Abs(expected) > 1e-3, "The problem is too flat to tell anything.");
            }
        }
    }

    [Fact]
    public void For_given_actions_it_is_the_advantage_times_the_score()
    {
        // a = (1, 0, 1): ∂ log π / ∂l is a − σ(l).
        double[] gradient = Gradient(new UsageReward(0.5f), PolicyBaseline.None, 0b101, weight: 1);
        double reward = Reward(new UsageReward(0.5f), 0b101)[0];
        for (int i = 0; i < Gates; i++)
        {
            double p = 1 / (1 + Math.Exp(-GateLogits[i]));
            Assert.Equal(-reward * ((i == 1 ? 0 : 1) - p), gradient[i], 1e-5);
        }
    }

    [Fact]
    public void A_batch_baseline_leaves_only_what_differs_between_samples()
    {
        DecisionLedger ledger = new();
        Context context = new() { Ledger = ledger };
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor logits = Tensor.From(new Shape(2), [0.5f, 0.5f]);
        Tape.Watch(logits);
        Tensor actions = Tensor.From(new Shape(2), [1, 0]);
        Tensor probabilities = context.Scale(context.BinaryCrossEntropy(logits, actions, LossReduction.None), -1);
        ledger.Begin();
        context.Record(new DecisionRecord { Layer = 1, Kind = DecisionKind.Samples, Rows = 2, Scores = actions, LogProbabilities = probabilities, UnitMacs = 7 });
        PolicyGradient objective = new(new Zero(), new UsageReward(0), 1, PolicyBaseline.Batch);

        // Both right: returns 0 and 1, mean ½.
        tape.Backward(objective.Compute(context, [Tensor.From(new Shape(2, 2), [1, 0, 1, 0])], [0, 0], new float[1]));
        double p = 1 / (1 + Math.Exp(-0.5));
        Assert.Equal(-0.5 * -0.5 * (1 - p), Tape.GradientOf(logits).Span[0], 1e-6);
        Assert.Equal(-0.5 * 0.5 * (0 - p), Tape.GradientOf(logits).Span[1], 1e-6);
    }

    [Fact]
    public void Without_actions_the_loss_is_the_inner_one()
    {
        PolicyGradient objective = new(new MultiExitObjective(), new HybridReward(), 1, PolicyBaseline.None);
        Context context = new() { Ledger = new DecisionLedger() };
        context.Ledger.Begin();
        Tensor logits = Tensor.From(new Shape(1, 2), [0.2f, 0.1f]);
        float plain = new MultiExitObjective().Compute(context, [logits], [1], new float[1]).Span[0];
        Assert.Equal(plain, objective.Compute(context, [logits], [1], new float[1]).Span[0]);
        Assert.False(objective.UsesGreedyRun);
        Assert.True(new PolicyGradient(objective, new HybridReward()).UsesGreedyRun);
    }

    // The answer is right, and sure, just when gate 2 runs or both others do.
    private static float[] Answer(int actions) => (actions & 4) != 0 || (actions & 3) == 3 ? [2f, 0f] : [0f, 0.7f];

    private static double[] Gradient(PolicyReward reward, PolicyBaseline baseline, int actions, float weight)
    {
        DecisionLedger ledger = new() { KeepsChoices = true };
        Context context = new() { Ledger = ledger };
        PolicyGradient objective = new(new Zero(), reward, weight, baseline);
        if (objective.UsesGreedyRun)
        {
            ledger.Begin();
            int greedy = 0;
            for (int i = 0; i < Gates; i++)
            {
                bool runs = GateLogits[i] > 0;
                greedy |= runs ? 1 << i : 0;
                Selection selected = context.Workspace.Select(1, runs ? [0] : []);
                context.Record(new DecisionRecord { Layer = i, Kind = DecisionKind.Samples, Rows = 1, Selected = selected, UnitMacs = Macs[i] });
            }

            objective.ObserveGreedy(context, [Tensor.From(new Shape(1, 2), Answer(greedy))], [0]);
        }

        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        context.Ledger = new DecisionLedger();
        Tensor[] logits = new Tensor[Gates];
        for (int i = 0; i < Gates; i++)
        {
            logits[i] = Tensor.From(new Shape(1), [GateLogits[i]]);
            Tape.Watch(logits[i]);
            Tensor action = Tensor.From(new Shape(1), [(actions >> i) & 1]);
            Tensor probability = context.Scale(context.BinaryCrossEntropy(logits[i], action, LossReduction.None), -1);
            context.Record(new DecisionRecord { Layer = i, Kind = DecisionKind.Samples, Rows = 1, Scores = action, LogProbabilities = probability, UnitMacs = Macs[i] });
        }

        tape.Backward(objective.Compute(context, [Tensor.From(new Shape(1, 2), Answer(actions))], [0], new float[1]));
        return Array.ConvertAll(logits, static tensor => (double)Tape.GradientOf(tensor).Span[0]);
    }

    private static float[] Reward(PolicyReward reward, int actions)
    {
        float[] answer = Answer(actions);
        float loss = MathF.Log(MathF.Exp(answer[0]) + MathF.Exp(answer[1])) - answer[0];
        float[] kept = [actions & 1, (actions >> 1) & 1, (actions >> 2) & 1];
        float[] returns = new float[Gates];
        reward.Evaluate(new PolicyOutcome(answer[0] > answer[1], loss, kept, [1f / 8, 2f / 8, 5f / 8]), returns);
        return returns;
    }

    // What decisions before gate i saved does not depend on it, so the whole reward has the same derivative as what followed from gate i.
    private static double DerivativeOfExpectation(PolicyReward reward, int gate)
    {
        double sum = 0;
        for (int actions = 0; actions < 1 << Gates; actions++)
        {
            double probability = 1;
            for (int i = 0; i < Gates; i++)
            {
                double p = 1 / (1 + Math.Exp(-GateLogits[i]));
                bool runs = ((actions >> i) & 1) == 1;
                probability *= i == gate ? (runs ? 1 : -1) * p * (1 - p) : runs ? p : 1 - p;
            }

            sum += probability * Reward(reward, actions)[0];
        }

        return sum;
    }

    private sealed class Zero : Objective
    {
        public override string Description => "zero";

        public override Tensor Compute(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels, Span<float> exitLosses) => Tensor.Zeros(new Shape(1));
    }
}
