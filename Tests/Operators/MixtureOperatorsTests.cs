using System;
using System.Linq;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Operators;

/// <summary>The operators of mixtures of experts against their formulas in double precision.</summary>
public class MixtureOperatorsTests
{
    private const int Samples = 5;
    private const int Width = 11;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Mixture_sums_weigh_each_row_by_its_experts(int seed)
    {
        int[][] rows = [[0, 2, 3], [], [0, 1, 2, 3, 4], [4]];
        Shape[] shapes = [new(Samples, 4), new(Samples, Width), new(3, Width), new(5, Width), new(1, Width)];
        OperatorCheck.Run(
            shapes,
            (context, inputs) =>
            {
                MixtureSum sum = new(context, inputs[0], new Shape(Samples, Width), inputs[1]);
                sum.Add(inputs[2], context.Workspace.Select(Samples, rows[0]), 0);
                sum.Add(inputs[3], Selection.All(1, Samples), 2);
                sum.Add(inputs[4], context.Workspace.Select(Samples, rows[3]), 3);
                return sum.Finish();
            },
            inputs =>
            {
                double[] expected = (double[])inputs[1].Clone();
                int[] parts = [2, 0, 3, 4];
                for (int e = 0; e < rows.Length; e++)
                {
                    for (int place = 0; place < rows[e].Length; place++)
                    {
                        for (int i = 0; i < Width; i++)
                        {
                            expected[(rows[e][place] * Width) + i] += inputs[0][(rows[e][place] * 4) + e] * inputs[parts[e]][(place * Width) + i];
                        }
                    }
                }

                return expected;
            },
            seed);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(6)]
    public void Top_softmax_is_the_softmax_of_what_is_kept(int count)
    {
        const int Classes = 6;
        Shape shape = new(4, Classes);
        bool[] kept = new bool[shape.Count];
        RandomStream random = new RandomSource(7).Stream("kept");
        for (int row = 0; row < 4; row++)
        {
            int[] order = [0, 1, 2, 3, 4, 5];
            random.Shuffle(order, row);
            foreach (int c in order.Take(count))
            {
                kept[(row * Classes) + c] = true;
            }
        }

        OperatorCheck.Run(
            [shape],
            (context, inputs) => context.TopSoftmax(inputs[0], context.Workspace.SelectMask(4, Classes, kept)),
            inputs =>
            {
                double[] expected = new double[shape.Count];
                for (int row = 0; row < 4; row++)
                {
                    int[] own = [.. Enumerable.Range(row * Classes, Classes).Where(place => kept[place])];
                    double sum = own.Sum(place => Math.Exp(inputs[0][place]));
                    foreach (int place in own)
                    {
                        expected[place] = Math.Exp(inputs[0][place]) / sum;
                    }
                }

                return expected;
            },
            count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Load_is_the_probability_to_be_chosen_with_new_noise(int count)
    {
        const int Experts = 5;
        Shape shape = new(3, Experts);
        GradientCheck check = new() { Tolerance = 1e-3 };
        check.Run(
            (context, inputs) => context.ExpertLoad(inputs[0], inputs[1], inputs[2], count),
            inputs =>
            {
                double[] expected = new double[shape.Count];
                for (int place = 0; place < expected.Length; place++)
                {
                    int first = place / Experts * Experts;
                    double[] others = [.. Enumerable.Range(first, Experts).Where(other => other != place).Select(other => inputs[1][other]).OrderDescending()];
                    expected[place] = Normal((inputs[0][place] - others[count - 1]) / inputs[2][place]);
                }

                return expected;
            },
            count,
            [shape, shape, shape],
            GradientCheck.Values(shape.Count, 1),
            GradientCheck.Values(shape.Count, 2),
            GradientCheck.Values(shape.Count, 3, 0.4f, 1f));
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        Context context = new();
        Tensor weights = Tensor.Zeros(new Shape(2, 3));
        Assert.Throws<ArgumentException>(() => new MixtureSum(context, weights, new Shape(3, 4)));
        Assert.Throws<ArgumentException>(() => new MixtureSum(context, weights, new Shape(2, 4), Tensor.Zeros(new Shape(2, 5))));
        Assert.Throws<ArgumentException>(() => new MixtureSum(context, weights, new Shape(2, 4)).Add(Tensor.Zeros(new Shape(1, 4)), Selection.All(1, 2), 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MixtureSum(context, weights, new Shape(2, 4)).Add(Tensor.Zeros(new Shape(2, 4)), Selection.All(1, 2), 3));
        Assert.Throws<ArgumentException>(() => context.TopSoftmax(weights, context.Workspace.Select(3, [0, 1], [0])));
        Assert.Throws<ArgumentException>(() => context.ExpertLoad(weights, weights, weights, 3));
        Assert.Throws<ArgumentException>(() => context.ExpertLoad(weights, Tensor.Zeros(new Shape(2, 4)), weights, 1));
    }

    // Φ by Simpson's rule from 0, for |x| below 12.
    private static double Normal(double x)
    {
        const int Steps = 4000;
        double step = x / Steps;
        double sum = 0;
        for (int i = 0; i <= Steps; i++)
        {
            double weight = i is 0 or Steps ? 1 : i % 2 == 1 ? 4 : 2;
            sum += weight * Math.Exp(-0.5 * i * step * i * step);
        }

        return 0.5 + (sum * step / 3 / Math.Sqrt(2 * Math.PI));
    }
}
