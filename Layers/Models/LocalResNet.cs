using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicDepth;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// A residual network of basic blocks whose last groups see their maps through kernels that depend on the place: the second convolution of a block is
/// deformable, pixel-adaptive, region-aware, or an involution, as the authors of each put theirs into the later stages of a residual network.
/// </summary>
public static class LocalResNet
{
    /// <summary>The network, with one classifier at the end.</summary>
    /// <param name="options">The sizes.</param>
    public static IntermediateClassifiers Create(LocalResNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        List<Layer> layers = [new ConvBlock(options.InputChannels, options.Channels[0], 3)];
        int channels = options.Channels[0];
        for (int group = 0; group < options.Channels.Length; group++)
        {
            for (int block = 0; block < options.Blocks[group]; block++)
            {
                int stride = group > 0 && block == 0 ? 2 : 1;
                layers.Add(group < options.FirstGroup
                    ? new ResidualBlock(channels, options.Channels[group], stride)
                    : new LocalBlock(channels, options.Channels[group], stride, options.Operation, options.Kernel));
                channels = options.Channels[group];
            }
        }

        Shape sample = new(options.Height, options.Width, options.InputChannels);
        Layer[] segments = [new Sequential([.. layers])];
        Layer[] exits = [new Sequential(new GlobalAveragePool(), new Linear(channels, options.Classes))];
        return new IntermediateClassifiers(sample, segments, exits) { Recipe = options };
    }
}
