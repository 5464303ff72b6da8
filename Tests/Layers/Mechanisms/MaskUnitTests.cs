using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Mechanisms;
using Xunit;

namespace ManagedDyn.Tests.Layers.Mechanisms;

/// <summary>The rule that decides about pixels.</summary>
public class MaskUnitTests
{
    [Theory]
    [InlineData(1, 1, 7, 9)]
    [InlineData(1, 2, 7, 9)]
    [InlineData(2, 1, 10, 13)]
    [InlineData(2, 4, 19, 16)]
    [InlineData(1, 8, 20, 9)]
    public void Without_noise_the_relaxed_mask_is_the_hard_one(int stride, int granularity, int height, int width)
    {
        MaskUnit rule = Rule(stride, granularity);
        Tensor features = Features(3, height, width);
        int rows = (height + stride - 1) / stride;
        int columns = (width + stride - 1) / stride;
        Decision hard = rule.Decide(new Context(), features);
        Decision relaxed = rule.Decide(new Context { Decisions = Engine.Execution.Decisions.Relaxed }, features);
        Assert.Equal(3, hard.Selected.Rows);
        Assert.Equal(rows * columns, hard.Selected.Universe);
        Assert.Equal(hard.Selected.Indices.ToArray(), relaxed.Selected.Indices.ToArray());
        Assert.Equal(new Shape(3, rows, columns), relaxed.Scores.Shape);
        float[] mask = new float[3 * rows * columns];
        for (int row = 0; row < 3; row++)
        {
            foreach (int pixel in hard.Selected.Row(row))
            {
                mask[(row * rows * columns) + pixel] = 1;
            }
        }

        Assert.Equal(mask, relaxed.Scores.ToArray());
        for (int i = 0; i < mask.Length; i++)
        {
            int y = i / columns % rows / granularity * granularity;
            int x = i % columns / granularity * granularity;
            Assert.Equal(mask[(i / (rows * columns) * rows * columns) + (y * columns) + x], mask[i]);
        }
    }

    [Fact]
    public void Noise_depends_on_step_and_sample_and_ends_before_training_does()
    {
        MaskUnit rule = Rule(1, 1);
        Tensor features = Features(2, 12, 12);
        float[] plain = Scores(rule, features, Mode.Evaluate, 0, 0.5);
        float[] noisy = Scores(rule, features, Mode.Train, 1, 0.5);
        Assert.NotEqual(plain, noisy);
        Assert.Equal(noisy, Scores(rule, features, Mode.Train, 1, 0.5));
        Assert.NotEqual(noisy, Scores(rule, features, Mode.Train, 2, 0.5));
        Assert.Equal(plain, Scores(rule, features, Mode.Train, 1, 0.8));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 4)]
    public void All_pixels_are_active_in_a_dense_start_and_nowhere_else(int stride, int granularity)
    {
        MaskUnit usual = Rule(stride, granularity);
        MaskUnit patient = new(5, stride, granularity, denseShare: 0.25);
        patient.Initialize(new RandomSource(5));
        usual.Initialize(new RandomSource(5));
        Tensor features = Features(2, 21, 19);
        float[] start = Scores(patient, features, Mode.Train, 1, 0.2);
        Assert.Equal((21 + stride - 1) / stride * ((19 + stride - 1) / stride) * 2, start.Length);
        Assert.All(start, static score => Assert.Equal(1f, score));
        Assert.Equal(Scores(usual, features, Mode.Train, 1, 0.25), Scores(patient, features, Mode.Train, 1, 0.25));
        Assert.Equal(Scores(usual, features, Mode.Evaluate, 1, 0.2), Scores(patient, features, Mode.Evaluate, 1, 0.2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MaskUnit(4, denseShare: 1.5));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MaskUnit(4, denseShare: double.NaN));
    }

    [Fact]
    public void A_logit_of_zero_is_active_in_both_forms()
    {
        MaskUnit rule = new(3);
        Tensor features = Tensor.Zeros(new Shape(1, 4, 4, 3));
        Assert.Equal(16, rule.Decide(new Context(), features).Selected.Count);
        Assert.Equal(16, rule.Decide(new Context { Decisions = Engine.Execution.Decisions.Relaxed }, features).Selected.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(16)]
    public void Other_granularities_are_refused(int granularity) => Assert.Throws<ArgumentOutOfRangeException>(() => new MaskUnit(4, 1, granularity));

    private static float[] Scores(MaskUnit rule, Tensor features, Mode mode, long step, double progress) =>
        rule.Decide(new Context { Decisions = Engine.Execution.Decisions.Relaxed, Mode = mode, Step = step, Progress = progress }, features).Scores.ToArray();

    private static MaskUnit Rule(int stride, int granularity)
    {
        MaskUnit rule = new(5, stride, granularity);
        rule.Initialize(new RandomSource(2));
        return rule;
    }

    private static Tensor Features(int samples, int height, int width)
    {
        Tensor features = Tensor.Zeros(new Shape(samples, height, width, 5));
        new RandomSource(8).Stream("x").FillNormal(features.Span, 0, 0);
        return features;
    }
}
