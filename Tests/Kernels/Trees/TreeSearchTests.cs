using System;
using ManagedDyn.Engine.Kernels.Trees;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Kernels.Trees;

public sealed class TreeSearchTests
{
    [Theory]
    [InlineData(1, 1, 1f)]
    [InlineData(1, 7, 2f)]
    [InlineData(3, 8, 1f)]
    [InlineData(4, 9, 0.2f)]
    [InlineData(6, 33, 5f)]
    [InlineData(8, 67, 1f)]
    public void The_leaf_is_that_of_the_greatest_path_probability_and_no_decision_is_computed_twice(int depth, int features, float beta)
    {
        int inner = (1 << depth) - 1;
        float[] weight = GradientCheck.Values(inner * features, depth);
        float[] bias = GradientCheck.Values(inner, depth + 50);
        for (int seed = 0; seed < 20; seed++)
        {
            float[] input = GradientCheck.Values(features, 100 + seed);
            double[] reach = Reach(input, weight, bias, beta);
            int leaf = TreeSearch.Run(input, weight, bias, beta, new int[inner + 1], new float[inner + 1], out float probability, out int opened);
            double best = 0;
            foreach (double value in reach.AsSpan(inner))
            {
                best = Math.Max(best, value);
            }

            Assert.Equal(best, probability, 1e-5 * best);
            Assert.Equal(best, reach[inner + leaf], 1e-5 * best);
            Assert.InRange(opened, depth, inner);
        }
    }

    [Fact]
    public void A_sure_tree_opens_one_node_a_level_and_equals_go_left()
    {
        const int Depth = 5;
        int inner = (1 << Depth) - 1;
        float[] bias = new float[inner];
        Array.Fill(bias, 50);
        int leaf = TreeSearch.Run([1f], new float[inner], bias, 1, new int[inner + 1], new float[inner + 1], out _, out int opened);
        Assert.Equal(inner, leaf);
        Assert.Equal(Depth, opened);
        Assert.Equal(0, TreeSearch.Run([1f], new float[inner], new float[inner], 1, new int[inner + 1], new float[inner + 1], out float probability, out _));
        Assert.Equal(1f / 32, probability);
    }

    [Fact]
    public void Operands_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => TreeSearch.Run(new float[3], new float[6], new float[2], 1, new int[3], new float[3], out _, out _));
        Assert.Throws<ArgumentException>(() => TreeSearch.Run(new float[3], new float[8], new float[3], 1, new int[4], new float[4], out _, out _));
        Assert.Throws<ArgumentException>(() => TreeSearch.Run(new float[3], new float[9], new float[3], 1, new int[3], new float[4], out _, out _));
    }

    private static double[] Reach(float[] input, float[] weight, float[] bias, float beta)
    {
        double[] reach = new double[(2 * bias.Length) + 1];
        reach[0] = 1;
        for (int node = 0; node < bias.Length; node++)
        {
            double sum = bias[node];
            for (int i = 0; i < input.Length; i++)
            {
                sum += (double)input[i] * weight[(node * input.Length) + i];
            }

            double right = 1 / (1 + Math.Exp(-beta * sum));
            reach[(2 * node) + 1] = reach[node] * (1 - right);
            reach[(2 * node) + 2] = reach[node] * right;
        }

        return reach;
    }
}
