using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Training.Objectives;
using Xunit;

namespace ManagedDyn.Tests.Layers.Training.Objectives;

/// <summary>The loss that keeps masks at a target, against its formula.</summary>
public class PixelBudgetTests
{
    [Theory]
    [InlineData(0, 0.9f, 0.1f)]
    [InlineData(0.1, 0.9f, 0.1f)]
    [InlineData(0.2, 0.7f, 0.8f)]
    [InlineData(0.33333334, 0.7f, 0.1f)]
    [InlineData(1, 0.2f, 0.9f)]
    public void The_loss_is_that_of_the_paper(double progress, float first, float second)
    {
        const double Target = 0.5;
        const double Weight = 4;
        Context context = new() { Progress = progress, Ledger = new DecisionLedger() };
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor a = Scores(context, first, 2, 3);
        Tensor b = Scores(context, second, 4, 4);
        context.Record(new DecisionRecord { Layer = 1, Kind = DecisionKind.Pixels, Rows = 2, Scores = a, UnitMacs = 100 });
        context.Record(new DecisionRecord { Layer = 2, Kind = DecisionKind.Channels, Rows = 2, Scores = a, UnitMacs = 9 });
        context.Record(new DecisionRecord { Layer = 3, Kind = DecisionKind.Pixels, Rows = 2, Scores = b, UnitMacs = 30 });
        Tensor loss = new ComputeBudget(new Nothing(), (float)Target, (float)Weight, 1f / 3, DecisionKind.Pixels).Compute(context, [Tensor.Zeros(new Shape(2, 2))], [0, 1], new float[1]);

        double total = (2 * 6 * 100) + (2 * 16 * 30);
        double Formula(double one, double two)
        {
            double used = (one * 2 * 6 * 100) + (two * 2 * 16 * 30);
            double p = Math.Pow(Math.Cos(Math.Min(1, progress * 3) * Math.PI / 2), 2);
            double bounds = 0;
            foreach (double share in new[] { one, two })
            {
                bounds += Math.Pow(Math.Max(0, share - (1 - (p * (1 - Target)))), 2) + Math.Pow(Math.Max(0, (p * Target) - share), 2);
            }

            return Weight * (Math.Pow((used / total) - Target, 2) + (bounds / 2));
        }

        Assert.Equal(Formula(first, second), loss.Span[0], 5);
        tape.Backward(loss, [1]);
        double slope = (Formula(first + 1e-4, second) - Formula(first - 1e-4, second)) / 2e-4;
        double sum = 0;
        foreach (float value in Tape.GradientOf(a).Span)
        {
            sum += value;
        }

        Assert.Equal(slope, sum, 3);
    }

    [Fact]
    public void Without_masks_the_loss_is_the_inner_one()
    {
        Context context = new() { Ledger = new DecisionLedger() };
        Assert.Equal(0f, new ComputeBudget(new Nothing(), 0.5f, kind: DecisionKind.Pixels).Compute(context, [Tensor.Zeros(new Shape(2, 2))], [0, 1], new float[1]).Span[0]);
    }

    private static Tensor Scores(Context context, float value, int height, int width)
    {
        Tensor scores = context.Workspace.Rent(new Shape(2, height, width));
        scores.Span.Fill(value);
        Tape.Watch(scores);
        return scores;
    }

    private sealed class Nothing : Objective
    {
        public override string Description => "nothing";

        public override Tensor Compute(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels, Span<float> exitLosses) =>
            context.Workspace.RentZeros(new Shape(1));
    }
}
