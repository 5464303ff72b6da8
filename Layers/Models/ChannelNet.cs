using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicWidth;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// A plain network of 3×3 convolutions with normalisation and rectifier, a mean over pixels and a classifier, whose channels are chosen for each input in one of
/// the ways of <see cref="ChannelMethod"/>; all have the same sizes, so that they can be compared.
/// </summary>
public static class ChannelNet
{
    /// <summary>Builds a network.</summary>
    /// <param name="options">The sizes.</param>
    /// <exception cref="ArgumentException">They make no network.</exception>
    public static SingleStage Create(ChannelNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Layer layer = options.Method switch
        {
            ChannelMethod.Boosted => new BoostedNetwork(options),
            ChannelMethod.Gated => Plain(options, Gated),
            ChannelMethod.Pruned => new PrunedNetwork(options),
            ChannelMethod.Gater => new GaterNetwork(options),
            ChannelMethod.Slimmable => new SlimmableNetwork(options),
            _ => Plain(options, static (sizes, i) => new ConvBlock(sizes.Channels[i - 1], sizes.Channels[i], 3, sizes.Strides[i])),
        };
        return new SingleStage(new Shape(options.Height, options.Width, options.InputChannels), layer) { Recipe = options };
    }

    /// <summary>The first convolution, which all ways compute whole.</summary>
    internal static ConvBlock Stem(ChannelNetOptions options) => new(options.InputChannels, options.Channels[0], 3, options.Strides[0]);

    /// <summary>The widths of a layer whose channels are nested: multiples of channels / widths.</summary>
    internal static int[] Widths(ChannelNetOptions options, int layer)
    {
        if (layer == 0)
        {
            return [options.Channels[0]];
        }

        int[] widths = new int[options.Widths];
        for (int i = 0; i < widths.Length; i++)
        {
            widths[i] = options.Channels[layer] / options.Widths * (i + 1);
        }

        return widths;
    }

    /// <summary>The convolution of a layer whose channels are nested.</summary>
    internal static SlimmableConvBlock Nested(ChannelNetOptions options, int layer) =>
        new(Widths(options, layer - 1), Widths(options, layer), 3, options.Strides[layer]);

    private static ChannelGatedConvBlock Gated(ChannelNetOptions options, int layer) => new(
        options.Channels[layer - 1], options.Channels[layer], 3, options.Strides[layer], options.Partitions, options.GroupSize, (float)options.Threshold, shuffles: options.ShufflesChannels);

    private static Sequential Plain(ChannelNetOptions options, Func<ChannelNetOptions, int, Layer> block)
    {
        List<Layer> layers = [Stem(options)];
        for (int i = 1; i < options.Channels.Length; i++)
        {
            layers.Add(block(options, i));
        }

        layers.Add(new GlobalAveragePool());
        layers.Add(new Linear(options.Channels[^1], options.Classes));
        return new Sequential([.. layers]);
    }
}
