using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// A residual network of basic blocks whose convolutions work differently from pixel to pixel: low-cost collaborative layers, sampled and interpolated
/// convolutions, or adaptively connected ones. The stem, the shortcuts and the classifier are those of the static network.
/// </summary>
public static class PixelResNet
{
    /// <summary>The network, of one stage.</summary>
    /// <param name="options">The sizes.</param>
    /// <exception cref="ArgumentException">The sizes make no network.</exception>
    public static SingleStage Create(PixelResNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        int width = options.Channels[0];
        List<Layer> layers = [new ConvBlock(options.InputChannels, width, 3, options.StemStride)];
        for (int group = 0; group < options.Channels.Length; group++)
        {
            for (int i = 0; i < options.Blocks[group]; i++)
            {
                layers.Add(new PixelBlock(width, options.Channels[group], group > 0 && i == 0 ? 2 : 1, options));
                width = options.Channels[group];
            }
        }

        layers.Add(ResNet.Classifier(width, options.Classes));
        return new SingleStage(new Shape(options.Height, options.Width, options.InputChannels), new Sequential([.. layers])) { Recipe = options };
    }
}
