using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicRouting;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.InstanceWise.DynamicRouting;

public sealed class DecisionForestTests
{
    private const int Trees = 3;
    private const int Classes = 4;

    [Theory]
    [InlineData(Engine.Execution.Decisions.Relaxed)]
    [InlineData(Engine.Execution.Decisions.Hard)]
    public void A_forest_is_the_mean_of_its_trees(Engine.Execution.Decisions decisions)
    {
        DecisionForest forest = new(6, Classes, Trees, 3, 2);
        forest.Initialize(new RandomSource(3));
        Tensor input = Tensor.From(new Shape(5, 6), GradientCheck.Values(30, 2, 2f));
        Context context = new() { Decisions = decisions };
        double[] expected = new double[5 * Classes];
        for (int tree = 0; tree < Trees; tree++)
        {
            ReadOnlySpan<float> logs = ((Layer)forest.Children[tree].Value).Forward(context, input).Span;
            for (int i = 0; i < expected.Length; i++)
            {
                expected[i] += Math.Exp(logs[i]) / Trees;
            }
        }

        GradientCheck.Near(Array.ConvertAll(expected, Math.Log), forest.Forward(context, input).Span, 1e-4, "forest");
    }
}
