using System;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicRouting;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>A convolutional network in the shape of a tree (Tanno et al., "Adaptive neural trees", ICML 2019); see <see cref="AdaptiveTree"/>.</summary>
public static class AdaptiveTreeNet
{
    /// <summary>The network, of one stage.</summary>
    /// <param name="options">The sizes and the tree.</param>
    public static SingleStage Create(AdaptiveTreeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        AdaptiveTree tree = new(options.InputChannels, options.Classes, TreeNodeShape.Parse(options.Nodes), options.Channels, options.RouterChannels, options.Reductions);
        return new SingleStage(new Shape(options.Height, options.Width, options.InputChannels), tree) { Recipe = options };
    }
}
