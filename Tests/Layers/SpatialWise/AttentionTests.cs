using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.SpatialWise.RegionLevel;
using ManagedDyn.Layers.Training.Objectives;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.SpatialWise;

public sealed class AttentionTests
{
    [Fact]
    public void Boxes_stay_within_the_image_and_the_sizes_asked_for()
    {
        AttentionCrop crop = new(4, 3, 3, 0.2f, 0.6f);
        crop.Initialize(new RandomSource(1));
        Context context = new();
        Tensor features = Tensor.From(new Shape(64, 4), Array.ConvertAll(GradientCheck.Values(256, 4), value => 20 * value));
        ReadOnlySpan<float> boxes = crop.Locate(context, features).Span;
        for (int n = 0; n < 64; n++)
        {
            float half = boxes[(3 * n) + 2];
            Assert.InRange(half, 0.2f, 0.6f);
            Assert.InRange(MathF.Abs(boxes[3 * n]) + half, 0, 1.0001f);
            Assert.InRange(MathF.Abs(boxes[(3 * n) + 1]) + half, 0, 1.0001f);
        }
    }

    [Fact]
    public void A_zoom_is_the_masked_image_read_within_its_box()
    {
        const int Height = 7;
        const int Width = 6;
        const float Steepness = 1.5f;
        AttentionCrop crop = new(4, 4, 5, 0.2f, 0.9f, Steepness);
        Context context = new();
        float[] values = GradientCheck.Values(Height * Width, 4);
        float[] box = [0.1f, -0.2f, 0.5f];
        Tensor zoom = crop.Zoom(context, Tensor.From(new Shape(1, Height, Width, 1), values), Tensor.From(new Shape(1, 3), box));
        double Mask(double place, double center, int extent) =>
            Sigmoid(0.5 * Steepness * extent * (place - center + box[2])) - Sigmoid(0.5 * Steepness * extent * (place - center - box[2]));
        double Pixel(int y, int x) => y < 0 || x < 0 || y >= Height || x >= Width ? 0 : values[(y * Width) + x]
            * Mask((((2.0 * x) + 1) / Width) - 1, box[0], Width) * Mask((((2.0 * y) + 1) / Height) - 1, box[1], Height);
        for (int i = 0; i < 4; i++)
        {
            for (int j = 0; j < 5; j++)
            {
                double x = ((((box[0] + (box[2] * ((((2.0 * j) + 1) / 5) - 1))) + 1) * Width) - 1) / 2;
                double y = ((((box[1] + (box[2] * ((((2.0 * i) + 1) / 4) - 1))) + 1) * Height) - 1) / 2;
                int left = (int)Math.Floor(x);
                int top = (int)Math.Floor(y);
                double expected = ((1 - (y - top)) * (((1 - (x - left)) * Pixel(top, left)) + ((x - left) * Pixel(top, left + 1))))
                    + ((y - top) * (((1 - (x - left)) * Pixel(top + 1, left)) + ((x - left) * Pixel(top + 1, left + 1))));
                Assert.Equal(expected, zoom.Span[(i * 5) + j], 2e-5);
            }
        }
    }

    [Fact]
    public void Its_gradient_reaches_the_box()
    {
        AttentionCrop crop = new(4, 4, 5, 0.2f, 0.9f);
        Shape image = new(2, 7, 6, 2);
        new GradientCheck { Tolerance = 3e-2, Step = 2e-4 }.Run(
            (context, inputs) => crop.Zoom(context, inputs[0], inputs[1]),
            null,
            3,
            [image, new Shape(2, 3)],
            GradientCheck.Values(image.Count, 2),
            [0.11f, -0.23f, 0.47f, -0.31f, 0.17f, 0.61f]);
    }

