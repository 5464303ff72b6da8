using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicWidth;
using ManagedDyn.Layers.Models;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.InstanceWise.DynamicWidth;

/// <summary>Channels that are dealt out before channel gating cuts them.</summary>
public class ChannelShuffleTests
{
    [Theory]
    [InlineData(6, 2)]
    [InlineData(6, 3)]
    [InlineData(8, 8)]
    public void A_shuffling_block_is_the_plain_one_on_channels_dealt_out_in_turn(int channels, int parts)
    {
        ChannelGatedConvBlock plain = new(channels, 4, 3, partitions: parts, groupSize: 2, target: 0);
        ChannelGatedConvBlock shuffling = new(channels, 4, 3, partitions: parts, groupSize: 2, target: 0, shuffles: true);
        plain.Initialize(new RandomSource(3));
        shuffling.Initialize(new RandomSource(3));
        Shape shape = new(2, 5, 4, channels);
        Tensor input = Tensor.From(shape, GradientCheck.Values(shape.Count, 4));
        Tensor dealt = Tensor.Zeros(shape);
        int length = channels / parts;
        for (int pixel = 0; pixel < shape.RowCount; pixel++)
        {
            for (int part = 0; part < parts; part++)
            {
                for (int i = 0; i < length; i++)
                {
                    dealt.Span[(pixel * channels) + (i * parts) + part] = input.Span[(pixel * channels) + (part * length) + i];
                }
            }
        }

        foreach (Engine.Execution.Decisions decisions in new[] { Engine.Execution.Decisions.Relaxed, Engine.Execution.Decisions.Hard })
        {
            float[] expected = plain.Forward(new Context { Decisions = decisions }, dealt).ToArray();
            Assert.Equal(expected, shuffling.Forward(new Context { Decisions = decisions }, input).ToArray());
        }
    }

    [Fact]
    public void Parts_that_do_not_divide_the_channels_are_told()
    {
        Assert.Contains("6 input channels", Assert.Throws<ArgumentException>(() => new ChannelGatedConvBlock(6, 4, 3, partitions: 4, groupSize: 2, shuffles: true)).Message, StringComparison.Ordinal);
        ChannelNetOptions options = new() { Channels = [6, 8, 16, 16], GroupSize = 4, Method = ChannelMethod.Gated, ShufflesChannels = true };
        Assert.Contains("6 channels", Assert.Throws<ArgumentException>(() => ChannelNet.Create(options)).Message, StringComparison.Ordinal);
    }
}
