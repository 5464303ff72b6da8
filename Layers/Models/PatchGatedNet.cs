using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.SpatialWise.RegionLevel;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// A network for large images that runs a residual network on the tiles that a scout, who sees the image small, finds worth it, and answers from both. How many
/// run is trained by <see cref="Training.Objectives.ComputeBudget"/>.
/// </summary>
public static class PatchGatedNet
{
    /// <summary>The network, of one stage.</summary>
    /// <param name="options">The sizes.</param>
    /// <exception cref="ArgumentException">The sizes make no network.</exception>
    public static SingleStage Create(PatchGatedNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        List<Layer> scout = [];
        int channels = options.InputChannels;
        foreach (int width in options.ScoutChannels)
        {
            scout.Add(new ConvBlock(channels, width, 3, scout.Count == 0 ? 1 : 2));
            channels = width;
        }

        List<Layer> patch = [new ConvBlock(options.InputChannels, options.Channels[0], 3, options.StemStride)];
        ResNetOptions groups = options.Patch();
        for (int group = 0; group < options.Channels.Length; group++)
        {
            ResNet.AddGroup(patch, groups, group);
        }

        patch.Add(new GlobalAveragePool());
        PatchGating gating = new(
            new Sequential([.. scout]),
            channels,
            Math.Max(1, options.Height / options.Reduction),
            Math.Max(1, options.Width / options.Reduction),
            new Sequential([.. patch]),
            options.Tiles,
            new GumbelSigmoidRelaxation(noiseUntil: options.NoiseUntil),
            options.KeepsPlaces);
        int features = gating.OutputShape(new Shape(1, options.Height, options.Width, options.InputChannels))[1];
        Sequential network = new(gating, new Linear(features, options.Classes));
        return new SingleStage(new Shape(options.Height, options.Width, options.InputChannels), network) { Recipe = options };
    }
}