    [Fact]
    public void A_glimpse_sees_its_patches_and_zeros_beyond_the_border()
    {
        GlimpseSensor sensor = new(1, 2, 2, 3);
        Context context = new();
        float[] values = GradientCheck.Values(8 * 8, 4);
        Tensor image = Tensor.From(new Shape(1, 8, 8, 1), values);

        // Around the corner of four pixels: rows and columns 2 and 3, and 1 to 4 averaged.
        Tensor seen = sensor.Look(context, image, Tensor.From(new Shape(1, 2), [-0.25f, -0.25f]));
        Assert.Equal(new Shape(1, 2, 2, 2), seen.Shape);
        for (int i = 0; i < 2; i++)
        {
            for (int j = 0; j < 2; j++)
            {
                Assert.Equal(values[((2 + i) * 8) + 2 + j], seen.Span[((i * 2) + j) * 2], 1e-5);
                int at = ((1 + (2 * i)) * 8) + 1 + (2 * j);
                Assert.Equal(0.25 * (values[at] + values[at + 1] + values[at + 8] + values[at + 9]), seen.Span[(((i * 2) + j) * 2) + 1], 1e-5);
            }
        }

        Tensor corner = sensor.Look(context, image, Tensor.From(new Shape(1, 2), [-1, -1]));
        Assert.Equal(0, corner.Span[0], 1e-5);
        Assert.Equal(values[0], corner.Span[6], 1e-5);
    }

    [Fact]
    public void A_place_that_is_drawn_tells_its_probability()
    {
        const float Deviation = 0.3f;
        LocationPolicy policy = new(3, Deviation);
        policy.Initialize(new RandomSource(5));
        policy.AssignNumbers();
        Tensor hidden = Tensor.From(new Shape(5, 3), GradientCheck.Values(15, 2));
        Context hard = new();
        Decision sure = policy.Decide(hard, hidden, new Shape(5, 9, 7, 1), 0, out Tensor mean);
        Assert.False(sure.LogProbabilities.Exists);
        Context relaxed = new() { Decisions = Engine.Execution.Decisions.Relaxed };
        Decision drawn = policy.Decide(relaxed, hidden, new Shape(5, 9, 7, 1), 0, out Tensor place);
        for (int n = 0; n < 5; n++)
        {
            double square = 0;
            bool isClipped = false;
            for (int i = 2 * n; i < (2 * n) + 2; i++)
            {
                square += Math.Pow(place.Span[i] - mean.Span[i], 2);
                isClipped |= MathF.Abs(place.Span[i]) >= 1;
            }

            Assert.True(square > 0);
            double chance = -square / (2 * Deviation * Deviation);
            Assert.True(isClipped ? drawn.LogProbabilities.Span[n] <= chance + 1e-5 : Math.Abs(chance - drawn.LogProbabilities.Span[n]) < 1e-5);
            int pixel = ((int)((place.Span[(2 * n) + 1] + 1) / 2 * 9) * 7) + (int)((place.Span[2 * n] + 1) / 2 * 7);
            Assert.Equal(isClipped ? drawn.Selected.Row(n)[0] : pixel, drawn.Selected.Row(n)[0]);
        }
    }

    [Fact]
    public void Ranked_exits_pay_for_being_less_sure_than_before()
    {
        Context context = new();
        float[][] p = [[0.5f, 0.9f], [0.6f, 0.7f], [0.62f, 0.9f]];
        Tensor[] logits = Array.ConvertAll(p, row => Tensor.From(new Shape(2, 2), [MathF.Log(row[0]), MathF.Log(1 - row[0]), MathF.Log(1 - row[1]), MathF.Log(row[1])]));
        float[] losses = new float[3];
        float plain = new MultiExitObjective().Compute(context, logits, [0, 1], losses).Span[0];
        float ranked = new RankedExits(new MultiExitObjective(), 2, 0.05f).Compute(context, logits, [0, 1], losses).Span[0];
        double expected = 2 * (0.5 * (0 + 0.25) + (0.5 * (0.03 + 0)));
        Assert.Equal(expected, ranked - plain, 1e-5);
    }

    private static double Sigmoid(double value) => 1 / (1 + Math.Exp(-value));
}
