using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Reduction;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public sealed class ReduceTests
{
    private enum Kind
    {
        Sum,
        Mean,
        Squares,
        Variance,
        UnbiasedVariance,
        Maximum,
    }

    [Fact]
    public void Every_reduction_over_every_range_matches_differences()
    {
        Shape shape = new(2, 3, 5, 11);
        float[] x = new float[shape.Count];

        // Distinct values far apart: the largest stays the largest when the differences move it.
        int[] order = new int[shape.Count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        new RandomSource(4).Stream("order").Shuffle(order, 0);
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = (order[i] - 150) / 64f;
        }

        for (int axis = 0; axis < 4; axis++)
        {
            for (int count = 1; count <= 4 - axis; count++)
            {
                foreach (Kind kind in Enum.GetValues<Kind>())
                {
                    AxisRange range = new(shape, axis, count);
                    new GradientCheck { Tolerance = 3e-4, MostElements = 30 }.Run(
                        (context, inputs) => Apply(context, kind, inputs[0], axis, count),
                        values => Reference(kind, values[0], range),
                        (100 * axis) + (10 * count) + (int)kind,
                        [shape],
                        x);
                }
            }
        }
    }

    [Fact]
    public void Long_sums_are_close_and_do_not_depend_on_threads()
    {
        Shape shape = new(2, 70_000, 3);
        float[] x = GradientCheck.Values(shape.Count, 8, 1f, 0.5f);
        using Workers workers = new(3);
        Context one = new();
        Context three = new(workers);
        foreach ((int axis, int count) in new[] { (0, 3), (1, 1), (0, 2), (1, 2) })
        {
            AxisRange range = new(shape, axis, count);
            Tensor sum = one.Sum(one.Workspace.RentCopy(shape, x), axis, count);
            Tensor parallel = three.Sum(three.Workspace.RentCopy(shape, x), axis, count);
            GradientCheck.SameBits(sum.Span, parallel.Span, $"axis {axis}, {count}");
            double[] expected = Reference(Kind.Sum, Array.ConvertAll(x, v => (double)v), range);
            GradientCheck.Near(expected, sum.Span, 1e-6, $"axis {axis}, {count}");
        }

        double[] squares = Reference(Kind.Squares, Array.ConvertAll(x, v => (double)v), new AxisRange(shape, 0, 3));
        GradientCheck.Near(squares, three.SumOfSquares(three.Workspace.RentCopy(shape, x)).Span, 1e-6, "squares");
    }

    [Fact]
    public void Large_tensors_have_the_gradient_of_small_ones()
    {
        Shape shape = new(3, 30_000);
        float[] x = GradientCheck.Values(shape.Count, 9);
        new GradientCheck { Tolerance = 1e-3, MostElements = 4 }.Run(
            (context, inputs) => context.Variance(inputs[0], 0, 2, correction: 1),
            values => Reference(Kind.UnbiasedVariance, values[0], new AxisRange(shape, 0, 2)),
            2,
            [shape],
            x);
    }

    [Fact]
    public void Shapes_keep_or_lose_what_is_reduced()
    {
        Context context = new();
        Tensor input = Tensor.Zeros(new Shape(2, 3, 5, 7));
        Assert.Equal(new Shape(2, 7), context.Mean(input, 1, 2).Shape);
        Assert.Equal(new Shape(2, 1, 1, 7), context.Mean(input, 1, 2, keep: true).Shape);
        Assert.Equal(new Shape(2, 3, 5), context.Max(input, -1).Shape);
        Assert.Equal(new Shape(1), context.Sum(input).Shape);
        Assert.Equal(new Shape(1), context.Mean(input).Shape);
        Assert.Throws<ArgumentException>(() => context.Sum(input, 3, 2));
        Assert.Throws<ArgumentException>(() => context.Sum(input, -5));
        Assert.Throws<ArgumentException>(() => context.Sum(input, 0, 0));
        Assert.Throws<ArgumentException>(() => context.Mean(Tensor.Zeros(new Shape(2, 0)), 1));
        Assert.Throws<ArgumentException>(() => context.Variance(Tensor.Zeros(new Shape(2, 1)), 1, correction: 1));
    }

    [Fact]
    public void The_first_of_equals_and_nan_are_the_largest()
    {
        Context context = new();
        int[] places = new int[3];
        context.ArgMax(Tensor.From(new Shape(3, 3), [1f, 4f, 4f, float.NaN, 9f, float.NaN, -2f, -1f, -3f]), places);
        Assert.Equal([1, 0, 1], places);
        Tensor columns = context.Max(Tensor.From(new Shape(3, 2), [1f, float.NaN, 5f, 2f, 3f, 7f]), 0);
        Assert.Equal(5f, columns.Span[0]);
        Assert.True(float.IsNaN(columns.Span[1]));
        Assert.Throws<ArgumentException>(() => context.ArgMax(Tensor.Zeros(new Shape(2, 3)), new int[3]));
    }

    private static Tensor Apply(Context context, Kind kind, Tensor input, int axis, int count) => kind switch
    {
        Kind.Sum => context.Sum(input, axis, count),
        Kind.Mean => context.Mean(input, axis, count, keep: true),
        Kind.Squares => context.SumOfSquares(input, axis, count),
        Kind.Variance => context.Variance(input, axis, count),
        Kind.UnbiasedVariance => context.Variance(input, axis, count, correction: 1, keep: true),
        _ => context.Max(input, axis, count),
    };

    private static double[] Reference(Kind kind, double[] x, AxisRange range)
    {
        double[] y = new double[range.Outer * range.Inner];
        int block = range.Length * range.Inner;
        for (int i = 0; i < y.Length; i++)
        {
            int column = i % range.Inner;
            ReadOnlySpan<double> own = x.AsSpan(i / range.Inner * block, block);
            double mean = AxisSum.Reference(own, range.Inner, column, 0, isSquare: false) / range.Length;
            double largest = double.NegativeInfinity;
            for (int k = column; k < own.Length; k += range.Inner)
            {
                largest = Math.Max(largest, own[k]);
            }

            y[i] = kind switch
            {
                Kind.Sum => mean * range.Length,
                Kind.Mean => mean,
                Kind.Squares => AxisSum.Reference(own, range.Inner, column, 0, isSquare: true),
                Kind.Variance => AxisSum.Reference(own, range.Inner, column, mean, isSquare: true) / range.Length,
                Kind.UnbiasedVariance => AxisSum.Reference(own, range.Inner, column, mean, isSquare: true) / (range.Length - 1),
                _ => largest,
            };
        }

        return y;
    }
}
