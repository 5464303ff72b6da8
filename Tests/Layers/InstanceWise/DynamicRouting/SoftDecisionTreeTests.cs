using System;
using FsCheck;
using FsCheck.Fluent;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicRouting;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.InstanceWise.DynamicRouting;

public sealed class SoftDecisionTreeTests
{
    [Fact]
    public void Path_probabilities_add_up_to_one() => Prop.ForAll(
        Gen.Choose(1, 7).Two().ToArbitrary(),
        sizes =>
        {
            SoftDecisionTree tree = Make(5, 3, sizes.Item1, 1, (ulong)sizes.Item2);
            Context context = new();
            Tensor paths = tree.PathProbabilities(context, Input(4, 5, sizes.Item2));
            for (int row = 0; row < 4; row++)
            {
                double sum = 0;
                foreach (float value in paths.Span.Slice(row << sizes.Item1, 1 << sizes.Item1))
                {
                    Assert.InRange(value, 0, 1);
                    sum += value;
                }

                Assert.Equal(1, sum, 1e-5);
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_tree_of_one_decision_is_its_formula()
    {
        SoftDecisionTree tree = Make(4, 3, 1, 1.5f, 3);
        Tensor input = Input(6, 4, 4);
        Context context = new() { Decisions = Engine.Execution.Decisions.Relaxed };
        float[] output = tree.Forward(context, input).ToArray();
        double[] left = Distribution(tree.LeafLogits.Value.Span[..3]);
        double[] right = Distribution(tree.LeafLogits.Value.Span[3..]);
        for (int row = 0; row < 6; row++)
        {
            double score = tree.Bias.Value.Span[0];
            for (int i = 0; i < 4; i++)
            {
                score += input.Span[(row * 4) + i] * tree.Weight.Value.Span[i];
            }

            double p = 1 / (1 + Math.Exp(-1.5 * score));
            for (int c = 0; c < 3; c++)
            {
                Assert.Equal(Math.Log(((1 - p) * left[c]) + (p * right[c])), output[(row * 3) + c], 1e-5);
            }
        }
    }

    [Fact]
    public void A_sure_tree_gives_the_same_soft_and_hard()
    {
        SoftDecisionTree tree = Make(5, 4, 4, 1e5f, 8);
        Tensor input = Input(9, 5, 1);
        Context context = new();
        float[] hard = tree.Forward(context, input).ToArray();
        context.Decisions = Engine.Execution.Decisions.Relaxed;
        float[] soft = tree.Forward(context, input).ToArray();
        for (int i = 0; i < hard.Length; i++)
        {
            Assert.Equal(hard[i], soft[i], 1e-4);
        }
    }

    [Fact]
    public void Balance_is_least_where_half_goes_each_way_and_pulls_there()
    {
        SoftDecisionTree even = Make(3, 2, 2, 1, 1);
        even.Weight.Value.Span.Clear();
        even.Bias.Value.Span.Clear();

        // Nodes at depth 0 and 1 weigh 1 and 1/2; each gives −log ½ there.
        Assert.Equal((1 + (2 * 0.5)) * Math.Log(2), Balance(even, out _), 1e-4);

        SoftDecisionTree askew = Make(3, 2, 1, 1, 1);
        askew.Weight.Value.Span.Clear();
        askew.Bias.Value.Span[0] = 2;
        double share = 1 / (1 + Math.Exp(-2));
        Assert.Equal(-0.5 * (Math.Log(share) + Math.Log(1 - share)), Balance(askew, out float slope), 1e-4);
        Assert.True(slope > 0, $"The bias of a decision that mostly goes right has slope {slope}; expected one above 0.");
    }

    [Fact]
    public void Beta_grows_while_training_only()
    {
        SoftDecisionTree tree = new(4, 3, 3, 4, 1);
        tree.Initialize(new RandomSource(1));
        Context context = new() { Decisions = Engine.Execution.Decisions.Relaxed, Mode = Mode.Train, Progress = 0 };
        Tensor input = Input(2, 4, 3);
        float[] first = tree.Forward(context, input).ToArray();
        context.Progress = 1;
        float[] last = tree.Forward(context, input).ToArray();
        context.Mode = Mode.Evaluate;
        context.Progress = 0;
        Assert.NotEqual(first, last);
        Assert.Equal(last, tree.Forward(context, input).ToArray());
    }

    private static double Balance(SoftDecisionTree tree, out float slope)
    {
        DecisionLedger ledger = new();
        Context context = new() { Decisions = Engine.Execution.Decisions.Relaxed, Ledger = ledger };
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        tree.Forward(context, Input(5, 3, 2));
        Assert.Equal("balance", ledger.Terms[0].Name);
        tape.Backward(ledger.Terms[0].Value);
        slope = tree.Bias.Gradient.Span[0];
        return ledger.Terms[0].Value.Span[0];
    }

    private static double[] Distribution(ReadOnlySpan<float> logits)
    {
        double[] values = new double[logits.Length];
        double sum = 0;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Math.Exp(logits[i]);
            sum += values[i];
        }

        return Array.ConvertAll(values, value => value / sum);
    }

    private static SoftDecisionTree Make(int features, int classes, int depth, float beta, ulong seed)
    {
        SoftDecisionTree tree = new(features, classes, depth, beta);
        tree.Initialize(new RandomSource(seed));
        return tree;
    }

    private static Tensor Input(int samples, int features, int seed) => Tensor.From(new Shape(samples, features), GradientCheck.Values(samples * features, seed));
}
