using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.SpatialWise.ResolutionLevel;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>A residual network of elastic blocks, each of which works at two scales (Wang et al., "ELASTIC", CVPR 2019).</summary>
public static class ElasticResNet
{
    /// <summary>The network, of one stage.</summary>
    /// <param name="options">The sizes.</param>
    /// <exception cref="ArgumentException">The sizes make no network.</exception>
    public static SingleStage Create(ElasticResNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        int width = options.Channels[0];
        List<Layer> layers = [new ConvBlock(options.InputChannels, width, 3, options.StemStride)];
        for (int group = 0; group < options.Channels.Length; group++)
        {
            for (int i = 0; i < options.Blocks[group]; i++)
            {
                layers.Add(new ElasticBlock(width, options.Channels[group], options.Channels[group] / options.Expansion, group > 0 && i == 0 ? 2 : 1));
                width = options.Channels[group];
            }
        }

        layers.Add(ResNet.Classifier(width, options.Classes));
        return new SingleStage(new Shape(options.Height, options.Width, options.InputChannels), new Sequential([.. layers])) { Recipe = options };
    }
}
