using System;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicRouting;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>A grid of scales through which each input finds its way (Li et al., CVPR 2020); see <see cref="ScaleRoutingGrid"/>.</summary>
public static class ScaleRouting
{
    /// <summary>The network, of one stage.</summary>
    /// <param name="options">The sizes.</param>
    public static SingleStage Create(ScaleRoutingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Shape sample = new(options.Height, options.Width, options.InputChannels);
        ConvBlock stem = new(options.InputChannels, options.Channels[0], 3, options.StemStride);
        ScaleRoutingGrid grid = new(options.Layers, options.Channels);
        int features = grid.OutputShape(stem.OutputShape(new Shape(1, options.Height, options.Width, options.InputChannels)))[1];
        return new SingleStage(sample, new Sequential(stem, grid, new Linear(features, options.Classes))) { Recipe = options };
    }
}
