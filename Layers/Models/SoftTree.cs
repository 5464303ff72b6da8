using System;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicRouting;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>A soft decision tree over the pixels of an image (Frosst and Hinton, 2017); see <see cref="SoftDecisionTree"/>.</summary>
public static class SoftTree
{
    /// <summary>The tree as a network of one stage.</summary>
    /// <param name="options">The sizes.</param>
    public static SingleStage Create(SoftTreeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Shape sample = new(options.Height, options.Width, options.InputChannels);
        return new SingleStage(sample, new SoftDecisionTree(sample.Count, options.Classes, options.Depth, options.Beta, options.FirstBeta)) { Recipe = options };
    }
}
