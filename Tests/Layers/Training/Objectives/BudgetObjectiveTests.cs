using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Training.Objectives;
using Xunit;

namespace ManagedDyn.Tests.Layers.Training.Objectives;

/// <summary>Objectives that hold what decisions use: values by hand, gradients by differences.</summary>
public class BudgetObjectiveTests
{
    private static readonly int[] Labels = [0, 1, 1];
    private static readonly float[][] Scores = [[0.9f, 0.2f, 0.7f], [0.1f, 0.3f, 0.35f], [1f, 0.95f, 0.8f]];
    private static readonly long[] Macs = [100, 300, 600];

    [Fact]
    public void A_target_rate_holds_the_mean_of_each_gate()
    {
        double expected = Compute(new TargetRate(Cross(), 2, 0.5f), 0.5, Scores) - Compute(Cross(), 0.5, Scores);
        double sum = Square(0.6 - 0.5) + Square(0.25 - 0.5) + Square((2.75 / 3) - 0.5);
        Assert.Equal(2 * sum, expected, 1e-5);
        double each = Compute(new TargetRate(Cross(), 1, 0.6f, 0.25f, 1), 0.5, Scores) - Compute(Cross(), 0.5, Scores);
        Assert.Equal(Square((2.75 / 3) - 1), each, 1e-5);
        CheckGradient(new TargetRate(Cross(), 2, 0.5f), 0.5);
        Assert.Throws<InvalidOperationException>(() => Compute(new TargetRate(Cross(), 1, 0.1f, 0.2f), 0.5, Scores));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TargetRate(Cross(), 1, 1.2f));
        Assert.Throws<ArgumentException>(() => new TargetRate(Cross(), 1));
    }

    [Fact]
    public void Target_rates_sink_evenly_from_one()
    {
        TargetRate rate = new(Cross(), 2, 0.5f, [0.5f, 0.2f, 1]);
        foreach ((double progress, double share) in new[] { (0, 0), (0.25, 0.5), (0.5, 1), (0.9, 1) })
        {
            double sum = Square(0.6 - (1 - (0.5 * share))) + Square(0.25 - (1 - (0.8 * share))) + Square((2.75 / 3) - 1);
            Assert.Equal(2 * sum, Compute(rate, progress, Scores) - Compute(Cross(), progress, Scores), 1e-5);
        }

        CheckGradient(rate, 0.25);
        Assert.Throws<ArgumentOutOfRangeException>(() => new TargetRate(Cross(), 1, 1.5f, [0.5f]));
    }

    [Fact]
    public void A_budget_holds_the_share_of_all_compute()
    {
        ComputeBudget budget = new(Cross(), 0.4f, 10, 0);
        double used = ((100 * 0.6) + (300 * 0.25) + (600 * (2.75 / 3))) / 1000;
        Assert.Equal(10 * Square(used - 0.4), Compute(budget, 0, Scores) - Compute(Cross(), 0, Scores), 1e-4);
        CheckGradient(budget, 0);
    }

    [Fact]
    public void Bounds_hold_each_layer_at_first_and_then_let_go()
    {
        ComputeBudget budget = new(Cross(), 0.4f, 3, 0.5f);
        (float lower, float upper) = budget.Bounds(0);
        Assert.Equal(0.4, lower, 1e-6);
        Assert.Equal(0.4, upper, 1e-6);
        (lower, upper) = budget.Bounds(0.25);
        Assert.Equal(0.2, lower, 1e-6);
        Assert.Equal(0.7, upper, 1e-6);
        Assert.Equal((0, 1), budget.Bounds(0.5));
        double used = ((100 * 0.6) + (300 * 0.25) + (600 * (2.75 / 3))) / 1000;
        double hinges = Square((2.75 / 3) - 0.7) / 3;
        Assert.Equal(3 * (Square(used - 0.4) + hinges), Compute(budget, 0.25, Scores) - Compute(Cross(), 0.25, Scores), 1e-4);
        CheckGradient(budget, 0.1);
    }

    [Fact]
    public void Without_decisions_the_loss_is_the_inner_one()
    {
        Assert.Equal(Compute(Cross(), 0, []), Compute(new ComputeBudget(Cross(), 0.5f), 0, []));
        Assert.Equal(Compute(Cross(), 0, []), Compute(new TargetRate(Cross(), 1, 0.5f), 0, []));
    }

    private static MultiExitObjective Cross() => new();

    private static double Square(double value) => value * value;

    private static double Compute(Objective objective, double progress, float[][] scores, Tensor[]? watched = null)
    {
        DecisionLedger ledger = new();
        Context context = new() { Ledger = ledger, Progress = progress };
        ledger.Begin();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        for (int i = 0; i < scores.Length; i++)
        {
            Tensor tensor = Tensor.From(new Shape(3), scores[i]);
            Tape.Watch(tensor);
            watched?.SetValue(tensor, i);
            context.Record(new DecisionRecord { Layer = i, Kind = DecisionKind.Samples, Rows = 3, Scores = tensor, UnitMacs = Macs[i] });
        }

        Tensor logits = Tensor.From(new Shape(3, 2), [0.1f, 0.4f, -1f, 2f, 0.3f, 0.2f]);
        Tape.Watch(logits);
        Tensor loss = objective.Compute(context, [logits], Labels, new float[1]);
        float value = loss.Span[0];
        tape.Backward(loss);
        return value;
    }

    private static void CheckGradient(Objective objective, double progress)
    {
        Tensor[] watched = new Tensor[Scores.Length];
        Compute(objective, progress, Scores, watched);
        for (int i = 0; i < Scores.Length; i++)
        {
            for (int n = 0; n < 3; n++)
            {
                const float Step = 5e-3f;
                float[][] moved = Array.ConvertAll(Scores, row => (float[])row.Clone());
                moved[i][n] += Step;
                double above = Compute(objective, progress, moved);
                moved[i][n] -= 2 * Step;
                double below = Compute(objective, progress, moved);
                Assert.Equal((above - below) / (2 * Step), Tape.GradientOf(watched[i]).Span[n], 2e-3);
            }
        }
    }
}
