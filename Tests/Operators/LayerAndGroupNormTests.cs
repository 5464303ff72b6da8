using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Normalization;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public sealed class LayerAndGroupNormTests
{
    private const float Epsilon = 1e-3f;

    [Theory]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(29)]
    [InlineData(64)]
    public void Layer_norm_matches_differences(int width)
    {
        Shape shape = new(2, 3, width);
        foreach (int dimensions in new[] { 1, 2 })
        {
            Shape own = dimensions == 1 ? new Shape(width) : new Shape(3, width);
            Check(
                (context, inputs) => context.LayerNorm(inputs[0], inputs[1], inputs[2], dimensions, Epsilon),
                values => SoftmaxTests.Rows(
                    values[0], own.Count, own.Count, (row, y) => LayerNormRow.Reference(row, values[1], values[2], Epsilon, y)),
                width,
                shape,
                own);
        }
    }

    [Theory]
    [InlineData(1, 6)]
    [InlineData(3, 9)]
    [InlineData(2, 34)]
    [InlineData(8, 8)]
    [InlineData(4, 40)]
    public void Group_norm_matches_differences(int groups, int channels)
    {
        foreach (Activation activation in new[] { Activation.None, Activation.Relu })
        {
            Shape shape = new(2, 3, 2, channels);
            int map = shape.ProductFrom(1);
            Check(
                (context, inputs) => context.GroupNorm(inputs[0], groups, inputs[1], inputs[2], Epsilon, activation),
                values => SoftmaxTests.Rows(values[0], map, map, (row, y) =>
                {
                    GroupMoments.Reference(row, groups, values[1], values[2], Epsilon, y);
                    for (int i = 0; i < y.Length && activation == Activation.Relu; i++)
                    {
                        y[i] = Math.Max(0, y[i]);
                    }
                }),
                channels,
                shape,
                new Shape(channels));
        }
    }

    [Fact]
    public void A_far_mean_does_not_cancel()
    {
        Shape shape = new(1, 40, 40, 30);
        float[] x = GradientCheck.Values(shape.Count, 3, 0.5f, 1000f);
        float[] ones = new float[30];
        Array.Fill(ones, 1f);
        Context context = new();
        Tensor input = context.Workspace.RentCopy(shape, x);
        double[] expected = new double[shape.Count];
        double[] wide = Array.ConvertAll(x, v => (double)v);
        GroupMoments.Reference(wide, 5, Array.ConvertAll(ones, v => (double)v), new double[30], 1e-5, expected);
        GradientCheck.Near(expected, context.GroupNorm(input, 5).Span, 5e-4, "group");
        double[] rows = SoftmaxTests.Rows(wide, 1200, 1200, (row, y) => LayerNormRow.Reference(row, default, default, 1e-5, y));
        GradientCheck.Near(rows, context.LayerNorm(input, dimensions: 2).Span, 5e-4, "layer");
    }

    [Fact]
    public void Samples_alone_have_the_bits_of_the_batch()
    {
        using Workers workers = new(3);
        Context context = new(workers);
        Shape shape = new(4, 9, 7, 20);
        Tensor input = context.Workspace.RentCopy(shape, GradientCheck.Values(shape.Count, 6));
        Tensor group = context.GroupNorm(input, 4);
        Tensor layer = context.LayerNorm(input);
        for (int n = 0; n < 4; n++)
        {
            GradientCheck.SameBits(group.Rows(n, 1).Span, context.GroupNorm(input.Rows(n, 1), 4).Span, $"group, sample {n}");
            GradientCheck.SameBits(layer.Rows(n, 1).Span, context.LayerNorm(input.Rows(n, 1)).Span, $"layer, sample {n}");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(41)]
    [InlineData(523)]
    public void A_row_has_the_same_bits_wherever_it_stands(int width)
    {
        float[] row = GradientCheck.Values(width, width, 3f, 20f);
        float[] expected = new float[width];
        (float Mean, float Inverse) statistics = LayerNormRow.Forward(row, default, default, Epsilon, expected);
        for (int offset = 0; offset < 9; offset++)
        {
            float[] room = new float[width + 30];
            Array.Fill(room, float.NaN);
            row.CopyTo(room, offset);
            Span<float> own = room.AsSpan(offset, width);
            Assert.Equal(statistics, LayerNormRow.Forward(own, default, default, Epsilon, own));
            GradientCheck.SameBits(expected, own, $"offset {offset}");
            Assert.True(float.IsNaN(room[offset + width]));
        }
    }

    [Fact]
    public void Wrong_operands_are_refused()
    {
        Context context = new();
        Tensor input = Tensor.Zeros(new Shape(2, 3, 4));
        Assert.Throws<ArgumentException>(() => context.LayerNorm(input, Tensor.Zeros(new Shape(3))));
        Assert.Throws<ArgumentException>(() => context.LayerNorm(input, dimensions: 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => context.LayerNorm(input, epsilon: 0f));
        Assert.Throws<ArgumentException>(() => context.GroupNorm(input, 3));
        Assert.Throws<ArgumentException>(() => context.GroupNorm(input, 2, Tensor.Zeros(new Shape(3))));
        Assert.Throws<ArgumentOutOfRangeException>(() => context.GroupNorm(input, 2, epsilon: float.NaN));
    }

    private static void Check(Func<Context, Tensor[], Tensor> function, Func<double[][], double[]> reference, int seed, Shape shape, Shape own) =>
        new GradientCheck { Tolerance = 1e-3, OutputTolerance = 1e-4, MostElements = 80 }.Run(
            function,
            reference,
            seed,
            [shape, own, own],
            GradientCheck.Values(shape.Count, seed, 2f),
            GradientCheck.Values(own.Count, seed + 1, 0.5f, 1f),
            GradientCheck.Values(own.Count, seed + 2));
}
