using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicWidth;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.InstanceWise.DynamicWidth;

/// <summary>What layers with chosen channels or neurons promise beyond the laws of all layers: everything chosen is the static layer.</summary>
public class ChannelChoiceTests
{
    private const int Ins = 16;
    private const int Outs = 32;
    private static readonly Shape Batch = new(3, 7, 6, Ins);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Boosting_all_channels_is_the_static_block_times_saliencies(bool isFrozen)
    {
        BoostedConvBlock boosted = new(Ins, Outs, 3, density: 1);
        ConvBlock block = new(Ins, Outs, 3);
        Fill(boosted);
        Copy(boosted, block, "block.", string.Empty);

        // Saliencies of exactly 1.
        Find(boosted, "saliency.weight").Value.Span.Clear();
        Find(boosted, "saliency.bias").Value.Span.Fill(1);
        Same(block, boosted, isFrozen);
    }

    [Theory]
    [InlineData(1, 8)]
    [InlineData(8, 2)]
    public void Winners_are_what_the_static_block_gives_them_and_the_rest_is_zero(int groupSize, int winners)
    {
        BoostedConvBlock boosted = new(Ins, Outs, 3, density: winners * groupSize / (float)Outs, groupSize: groupSize);
        ConvBlock block = new(Ins, Outs, 3);
        Fill(boosted);
        Copy(boosted, block, "block.", string.Empty);
        Find(boosted, "saliency.bias").Value.Span.Fill(3);
        boosted.Freeze(Limits.Default);
        block.Freeze(Limits.Default);
        Assert.Equal(winners, boosted.Winners);
        Context context = new() { Accuracy = Accuracy.Exact, Meter = new ComputeMeter() };
        context.Meter.Begin(3);
        float[] wide = boosted.Forward(context, Input()).ToArray();
        float[] dense = block.Forward(new Context { Accuracy = Accuracy.Exact }, Input()).ToArray();
        Tensor compact = boosted.ForwardCompact(new Context { Accuracy = Accuracy.Exact }, Input(), default, out Selection chosen);
        Assert.Equal(winners * groupSize, compact.Shape[3]);
        int zeros = 0;
        for (int i = 0; i < wide.Length; i++)
        {
            (int sample, int channel) = (i / (42 * Outs), i % Outs);
            int place = chosen.Row(sample).IndexOf(channel);
            zeros += wide[i] == 0 ? 1 : 0;
            Assert.True(place >= 0 || wide[i] == 0);
            if (place >= 0)
            {
                Assert.Equal(wide[i], compact.Span[(i / Outs * compact.Shape[3]) + place]);
                Assert.Equal(dense[i] == 0, wide[i] == 0);
            }
        }

        Assert.True(zeros >= wide.Length * (Outs - (winners * groupSize)) / Outs);
        Assert.Equal((long)42 * 9 * Ins * winners * groupSize, context.Meter.ExecutedMacs(0) - (Ins * Outs));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_full_width_of_a_slimmable_block_is_the_static_block(bool isFrozen)
    {
        SlimmableConvBlock slim = new([8, Ins], [8, 24, Outs], 3);
        ConvBlock block = new(Ins, Outs, 3);
        Fill(slim);
        Find(slim, "weight").Value.Span.CopyTo(Find(block, "conv.weight").Value.Span);
        Copy(slim, block, "norm2.", "norm.");
        Same(block, slim, isFrozen);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_narrow_width_is_the_block_of_the_first_channels(bool isFrozen)
    {
        SlimmableConvBlock slim = new([8, Ins], [8, 24, Outs], 3, 2);
        ConvBlock block = new(8, 24, 3, 2);
        Fill(slim);
        Span<float> weight = Find(slim, "weight").Value.Span;
        for (int o = 0; o < 24; o++)
        {
            weight.Slice(o * Ins * 9, 8 * 9).CopyTo(Find(block, "conv.weight").Value.Span.Slice(o * 8 * 9));
        }

        Copy(slim, block, "norm1.", "norm.");
        if (isFrozen)
        {
            slim.Freeze(Limits.Default);
            block.Freeze(Limits.Default);
        }

        Shape shape = new(3, 7, 6, 8);
        Tensor input = Tensor.From(shape, GradientCheck.Values(shape.Count, 5));
        GradientCheck.SameBits(
            block.Forward(new Context(), input).ToArray(), slim.Forward(new Context(), input, 0, 1).ToArray(), "24 of 32 channels from 8 of 16");
    }

    [Theory]
    [InlineData(-50f)]
    [InlineData(50f)]
    public void Channel_gates_that_are_all_open_or_closed_take_all_channels_or_the_first(float threshold)
    {
        ChannelGatedConvBlock gated = new(Ins, Outs, 3, partitions: 4, groupSize: 8);
        ConvBlock block = new(Ins, Outs, 3);
        Fill(gated);
        Find(gated, "threshold").Value.Span.Fill(threshold);
        Find(gated, "weight").Value.Span.CopyTo(Find(block, "conv.weight").Value.Span);
        Copy(gated, block, "norm.", "norm.");
        if (threshold > 0)
        {
            Span<float> weight = Find(block, "conv.weight").Value.Span;
            for (int i = 0; i < weight.Length; i++)
            {
                weight[i] = i / 9 % Ins < Ins / 4 ? weight[i] : 0;
            }
        }

        gated.Freeze(Limits.Default);
        Context context = new() { Accuracy = Accuracy.Exact, Meter = new ComputeMeter() };
        context.Meter.Begin(3);
        float[] actual = gated.Forward(context, Input()).ToArray();
        float[] expected = block.Forward(new Context { Accuracy = Accuracy.Exact }, Input()).ToArray();
        GradientCheck.Near(Array.ConvertAll(expected, value => (double)value), actual, 1e-5, "gated");
        long all = (long)42 * 9 * Ins * Outs;
        Assert.Equal(threshold > 0 ? all / 4 : all, context.Meter.ExecutedMacs(1));
        Assert.Equal(all, context.Meter.DenseMacs(1));
    }

    [Fact]
    public void Blocks_that_all_run_are_the_static_layer_and_those_that_do_not_cost_nothing()
    {
        BlockGatedLinear gated = new(Ins, Outs, 8);
        Linear linear = new(Ins, Outs);
        Fill(gated);
        Copy(gated, linear, string.Empty, string.Empty);
        Tensor input = Tensor.From(new Shape(3, Ins), GradientCheck.Values(3 * Ins, 6));
        Find(gated, "gate.weight").Value.Span.Clear();
        Find(gated, "gate.bias").Value.Span.Fill(1);
        float[] expected = Array.ConvertAll(linear.Forward(new Context(), input).ToArray(), value => MathF.Max(value, 0));
        GradientCheck.SameBits(expected, gated.Forward(new Context(), input).ToArray(), "all blocks");
        Find(gated, "gate.bias").Value.Span[2] = -1;
        Context context = new() { Meter = new ComputeMeter() };
        context.Meter.Begin(3);
        Tensor output = gated.Forward(context, input, default, out Selection running);
        Assert.Equal(24, running.RowCount(0));
        Assert.Equal(Ins * (24 + 4), context.Meter.ExecutedMacs(0));
        for (int i = 0; i < output.Count; i++)
        {
            Assert.Equal(i % Outs is >= 16 and < 24 ? 0 : expected[i], output.Span[i]);
        }
    }

    [Fact]
    public void An_estimator_of_full_rank_leaves_nothing_out_that_matters()
    {
        SignEstimatedLinear estimated = new(Ins, Outs, Ins);
        Linear linear = new(Ins, Outs);
        Fill(estimated);
        Copy(estimated, linear, string.Empty, string.Empty);
        Tensor input = Tensor.From(new Shape(3, Ins), GradientCheck.Values(3 * Ins, 7));
        float[] expected = Array.ConvertAll(linear.Forward(new Context(), input).ToArray(), value => MathF.Max(value, 0));
        Context context = new() { Meter = new ComputeMeter() };
        context.Meter.Begin(3);
        float[] actual = estimated.Forward(context, input).ToArray();
        GradientCheck.Near(Array.ConvertAll(expected, value => (double)value), actual, 1e-5, "full rank");
        int positive = 0;
        foreach (float value in expected.AsSpan(0, Outs))
        {
            positive += value > 0 ? 1 : 0;
        }

        Assert.InRange(context.Meter.ExecutedMacs(0) - (Ins * (Ins + Outs)), Ins * (positive - 1), Ins * (positive + 1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_matrix_of_low_rank_is_found_again(int rank)
    {
        const int Rows = 11;
        const int Columns = 8;
        float[] first = GradientCheck.Values(Rows * rank, 1);
        float[] second = GradientCheck.Values(rank * Columns, 2);
        float[] matrix = Product(first, second, Rows, rank, Columns);
        float[] left = new float[Rows * rank];
        float[] right = new float[rank * Columns];
        LowRank.Decompose(matrix, Rows, Columns, rank, left, right);
        GradientCheck.Near(Array.ConvertAll(matrix, value => (double)value), Product(left, right, Rows, rank, Columns), 1e-5, $"rank {rank}");
    }

    [Theory]
    [InlineData(ChannelMethod.Boosted)]
    [InlineData(ChannelMethod.Gated)]
    [InlineData(ChannelMethod.Pruned)]
    [InlineData(ChannelMethod.Gater)]
    [InlineData(ChannelMethod.Slimmable)]
    public void Networks_that_choose_channels_compute_less_and_tell_what(ChannelMethod method)
    {
        ChannelNetOptions options = new() { Height = 12, Width = 12, InputChannels = 1, Channels = [16, 16, 32], Strides = [1, 2, 1], Method = method, Threshold = 0.3 };
        Layer network = (Layer)ChannelNet.Create(options).Children[0].Value;
        Fill(network);
        network.Freeze(Limits.Default);
        Context context = new() { Meter = new ComputeMeter(), Ledger = new DecisionLedger { KeepsChoices = true } };
        context.Meter.Begin(2);
        network.Forward(context, Tensor.From(new Shape(2, 12, 12, 1), GradientCheck.Values(288, 3)));
        long saved = 0;
        foreach (DecisionChoice choice in context.Ledger.Choices)
        {
            saved += choice.DenseMacs - choice.ChosenMacs;
        }

        Assert.True(context.Ledger.Choices.Length > 0);
        Assert.Equal(saved > 0, context.Meter.ExecutedMacs(0) + context.Meter.ExecutedMacs(1) < context.Meter.DenseMacs(0) + context.Meter.DenseMacs(1));
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new BoostedConvBlock(4, 6, 3, groupSize: 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BoostedConvBlock(4, 6, 3, density: 0));
        Assert.Throws<ArgumentException>(() => new SlimmableConvBlock([8, 4], [8], 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ChannelGatedConvBlock(1, 8, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BlockGatedLinear(4, 6, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SignEstimatedLinear(4, 6, 5));
        Assert.Throws<ArgumentException>(() => ChannelNet.Create(new ChannelNetOptions { Channels = [8, 12], Strides = [1, 1], Method = ChannelMethod.Boosted }));
        Assert.Throws<ArgumentException>(() => FeedForwardNet.Create(new FeedForwardOptions { Hidden = [33], Method = FeedForwardMethod.Blocks }));
        Assert.Throws<ArgumentException>(() => MixtureNet.Create(new MixtureNetOptions { Experts = 3, Chosen = 4 }));
    }

    private static void Same(Layer expected, Layer actual, bool isFrozen)
    {
        if (isFrozen)
        {
            expected.Freeze(Limits.Default);
            actual.Freeze(Limits.Default);
        }

        foreach (Accuracy accuracy in new[] { Accuracy.Exact, Accuracy.Fast })
        {
            float[] wanted = expected.Forward(new Context { Accuracy = accuracy }, Input()).ToArray();
            GradientCheck.SameBits(wanted, actual.Forward(new Context { Accuracy = accuracy }, Input()).ToArray(), $"{actual.GetType().Name}, {accuracy}");
        }
    }

    private static float[] Product(float[] left, float[] right, int rows, int inner, int columns)
    {
        float[] product = new float[rows * columns];
        for (int i = 0; i < product.Length; i++)
        {
            double sum = 0;
            for (int k = 0; k < inner; k++)
            {
                sum += (double)left[(i / columns * inner) + k] * right[(k * columns) + (i % columns)];
            }

            product[i] = (float)sum;
        }

        return product;
    }

    private static Parameter Find(Module module, string path) => module.NamedParameters().Find(pair => pair.Key == path).Value;

    private static void Copy(Module from, Module to, string under, string target)
    {
        List<KeyValuePair<string, Parameter>> source = from.NamedParameters();
        foreach ((string path, Parameter parameter) in to.NamedParameters())
        {
            if (path.StartsWith(target, StringComparison.Ordinal) && source.Find(pair => pair.Key == under + path[target.Length..]).Value is { } original)
            {
                original.Value.Span.CopyTo(parameter.Value.Span);
            }
        }
    }

    private static void Fill(Module module)
    {
        module.Initialize(new RandomSource(6));
        foreach ((string path, Parameter parameter) in module.NamedParameters())
        {
            if (path.Contains("norm", StringComparison.Ordinal))
            {
                Span<float> values = parameter.Value.Span;
                float[] noise = GradientCheck.Values(values.Length, path.Length, 0.2f, 0.2f);
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] += noise[i];
                }
            }
        }

        module.AssignNumbers();
    }

    private static Tensor Input() => Tensor.From(Batch, GradientCheck.Values(Batch.Count, 4));
}
