using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.SpatialWise.PixelLevel;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.SpatialWise;

/// <summary>
/// Layers that skip pixels, under masks that are empty, full, single pixels, checkerboards, borders, and different for each sample: active pixels have the bits of
/// the dense run. Residual blocks have tests of their own.
/// </summary>
public class AwkwardMaskTests
{
    private const int Height = 11;
    private const int Width = 10;
    private const int Channels = 6;
    private const int Pixels = Height * Width;

    public static TheoryData<string> Names() => [.. Masks.Names, "per sample"];

    [Theory]
    [MemberData(nameof(Names))]
    public void Low_cost_convolution(string name)
    {
        foreach (bool isFrozen in new[] { false, true })
        {
            bool[] masks = Make(name);
            LowCostConvolution layer = new(Channels, 7);
            layer.Initialize(new RandomSource(2));

            // The cheap convolution sees the first channel alone, and the expensive one all but it.
            Span<float> cheap = Find(layer, "cheap.conv.weight");
            cheap.Clear();
            cheap[0] = 1;
            Find(layer, "cheap.norm.bias")[0] = 0;
            Span<float> weight = Find(layer, "conv.weight");
            for (int o = 0; o < 7; o++)
            {
                weight.Slice(o * Channels * 9, 9).Clear();
            }

            Freeze(layer, isFrozen);
            float[] dense = Run(layer, Input(Filled(true)));
            float[] sparse = Run(layer, Input(masks), out ComputeMeter meter);
            CheckActive(masks, dense, sparse, 7, $"{name}, frozen {isFrozen}");
            for (int i = 0; i < sparse.Length; i++)
            {
                Assert.True(masks[i / 7] || sparse[i] == 0, $"{name}, frozen {isFrozen}: value {i} of a pixel that is left out is {sparse[i]}");
            }

            CheckCost(masks, meter, 7 * Channels * 9, Channels * Pixels);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Interpolated_convolution(string name)
    {
        foreach (bool isFrozen in new[] { false, true })
        {
            bool[] masks = Make(name);
            float[] dense = Run(Sampled(Filled(true), isFrozen), Input(Filled(true)));
            float[] sparse = Run(Sampled(masks, isFrozen), Input(Filled(true)), out ComputeMeter meter);
            bool[] sampled = new bool[masks.Length];
            for (int i = 0; i < masks.Length; i++)
            {
                int pixel = i % Pixels;
                sampled[i] = masks[i] || (pixel / Width % 3 == 0 && pixel % Width % 3 == 0);
            }

            CheckActive(sampled, dense, sparse, 5, $"{name}, frozen {isFrozen}");
            CheckCost(sampled, meter, 5 * Channels * 9, 6 * 25 * Pixels);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Spatial_halting(string name)
    {
        foreach (bool isFrozen in new[] { false, true })
        {
            bool[] masks = Make(name);
            SpatialHalting group = new(Channels, Channels, 2);
            group.Initialize(new RandomSource(2));

            // The first channel goes through the first unit as it is and decides there; nothing else reads it.
            Find(group, "unit0.second.conv.weight")[..(Channels * 9)].Clear();
            foreach (string first in (string[])["unit0.first.conv.weight", "unit1.conv1.weight"])
            {
                Span<float> weight = Find(group, first);
                for (int o = 0; o < Channels; o++)
                {
                    weight.Slice(o * Channels * 9, 9).Clear();
                }
            }

            Span<float> score = Find(group, "score0.conv.weight");
            score.Clear();
            score[4] = -30;
            Find(group, "score0.whole.weight").Clear();
            Find(group, "score0.bias")[0] = 15;
            Freeze(group, isFrozen);
            float[] dense = Run(group, Input(Filled(true)));
            float[] none = Run(group, Input(Filled(false)));
            float[] sparse = Run(group, Input(masks), out ComputeMeter meter);
            for (int i = 0; i < sparse.Length; i++)
            {
                // The deciding channel is itself part of the output.
                float expected = i % Channels == 0 ? sparse[i] : masks[i / Channels] ? dense[i] : none[i];
                Assert.Equal(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(sparse[i]));
            }

            for (int n = 0; n < Masks.Names.Length; n++)
            {
                long unit = 2L * Channels * Channels * 9;
                long least = (unit * Pixels) + (Channels * 9 * Pixels) + Channels;
                int active = masks.AsSpan(n * Pixels, Pixels).Count(true);
                Assert.InRange(meter.ExecutedMacs(n), least + (active * unit), least + (active == 0 ? 0 : unit * Pixels));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Changed_pixels(string name)
    {
        bool[] masks = Make(name);
        Sequential network = new(new ConvBlock(Channels, 16, 3), new ConvBlock(16, 9, 3, 2), new ConvBlock(9, 4, 1));
        network.Initialize(new RandomSource(2));
        network.Freeze(Limits.Default);
        DeltaStream stream = new(network, new Shape(Height, Width, Channels), streams: Masks.Names.Length);
        Tensor before = Input(Filled(false));
        Tensor after = Input(masks);
        _ = stream.Next(Exact(), before);
        GradientCheck.SameBits(Run(network, after), stream.Next(Exact(), after).ToArray(), name);
    }

    private static InterpolatedConvolution Sampled(bool[] masks, bool isFrozen)
    {
        InterpolatedConvolution layer = new(Channels, 5, new GivenMask(Height, Width, masks), 3, 3);
        layer.Initialize(new RandomSource(2));
        Freeze(layer, isFrozen);
        return layer;
    }

    private static void Freeze(Layer layer, bool isFrozen)
    {
        if (isFrozen)
        {
            layer.Freeze(Limits.Default);
        }
    }

    private static bool[] Make(string name)
    {
        if (name == "per sample")
        {
            return Masks.PerSample(Masks.Names.Length, Height, Width);
        }

        bool[] all = new bool[Masks.Names.Length * Pixels];
        for (int n = 0; n < Masks.Names.Length; n++)
        {
            Masks.Make(name, Height, Width).CopyTo(all, n * Pixels);
        }

        return all;
    }

    private static bool[] Filled(bool value)
    {
        bool[] mask = new bool[Masks.Names.Length * Pixels];
        Array.Fill(mask, value);
        return mask;
    }

    // The first channel is the mask, the others are the same whatever it is.
    private static Tensor Input(bool[] masks)
    {
        Tensor input = Tensor.Zeros(new Shape(Masks.Names.Length, Height, Width, Channels));
        new RandomSource(8).Stream("x").FillNormal(input.Span, 0, 0);
        for (int pixel = 0; pixel < masks.Length; pixel++)
        {
            input.Span[pixel * Channels] = masks[pixel] ? 1 : 0;
        }

        return input;
    }

    private static Span<float> Find(Layer layer, string name)
    {
        foreach ((string known, Parameter parameter) in layer.NamedParameters())
        {
            if (known == name)
            {
                return parameter.Value.Span;
            }
        }

        throw new ArgumentException($"There is no parameter {name}.", nameof(name));
    }

    private static Context Exact() => new() { Accuracy = Accuracy.Exact };

    private static float[] Run(Layer layer, Tensor input) => layer.Forward(Exact(), input).ToArray();

    private static float[] Run(Layer layer, Tensor input, out ComputeMeter meter)
    {
        Context context = Exact();
        context.Meter = meter = new ComputeMeter();
        meter.Begin(input.Shape[0]);
        return layer.Forward(context, input).ToArray();
    }

    private static void CheckActive(bool[] masks, float[] dense, float[] sparse, int channels, string what)
    {
        for (int pixel = 0; pixel < masks.Length; pixel++)
        {
            if (masks[pixel])
            {
                GradientCheck.SameBits(dense.AsSpan(pixel * channels, channels), sparse.AsSpan(pixel * channels, channels), $"{what}, pixel {pixel}");
            }
        }
    }

    private static void CheckCost(bool[] masks, ComputeMeter meter, long pixelMacs, long otherMacs)
    {
        for (int n = 0; n < Masks.Names.Length; n++)
        {
            Assert.Equal(otherMacs + (pixelMacs * masks.AsSpan(n * Pixels, Pixels).Count(true)), meter.ExecutedMacs(n));
        }
    }
}
