using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.SpatialWise.PixelLevel;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// A residual network with spatially adaptive computation time (Figurnov et al., CVPR 2017): stem, groups of <see cref="SpatialHalting"/>, each group but the
/// first at half the size of the one before, mean over the pixels, classifier. It is one stage; the loss takes the term "ponder".
/// </summary>
public static class SactResNet
{
    /// <summary>Makes a network.</summary>
    /// <param name="options">The sizes.</param>
    /// <exception cref="ArgumentException">The sizes make no network.</exception>
    public static SingleStage Create(SactResNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        List<Layer> layers = [new ConvBlock(options.InputChannels, options.Channels[0], 3, options.StemStride)];
        for (int group = 0; group < options.Channels.Length; group++)
        {
            layers.Add(new SpatialHalting(
                options.Channels[Math.Max(0, group - 1)], options.Channels[group], options.Units[group], group == 0 ? 1 : 2, options.Epsilon, options.Start));
        }

        layers.Add(new GlobalAveragePool());
        layers.Add(new Linear(options.Channels[^1], options.Classes));
        return new SingleStage(new Shape(options.Height, options.Width, options.InputChannels), new Sequential(layers.ToArray())) { Recipe = options };
    }
}
