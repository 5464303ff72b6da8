using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Losses;
using ManagedDyn.Engine.Kernels.Softmax;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public sealed class LossTests
{
    private static readonly int[] Labels = [2, 0, -1, 4, 1];
    private static readonly float[] RowWeights = [1f, 0.5f, 9f, -0.25f, 2f];
    private static readonly float[] ClassWeights = [0.3f, 1f, 2f, 0.7f, 1.5f];

    [Theory]
    [InlineData(LossReduction.Mean, 0f, false)]
    [InlineData(LossReduction.Mean, 0.1f, true)]
    [InlineData(LossReduction.Sum, 0.3f, true)]
    [InlineData(LossReduction.None, 0.2f, true)]
    [InlineData(LossReduction.None, 0f, false)]
    public void Cross_entropy_matches_differences(LossReduction reduction, float smoothing, bool weighs)
    {
        const int classes = 5;
        Shape shape = new(5, classes);
        new GradientCheck { Tolerance = 5e-4 }.Run(
            (context, inputs) =>
            {
                CrossEntropyOptions options = new()
                {
                    Smoothing = smoothing,
                    IgnoredLabel = -1,
                    Reduction = reduction,
                    RowWeights = weighs ? RowWeights : default,
                    ClassWeights = weighs ? ClassWeights : default,
                };
                return context.CrossEntropy(inputs[0], Labels, in options);
            },
            values => Reduce(reduction, CrossEntropy(values[0], classes, smoothing, weighs, out double weight), weight),
            3,
            [shape],
            GradientCheck.Values(shape.Count, 11, 3f));
    }

    [Theory]
    [InlineData(LossReduction.Mean, 1f, 9)]
    [InlineData(LossReduction.Sum, 4f, 17)]
    [InlineData(LossReduction.None, 0.7f, 3)]
    public void Distillation_and_soft_targets_match_differences(LossReduction reduction, float temperature, int classes)
    {
        Shape shape = new(4, classes);
        float[] teacher = GradientCheck.Values(shape.Count, 5, 3f);
        float[] student = GradientCheck.Values(shape.Count, 6, 3f);
        GradientCheck check = new() { Tolerance = 5e-4, OutputTolerance = 1e-4, Constants = [1] };
        check.Run(
            (context, inputs) => context.Distillation(inputs[0], inputs[1], temperature, reduction),
            values =>
            {
                double[] targets = new double[shape.Count];
                double[] losses = new double[4];
                for (int n = 0; n < 4; n++)
                {
                    Range row = (n * classes)..((n + 1) * classes);
                    SoftmaxRow.Reference(values[1].AsSpan(row), temperature, targets.AsSpan(row));
                    losses[n] = temperature * temperature * CrossEntropyRow.Reference<double>(
                        values[0].AsSpan(row), targets.AsSpan(row), temperature, withEntropy: true);
                }

                return Reduce(reduction, losses, 4);
            },
            8,
            [shape, shape],
            student,
            teacher);
        float[] soft = Array.ConvertAll(teacher, t => MathF.Max(0f, t));
        check.Run(
            (context, inputs) => context.SoftCrossEntropy(inputs[0], inputs[1], reduction),
            values => Reduce(reduction, SoftLosses(values, classes, new double[4]), 4),
            8,
            [shape, shape],
            student,
            soft);
    }

    [Theory]
    [InlineData(LossReduction.Mean)]
    [InlineData(LossReduction.Sum)]
    [InlineData(LossReduction.None)]
    public void Element_losses_match_differences_in_both_operands(LossReduction reduction)
    {
        Shape shape = new(3, 7);
        float[] x = GradientCheck.Values(shape.Count, 2, 6f);
        float[] t = GradientCheck.Values(shape.Count, 3, 0.45f, 0.5f);
        new GradientCheck { Tolerance = 5e-4 }.Run(
            (context, inputs) => context.BinaryCrossEntropy(inputs[0], inputs[1], reduction),
            values => Reduce(reduction, Elements(values, default(LogisticLoss).Reference), shape.Count),
            4,
            [shape, shape],
            x,
            t);
        new GradientCheck { Tolerance = 5e-4 }.Run(
            (context, inputs) => context.MeanSquaredError(inputs[0], inputs[1], reduction),
            values => Reduce(reduction, Elements(values, default(SquaredError).Reference), shape.Count),
            4,
            [shape, shape],
            x,
            t);
    }

    [Fact]
    public void Large_logits_neither_overflow_nor_lose_the_gradient()
    {
        Context context = new();
        Tensor logits = Tensor.From(new Shape(2), [200f, -200f]);
        Assert.Equal([200f, 200f], context.BinaryCrossEntropy(logits, Tensor.From(new Shape(2), [0f, 1f]), LossReduction.None).ToArray());
        Tensor row = Tensor.From(new Shape(1, 2), [3000f, -3000f]);
        Assert.Equal(6000f, context.CrossEntropy(row, [1]).Span[0]);
    }

    [Fact]
    public void A_batch_without_counting_rows_gives_zero()
    {
        Context context = new();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor logits = Tensor.From(new Shape(2, 3), GradientCheck.Values(6, 1));
        Tape.Watch(logits);
        Tensor loss = context.CrossEntropy(logits, [7, 7], new CrossEntropyOptions { IgnoredLabel = 7 });
        Assert.Equal(0f, loss.Span[0]);
        tape.Backward(loss);
        Assert.All(Tape.GradientOf(logits).ToArray(), g => Assert.Equal(0f, g));
    }

    [Fact]
    public void Wrong_targets_are_refused()
    {
        Context context = new();
        Tensor logits = Tensor.Zeros(new Shape(2, 3));
        Assert.Contains("row 1 is 3", Assert.Throws<ArgumentException>(() => context.CrossEntropy(logits, [0, 3])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => context.CrossEntropy(logits, [0, -1]));
        Assert.Throws<ArgumentException>(() => context.CrossEntropy(logits, [0]));
        Assert.Throws<ArgumentException>(() => context.CrossEntropy(logits, [0, 1], new CrossEntropyOptions { Smoothing = float.NaN }));
        Assert.Throws<ArgumentException>(() => context.CrossEntropy(logits, [0, 1], new CrossEntropyOptions { RowWeights = [1f, float.NaN] }));
        Assert.Throws<ArgumentException>(() => context.CrossEntropy(logits, [0, 1], new CrossEntropyOptions { ClassWeights = [1f, 1f] }));
        Tensor bad = Tensor.From(new Shape(2, 3), [0f, 1f, float.NaN, 0f, 0f, 0f]);
        Assert.Throws<ArgumentException>(() => context.BinaryCrossEntropy(logits, bad));
        Assert.Throws<ArgumentException>(() => context.MeanSquaredError(logits, bad));
        Assert.Throws<ArgumentException>(() => context.SoftCrossEntropy(logits, bad));
        Assert.Throws<ArgumentException>(() => context.Distillation(logits, bad, 2f));
        Assert.Throws<ArgumentOutOfRangeException>(() => context.Distillation(logits, logits, 0f));
        Assert.Throws<ArgumentException>(() => context.MeanSquaredError(logits, Tensor.Zeros(new Shape(3, 2))));
    }

    private static double[] SoftLosses(double[][] values, int classes, double[] losses)
    {
        for (int n = 0; n < losses.Length; n++)
        {
            Range row = (n * classes)..((n + 1) * classes);
            losses[n] = CrossEntropyRow.Reference<double>(values[0].AsSpan(row), values[1].AsSpan(row), 1, withEntropy: false);
        }

        return losses;
    }

    // Written from the definition, apart from the product's table of targets.
    private static double[] CrossEntropy(double[] logits, int classes, float smoothing, bool weighs, out double weight)
    {
        double[] losses = new double[Labels.Length];
        weight = 0;
        for (int n = 0; n < Labels.Length; n++)
        {
            if (Labels[n] == -1)
            {
                continue;
            }

            double[] p = new double[classes];
            SoftmaxRow.Reference(logits.AsSpan(n * classes, classes), 1, p);
            double row = weighs ? RowWeights[n] : 1;
            double own = weighs ? ClassWeights[Labels[n]] : 1;
            double even = 0;
            for (int c = 0; c < classes; c++)
            {
                even -= (weighs ? ClassWeights[c] : 1) * Math.Log(p[c]);
            }

            losses[n] = row * (((1 - (double)smoothing) * own * -Math.Log(p[Labels[n]])) + (smoothing / (double)classes * even));
            weight += row * own;
        }

        return losses;
    }

    private static double[] Elements(double[][] values, Func<double, double, double> loss)
    {
        double[] losses = new double[values[0].Length];
        for (int i = 0; i < losses.Length; i++)
        {
            losses[i] = loss(values[0][i], values[1][i]);
        }

        return losses;
    }

    private static double[] Reduce(LossReduction reduction, double[] losses, double weight)
    {
        if (reduction == LossReduction.None)
        {
            return losses;
        }

        double sum = 0;
        foreach (double loss in losses)
        {
            sum += loss;
        }

        return [reduction == LossReduction.Mean ? sum / weight : sum];
    }
}
