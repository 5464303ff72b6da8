using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicRouting;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.InstanceWise.DynamicRouting;

public sealed class AdaptiveTreeTests
{
    private const int Samples = 10;
    private static readonly Shape Batch = new(Samples, 8, 7, 2);
    private static readonly int[] Nodes = [-2, -1, 1, 0, 2];

    [Fact]
    public void Probabilities_add_up_to_one_on_many_paths()
    {
        Context context = new() { Decisions = Engine.Execution.Decisions.Relaxed };
        float[] output = Make(1).Forward(context, Input(1)).ToArray();
        for (int sample = 0; sample < Samples; sample++)
        {
            double sum = 0;
            foreach (float value in output.AsSpan(sample * 3, 3))
            {
                sum += Math.Exp(value);
            }

            Assert.Equal(1, sum, 1e-5);
        }
    }

    [Fact]
    public void Sure_routers_give_the_same_on_one_path_as_on_many_and_cost_less()
    {
        bool differs = false;
        for (ulong seed = 1; seed <= 8; seed++)
        {
            AdaptiveTree tree = Make(seed);
            foreach ((string path, Parameter parameter) in tree.NamedParameters())
            {
                if (path.EndsWith("router.2.weight", StringComparison.Ordinal))
                {
                    foreach (ref float value in parameter.Value.Span)
                    {
                        value *= 1e5f;
                    }
                }
            }

            differs |= CompareWays(tree, Input((int)seed));
        }

        Assert.True(differs, "No two samples went different ways; the test says nothing.");
    }

    [Fact]
    public void Shapes_are_read_back_and_grow_at_the_leaf_told()
    {
        TreeNodeShape shape = TreeNodeShape.Parse(Nodes);
        Assert.Equal(Nodes, shape.ToNodes());
        Assert.Equal(3, shape.LeafCount);
        Assert.Equal(5, shape.NodeCount);
        Assert.Equal([-2, -1, 1, 0, -3, 1, 1], shape.Split(2).ToNodes());
        Assert.Equal([-2, -1, -2, 1, 1, 0, 2], shape.Split(0).ToNodes());
        Assert.Equal([-2, -1, 1, 1, 2], shape.Extend(1).ToNodes());
        Assert.Throws<ArgumentOutOfRangeException>(() => shape.Split(3));
    }

    [Theory]
    [InlineData]
    [InlineData(-1)]
    [InlineData(-1, 0)]
    [InlineData(0, 0)]
    [InlineData(33)]
    [InlineData(-34, 0, 0)]
    [InlineData(int.MinValue, 0, 0)]
    public void What_is_no_tree_is_refused(params int[] nodes) => Assert.ThrowsAny<ArgumentException>(() => TreeNodeShape.Parse(nodes));

    [Fact]
    public void A_tree_too_deep_is_refused()
    {
        int[] nodes = new int[201];
        Array.Fill(nodes, -1, 0, 100);
        Assert.Throws<ArgumentException>(() => TreeNodeShape.Parse(nodes));
    }

    private static bool CompareWays(AdaptiveTree tree, Tensor input)
    {
        Context context = new() { Decisions = Engine.Execution.Decisions.Relaxed };
        float[] many = tree.Forward(context, input).ToArray();
        ComputeMeter meter = new();
        meter.Begin(Samples);
        DecisionLedger ledger = new() { KeepsChoices = true };
        ledger.Begin();
        context.Decisions = Engine.Execution.Decisions.Hard;
        context.Meter = meter;
        context.Ledger = ledger;
        float[] one = tree.Forward(context, input).ToArray();
        long dense = tree.CountMacs(Batch.With(0, 1));
        bool differs = false;
        for (int sample = 0; sample < Samples; sample++)
        {
            double sum = 0;
            foreach (float value in one.AsSpan(sample * 3, 3))
            {
                sum += Math.Exp(value);
            }

            for (int c = 0; c < 3; c++)
            {
                Assert.Equal(one[(sample * 3) + c] - Math.Log(sum), many[(sample * 3) + c], 1e-4);
            }

            Assert.InRange(meter.ExecutedMacs(sample), 1, dense - 1);
            Assert.Equal(dense, meter.DenseMacs(sample));
            differs |= meter.ExecutedMacs(sample) != meter.ExecutedMacs(0);
        }

        // Every sample meets the first router, and those that go left the second.
        Assert.InRange(ledger.Choices.Length, differs ? Samples + 1 : Samples, differs ? (2 * Samples) - 1 : 2 * Samples);
        return differs;
    }

    private static AdaptiveTree Make(ulong seed)
    {
        AdaptiveTree tree = new(2, 3, TreeNodeShape.Parse(Nodes), 4, 3, 1);
        tree.Initialize(new RandomSource(seed));
        tree.AssignNumbers();
        return tree;
    }

    private static Tensor Input(int seed)
    {
        float[] values = GradientCheck.Values(Batch.Count, seed, 1);
        int length = Batch.ProductFrom(1);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] += MathF.Sin((i / length) + (i % 2));
        }

        return Tensor.From(Batch, values);
    }
}
