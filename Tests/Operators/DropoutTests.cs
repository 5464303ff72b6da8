using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public sealed class DropoutTests
{
    [Fact]
    public void Gradient_is_that_of_the_kept_elements()
    {
        Shape shape = new(3, 5, 7);
        new GradientCheck { Mode = Mode.Train, Tolerance = 1e-3 }.Run(
            (context, inputs) => context.Dropout(inputs[0], 0.3f, context.Random.Stream("drop")),
            values =>
            {
                double[] y = new double[shape.Count];
                RandomStream noise = new RandomSource(0).Stream("drop");
                for (int i = 0; i < y.Length; i++)
                {
                    y[i] = noise.Uniform(0, i / 35, i % 35) < 0.3f ? 0 : values[0][i] / (1 - (double)0.3f);
                }

                return y;
            },
            1,
            [shape],
            GradientCheck.Values(shape.Count, 2));
    }

    [Fact]
    public void About_the_asked_share_is_dropped_and_the_mean_stays()
    {
        Context context = new() { Mode = Mode.Train, Step = 7 };
        Shape shape = new(10, 4000);
        float[] ones = new float[shape.Count];
        Array.Fill(ones, 1f);
        Tensor output = context.Dropout(context.Workspace.RentCopy(shape, ones), 0.25f, context.Random.Stream("x"));
        int dropped = 0;
        foreach (float value in output.Span)
        {
            Assert.True(value is 0f or 1f / 0.75f);
            dropped += value == 0f ? 1 : 0;
        }

        // Five standard deviations of a binomial: √(40000 · 0.25 · 0.75) ≈ 87.
        Assert.InRange(dropped, 10_000 - 435, 10_000 + 435);
    }

    [Fact]
    public void Noise_follows_the_sample_and_the_step()
    {
        Context context = new() { Mode = Mode.Train };
        Tensor input = context.Workspace.RentCopy(new Shape(3, 50), GradientCheck.Values(150, 5));
        RandomStream noise = context.Random.Stream("x");
        float[] first = context.Dropout(input, 0.5f, noise).ToArray();
        context.Samples = context.Workspace.Select(3, [2]);
        GradientCheck.SameBits(first.AsSpan(100, 50), context.Dropout(input.Rows(2, 1), 0.5f, noise).Span, "sample 2 alone");
        context.Samples = default;
        context.Step = 1;
        Assert.NotEqual(first, context.Dropout(input, 0.5f, noise).ToArray());
        context.Mode = Mode.Evaluate;
        Assert.True(context.Dropout(input, 0.5f, noise).SharesMemoryWith(input));
        Assert.Throws<ArgumentOutOfRangeException>(() => context.Dropout(input, 1f, noise));
        Assert.Throws<ArgumentOutOfRangeException>(() => context.Dropout(input, float.NaN, noise));
    }
}
