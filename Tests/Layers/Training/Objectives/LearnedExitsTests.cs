using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Training.Objectives;
using Xunit;

namespace ManagedDyn.Tests.Layers.Training.Objectives;

/// <summary>Objectives of gates and policies at exits.</summary>
public class LearnedExitsTests
{
    private static readonly int[] Labels = [0, 1];

    // Sample 0 is right at both exits, sample 1 only at the second.
    private static readonly float[][] Logits = [[3, 0, 1, 0], [2, 0, 0, 4]];

    [Theory]
    [InlineData(ExitTarget.Right, 1f, 0f)]
    [InlineData(ExitTarget.SmallLoss, 0f, 0f)]
    public void Gates_learn_whether_the_answer_may_be_final(ExitTarget target, float first, float second)
    {
        // Losses at the first exit are 0.0486 and 1.313.
        Context context = Make(out Tensor[] logits);
        Tensor certainty = Values(context, [0.9f, 0.3f]);
        context.Record(new DecisionRecord { Layer = 1, Kind = DecisionKind.Exits, Rows = 2, Scores = certainty });
        LearnedExits objective = new(new MultiExitObjective([]), 2, target, bound: 0.04f, growth: 0.1f);
        float[] losses = new float[2];
        float loss = objective.Compute(context, logits, Labels, losses).Span[0];
        double expected = losses[0] + losses[1] + (2 * (Math.Pow(0.9 - first, 2) + Math.Pow(0.3 - second, 2)) / 2);
        Assert.Equal(expected, loss, 1e-5);
        Assert.Equal(0.0486 + 1.3133, 2 * losses[0], 1e-3);

        // ε·e^β = 0.0495 with a bound of 0.0448: the first is final.
        objective = new LearnedExits(new MultiExitObjective([]), 2, ExitTarget.SmallLoss, bound: 0.0448f, growth: 0.1f);
        loss = objective.Compute(context, logits, Labels, losses).Span[0];
        Assert.Equal(losses[0] + losses[1] + ((0.01 + 0.09) * 2 / 2), loss, 1e-5);
    }

    [Fact]
    public void A_policy_is_rewarded_for_right_answers_and_for_what_it_did_not_read()
    {
        Context context = Make(out Tensor[] logits);

        // Both stop at the first exit: returns 1 − κ/2 and −1 − κ/2 with mean −κ/2, advantages 1 and −1.
        Tensor chances = Values(context, [-0.5f, -0.25f]);
        context.Record(new DecisionRecord { Layer = 1, Kind = DecisionKind.Exits, Rows = 2, Scores = Values(context, [1, 1]), LogProbabilities = chances });
        float[] losses = new float[2];
        float loss = new StopPolicyGradient(new MultiExitObjective([]), 0.5f, 3).Compute(context, logits, Labels, losses).Span[0];
        Assert.Equal(losses[0] + losses[1] - (3 * (-0.5 + 0.25) / 2), loss, 1e-5);

        // The second goes on: returns 1 − κ/2 and 1 − κ, mean 1 − 3κ/4.
        context.Ledger!.Begin();
        context.Record(new DecisionRecord { Layer = 1, Kind = DecisionKind.Exits, Rows = 2, Scores = Values(context, [1, 0]), LogProbabilities = chances });
        loss = new StopPolicyGradient(new MultiExitObjective([]), 0.5f, 3).Compute(context, logits, Labels, losses).Span[0];
        Assert.Equal(losses[0] + losses[1] - (3 * 0.125 * (-0.5 + 0.25) / 2), loss, 1e-5);
    }

    [Fact]
    public void As_many_gates_as_exits_but_the_last_are_expected()
    {
        Context context = Make(out Tensor[] logits);
        for (int i = 0; i < 2; i++)
        {
            context.Record(new DecisionRecord { Layer = 1, Kind = DecisionKind.Exits, Rows = 2, Scores = Values(context, [1, 1]), LogProbabilities = Values(context, [-1, -1]) });
        }

        Assert.Throws<InvalidOperationException>(() => new LearnedExits(new MultiExitObjective([])).Compute(context, logits, Labels, new float[2]));
        Assert.Throws<InvalidOperationException>(() => new StopPolicyGradient(new MultiExitObjective([])).Compute(context, logits, Labels, new float[2]));
    }

    private static Tensor Values(Context context, ReadOnlySpan<float> values) => context.Workspace.RentCopy(new Shape(values.Length), values);

    private static Context Make(out Tensor[] logits)
    {
        Context context = new() { Decisions = Engine.Execution.Decisions.Relaxed, Ledger = new DecisionLedger() };
        logits = Array.ConvertAll(Logits, values => context.Workspace.RentCopy(new Shape(2, 2), values));
        return context;
    }
}
