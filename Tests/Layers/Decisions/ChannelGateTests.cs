using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Decisions.Gates;
using Xunit;

namespace ManagedDyn.Tests.Layers.Decisions;

public class ChannelGateTests
{
    [Theory]
    [InlineData(10, 4)]
    [InlineData(8, 1)]
    [InlineData(9, 8)]
    [InlineData(16, 8)]
    public void Channels_of_a_group_share_a_decision_and_its_noise(int channels, int group)
    {
        ChannelGate gate = new(5, channels, group, openness: 0);
        gate.Initialize(new RandomSource(3));
        Tensor features = Tensor.Zeros(new Shape(7, 4, 3, 5));
        new RandomSource(8).Stream("x").FillNormal(features.Span, 0, 0);
        Context hard = new();
        Decision chosen = gate.Decide(hard, features);
        Assert.Equal((7, channels), (chosen.Selected.Rows, chosen.Selected.Universe));
        Context relaxed = new() { Mode = Mode.Train, Decisions = Engine.Execution.Decisions.Relaxed };
        Tensor scores = gate.Decide(relaxed, features).Scores;
        Assert.Equal(new Shape(7, channels), scores.Shape);
        bool differs = false;
        for (int n = 0; n < 7; n++)
        {
            for (int c = 0; c < channels; c++)
            {
                int first = c / group * group;
                Assert.Equal(scores.Span[(n * channels) + first], scores.Span[(n * channels) + c]);
                Assert.Equal(chosen.Selected.Row(n).Contains(first), chosen.Selected.Row(n).Contains(c));
                differs |= scores.Span[(n * channels) + c] != scores.Span[0];
            }
        }

        Assert.True(differs);
        Assert.Equal((5 * 16) + (16 * ((channels + group - 1) / group)), gate.CountMacs(new Shape(1, 4, 3, 5)));
    }

    [Fact]
    public void Sizes_below_one_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ChannelGate(5, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ChannelGate(5, 4, 0));
    }
}
