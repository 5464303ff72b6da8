using System;
using System.Collections.Generic;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>The trunk that models of several families stand on: a 3×3 convolution, and groups of one residual block, each at half the size of the one before.</summary>
internal static class ResidualTrunk
{
    public static List<Layer> Create(int inChannels, ReadOnlySpan<int> channels)
    {
        List<Layer> layers = [new ConvBlock(inChannels, channels[0], 3)];
        for (int i = 0; i < channels.Length; i++)
        {
            layers.Add(new ResidualBlock(channels[Math.Max(0, i - 1)], channels[i], i == 0 ? 1 : 2));
        }

        return layers;
    }
}
