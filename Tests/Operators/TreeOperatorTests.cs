using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public sealed class TreeOperatorTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 2)]
    [InlineData(3, 4)]
    public void Reach_matches_its_formula_and_differences(int samples, int depth)
    {
        int inner = (1 << depth) - 1;
        int nodes = (2 * inner) + 1;
        OperatorCheck.Run(
            [new Shape(samples, inner)],
            (context, inputs) => context.TreeReach(inputs[0]),
            inputs =>
            {
                double[] reach = new double[samples * nodes];
                for (int row = 0; row < samples; row++)
                {
                    reach[row * nodes] = 1;
                    for (int node = 1; node < nodes; node++)
                    {
                        double right = inputs[0][(row * inner) + ((node - 1) / 2)];
                        reach[(row * nodes) + node] = reach[(row * nodes) + ((node - 1) / 2)] * (node % 2 == 0 ? right : 1 - right);
                    }
                }

                return reach;
            },
            from: 0.05f,
            to: 0.95f);
    }

    [Fact]
    public void What_was_opened_is_counted_for_each_sample()
    {
        const int Features = 6;
        ComputeMeter meter = new();
        meter.Begin(2);
        Context context = new() { Meter = meter };
        Tensor weight = Tensor.Zeros(new Shape(7, Features));
        for (int node = 0; node < 7; node++)
        {
            weight.Span[node * Features] = 1;
        }

        Tensor input = Tensor.Zeros(new Shape(2, Features));
        input.Span[0] = 30;
        Selection leaves = context.TreeLeaf(input, weight, Tensor.Zeros(new Shape(7)));
        Assert.Equal(7, leaves.Row(0)[0]);
        Assert.Equal(0, leaves.Row(1)[0]);
        Assert.Equal(3 * Features, meter.ExecutedMacs(0));
        Assert.Equal(7 * Features, meter.ExecutedMacs(1));
        Assert.Equal(7 * Features, meter.DenseMacs(0));
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        Context context = new();
        Assert.Throws<ArgumentException>(() => context.TreeReach(Tensor.Zeros(new Shape(2, 4))));
        Assert.Throws<ArgumentException>(() => context.TreeLeaf(Tensor.Zeros(new Shape(2, 4)), Tensor.Zeros(new Shape(3, 5)), Tensor.Zeros(new Shape(3))));
        Assert.Throws<ArgumentOutOfRangeException>(() => context.TreeLeaf(Tensor.Zeros(new Shape(2, 4)), Tensor.Zeros(new Shape(3, 4)), Tensor.Zeros(new Shape(3)), 0));
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(0.25f)]
    [InlineData(0f)]
    public void A_scaled_gradient_is_that_of_the_identity_times_the_factor(float factor)
    {
        Context context = new();
        Tensor input = Tensor.From(new Shape(3), [1, -2, 3]);
        Assert.True(context.ScaleGradient(input, factor).SharesMemoryWith(input));
        Tape.Watch(input);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor output = context.ScaleGradient(input, factor);
        Assert.Equal(input.ToArray(), output.ToArray());
        Tensor sum = context.Sum(context.Add(context.Multiply(output, output), input));
        tape.Backward(sum);
        Assert.Equal([(factor * 2) + 1, (factor * -4) + 1, (factor * 6) + 1], Tape.GradientOf(input).ToArray());
    }
}
