using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.SpatialWise.ResolutionLevel;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.SpatialWise;

public sealed class FusionBlockTests
{
    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(false, 3)]
    [InlineData(true, 3)]
    public void A_block_has_the_shape_and_the_cost_it_tells(bool halves, int lowChannels)
    {
        FusionBlock block = new(5, 4, 2, lowChannels, 7, halves);
        block.Initialize(new RandomSource(1));
        ComputeMeter meter = new();
        meter.Begin(2);
        Context context = new() { Meter = meter };
        Shape input = new(2, 9, 6, 5);
        Shape low = new(2, 5, 3, 3);
        Tensor output = block.Forward(
            context,
            Tensor.From(input, GradientCheck.Values(input.Count, 1)),
            lowChannels > 0 ? Tensor.From(low, GradientCheck.Values(low.Count, 2)) : default);
        Assert.Equal(block.OutputShape(input), output.Shape);
        Assert.Equal(halves ? new Shape(2, 5, 3, 7) : new Shape(2, 9, 6, 7), output.Shape);
        Assert.Equal(block.CountMacs(input, low), meter.ExecutedMacs(0) + meter.ExecutedMacs(1));
        Assert.Equal(lowChannels > 0, block.Fuses);
    }

    [Fact]
    public void Lower_features_are_taken_by_those_blocks_only_that_fuse()
    {
        Context context = new();
        Tensor input = Tensor.From(new Shape(1, 4, 4, 2), GradientCheck.Values(32, 1));
        Tensor low = Tensor.From(new Shape(1, 2, 2, 2), GradientCheck.Values(8, 2));
        Assert.Throws<ArgumentException>(() => new FusionBlock(2, 2, 1, 0, 3, false).Forward(context, input, low));
        Assert.Throws<ArgumentException>(() => new FusionBlock(2, 2, 1, 2, 3, false).Forward(context, input, default));
    }

    [Fact]
    public void Sub_networks_see_rising_resolutions_and_early_ones_see_no_detail()
    {
        RaNet network = new(new RaNetOptions { Height = 12, Width = 16, InputChannels = 1, Classes = 3, BaseChannels = 3, GrowthRate = 2, Layers = 1, ClassifierChannels = 4 });
        network.Initialize(new RandomSource(7));
        Assert.Equal((3, 4), network.ResolutionOf(0));
        Assert.Equal((6, 8), network.ResolutionOf(1));
        Assert.Equal((12, 16), network.ResolutionOf(2));
        float[] values = Array.ConvertAll(GradientCheck.Values(12 * 16, 3), value => MathF.Round(4 * value));
        float[] changed = [.. values];

        // Within one pixel of the middle resolution: the sums, of whole numbers, are the same to the last bit.
        changed[(4 * 16) + 6] += 2;
        changed[(5 * 16) + 6] -= 2;
        Context context = new();
        StageState first = network.CreateState();
        StageState second = network.CreateState();
        network.Start(context, Tensor.From(network.BatchShape(1), values), first);
        network.Start(context, Tensor.From(network.BatchShape(1), changed), second);
        for (int stage = 0; stage < 3; stage++)
        {
            float[] one = network.Advance(context, first).ToArray();
            float[] other = network.Advance(context, second).ToArray();
            Assert.Equal(stage < 2, one.AsSpan().SequenceEqual(other));
        }
    }

    [Theory]
    [InlineData(new[] { 2, 1 }, 1, "Sub-network 1")]
    [InlineData(new[] { 1, 2 }, 2, "Sub-network 0")]
    [InlineData(new int[0], 1, "number of sub-networks")]
    public void Sizes_that_make_no_network_are_refused(int[] blocks, int exits, string message)
    {
        ArgumentException refused = Assert.Throws<ArgumentException>(() => new RaNet(new RaNetOptions { Blocks = blocks, ExitsPerScale = exits }));
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }
}
