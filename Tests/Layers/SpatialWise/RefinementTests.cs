using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.SpatialWise.PixelLevel;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.SpatialWise;

/// <summary>Layers with a cheap pass everywhere and an expensive one where it is worth it.</summary>
public class RefinementTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    public void Where_the_cheap_sum_is_zero_nothing_is_computed_and_nothing_changes(int stride, int cheapKernel)
    {
        LowCostConvolution layer = new(6, 7, 3, stride, cheapKernel);
        layer.Initialize(new RandomSource(2));
        Tensor input = Input(3, 11, 8, 6);
        float[] relaxed = Run(layer, input, Engine.Execution.Decisions.Relaxed, null);
        Assert.Equal(relaxed, Run(layer, input, Engine.Execution.Decisions.Hard, null));
        layer.Freeze(Limits.Default);
        ComputeMeter meter = new();
        meter.Begin(3);
        float[] hard = Run(layer, input, Engine.Execution.Decisions.Hard, meter);
        GradientCheck.Near(Array.ConvertAll(relaxed, value => (double)value), hard, 1e-5, "frozen");
        Assert.Contains(0f, hard);
        Assert.True(meter.ExecutedMacs(0) < meter.DenseMacs(0));
    }

    [Fact]
    public void With_all_pixels_sampled_interpolation_is_the_convolution()
    {
        bool[] all = new bool[9 * 8];
        Array.Fill(all, true);
        InterpolatedConvolution layer = new(3, 4, new GivenMask(9, 8, all));
        layer.Initialize(new RandomSource(2));
        Tensor input = Input(2, 9, 8, 3);
        Conv2d conv = (Conv2d)layer.Children[1].Value;
        Assert.Equal(conv.Forward(new Context { Accuracy = Accuracy.Exact }, input).ToArray(), Run(layer, input, Engine.Execution.Decisions.Hard, null));
    }

    [Fact]
    public void Interpolated_pixels_are_means_of_the_samples_around_them()
    {
        InterpolatedConvolution layer = new(1, 1, new GivenMask(9, 9, new bool[81]), 1, 4);
        layer.Initialize(new RandomSource(2));
        Conv2d conv = (Conv2d)layer.Children[1].Value;
        conv.Weight.Value.Span.Fill(1);
        conv.Bias!.Value.Span.Clear();
        Tensor input = Input(1, 9, 9, 1);
        float[] output = Run(layer, input, Engine.Execution.Decisions.Hard, null);
        for (int pixel = 0; pixel < 81; pixel++)
        {
            double sum = 0;
            double total = 0;
            for (int other = 0; other < 81; other++)
            {
                int dy = (other / 9) - (pixel / 9);
                int dx = (other % 9) - (pixel % 9);
                if (other / 9 % 4 == 0 && other % 9 % 4 == 0 && Math.Abs(dy) < 4 && Math.Abs(dx) < 4)
                {
                    double weight = Math.Exp(-((dy * dy) + (dx * dx))) + 1e-6;
                    sum += weight * input.Span[other];
                    total += weight;
                }
            }

            bool isSample = pixel / 9 % 4 == 0 && pixel % 9 % 4 == 0;
            Assert.Equal(isSample ? input.Span[pixel] : sum / total, output[pixel], 4);
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(1)]
    public void The_least_certain_pixels_are_predicted_anew(int classes)
    {
        Tensor input = Input(2, 8, 12, 5);
        float[] none = Run(Points(classes, 0), input, Engine.Execution.Decisions.Hard, null);
        float[] all = Run(Points(classes, 1), input, Engine.Execution.Decisions.Hard, null);
        float[] some = Run(Points(classes, 0.25), input, Engine.Execution.Decisions.Hard, null);
        for (int sample = 0; sample < 2; sample++)
        {
            int refined = 0;
            double surest = 0;
            double leastSure = double.PositiveInfinity;
            for (int pixel = 0; pixel < 96; pixel++)
            {
                Span<float> coarse = none.AsSpan(((sample * 96) + pixel) * classes, classes);
                Span<float> own = some.AsSpan(((sample * 96) + pixel) * classes, classes);
                float[] sorted = coarse.ToArray();
                Array.Sort(sorted);
                double certainty = classes == 1 ? Math.Abs(sorted[0]) : sorted[^1] - sorted[^2];
                if (own.SequenceEqual(coarse))
                {
                    leastSure = Math.Min(leastSure, certainty);
                    continue;
                }

                refined++;
                surest = Math.Max(surest, certainty);
                Assert.True(own.SequenceEqual(all.AsSpan(((sample * 96) + pixel) * classes, classes)));
            }

            Assert.Equal(24, refined);
            Assert.True(surest <= leastSure);
        }
    }

    private static PointRefinement Points(int classes, double share)
    {
        PointRefinement layer = new(5, classes, 6, 4, share);
        layer.Initialize(new RandomSource(2));
        return layer;
    }

    private static float[] Run(Layer layer, Tensor input, Engine.Execution.Decisions decisions, ComputeMeter? meter) =>
        layer.Forward(new Context { Accuracy = Accuracy.Exact, Decisions = decisions, Meter = meter }, input).ToArray();

    private static Tensor Input(int samples, int height, int width, int channels)
    {
        Tensor input = Tensor.Zeros(new Shape(samples, height, width, channels));
        new RandomSource(8).Stream("x").FillNormal(input.Span, 0, 0);
        return input;
    }
}
