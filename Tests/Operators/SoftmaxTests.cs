using System;
using FsCheck.Xunit;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Softmax;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public sealed class SoftmaxTests
{
    [Theory]
    [InlineData(1, 1f)]
    [InlineData(2, 1f)]
    [InlineData(7, 0.5f)]
    [InlineData(8, 3f)]
    [InlineData(10, 1f)]
    [InlineData(33, 4f)]
    public void Gradients_match_differences(int classes, float temperature)
    {
        Shape shape = new(2, 3, classes);
        float[] x = GradientCheck.Values(shape.Count, classes, 4f);
        foreach (bool isLog in new[] { false, true })
        {
            new GradientCheck { Tolerance = 5e-4 }.Run(
                (context, inputs) => isLog ? context.LogSoftmax(inputs[0], temperature) : context.Softmax(inputs[0], temperature),
                values => Rows(values[0], classes, classes, (row, y) =>
                {
                    SoftmaxRow.Reference(row, temperature, y);
                    for (int c = 0; c < classes && isLog; c++)
                    {
                        y[c] = Math.Log(y[c]);
                    }
                }),
                classes,
                [shape],
                x);
        }

        new GradientCheck { Tolerance = 5e-4 }.Run(
            (context, inputs) => context.SoftmaxEntropy(inputs[0]),
            values => Rows(values[0], classes, 1, (row, y) => y[0] = EntropyRow.Reference(row, new double[classes])),
            classes,
            [shape],
            x);
    }

    [Property(MaxTest = 100)]
    public void A_row_has_the_same_bits_wherever_it_stands(int seed)
    {
        RandomStream stream = new RandomSource((ulong)seed).Stream("row");
        int classes = 1 + stream.Integer(40, 0, 0, 0);
        float[] row = GradientCheck.Values(classes, seed, 9f);
        float[] expected = new float[classes];
        float logSum = SoftmaxRow.Probabilities(row, 1.5f, expected);
        float[] logs = new float[classes];
        SoftmaxRow.LogProbabilities(row, 1.5f, logs);
        for (int offset = 0; offset < 5; offset++)
        {
            float[] room = new float[classes + 30];
            Array.Fill(room, float.NaN);
            row.CopyTo(room, offset);
            float[] found = new float[classes];
            Assert.Equal(logSum, SoftmaxRow.Probabilities(room.AsSpan(offset, classes), 1.5f, found));
            GradientCheck.SameBits(expected, found, $"seed {seed}, offset {offset}");
            SoftmaxRow.LogProbabilities(room.AsSpan(offset, classes), 1.5f, found);
            GradientCheck.SameBits(logs, found, $"log, seed {seed}, offset {offset}");
            SoftmaxRow.Probabilities(room.AsSpan(offset, classes), 1.5f, room.AsSpan(offset, classes));
            GradientCheck.SameBits(expected, room.AsSpan(offset, classes), $"in place, seed {seed}, offset {offset}");
        }
    }

    [Fact]
    public void Extreme_logits_stay_sound()
    {
        float[] p = new float[3];
        SoftmaxRow.Probabilities([1e30f, -1e30f, 0f], 1f, p);
        Assert.Equal([1f, 0f, 0f], p);
        SoftmaxRow.Probabilities([float.NegativeInfinity, 2f, 2f], 1f, p);
        Assert.Equal([0f, 0.5f, 0.5f], p);
        SoftmaxRow.Probabilities([1f, float.NaN, 2f], 1f, p);
        Assert.All(p, value => Assert.True(float.IsNaN(value)));
        Assert.Equal(0f, EntropyRow.Forward([float.NegativeInfinity, 2f]));
        Assert.Equal(MathF.Log(4f), EntropyRow.Forward([7f, 7f, 7f, 7f]), 6);
        Assert.Equal(1f, SoftmaxRow.Maximum([-3f, 1f, 0f]));
        Context context = new();
        Assert.Throws<ArgumentOutOfRangeException>(() => context.Softmax(Tensor.Zeros(new Shape(2, 2)), 0f));
        Assert.Throws<ArgumentOutOfRangeException>(() => context.Softmax(Tensor.Zeros(new Shape(2, 2)), float.NaN));
        Assert.Throws<ArgumentException>(() => context.Softmax(Tensor.Zeros(new Shape(2, 0))));
    }

    [Fact]
    public void Warm_softmax_allocates_nothing()
    {
        using Workers workers = new(2);
        Context context = new(workers);
        Tensor input = Tensor.From(new Shape(300, 1000), GradientCheck.Values(300_000, 9));
        AllocationAssert.None(() =>
        {
            using WorkspaceScope scope = context.Workspace.Enter();
            _ = context.Softmax(input);
            _ = context.SoftmaxEntropy(input);
        });
    }

    internal delegate void RowFunction(ReadOnlySpan<double> row, Span<double> result);

    internal static double[] Rows(double[] values, int width, int resultWidth, RowFunction function)
    {
        double[] result = new double[values.Length / width * resultWidth];
        for (int row = 0; row < values.Length / width; row++)
        {
            function(values.AsSpan(row * width, width), result.AsSpan(row * resultWidth, resultWidth));
        }

        return result;
    }
}
