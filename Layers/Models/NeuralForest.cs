using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicRouting;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>A residual network whose classifier is a deep neural decision forest (Kontschieder et al., ICCV 2015); see <see cref="DecisionForest"/>.</summary>
public static class NeuralForest
{
    /// <summary>The network, of one stage.</summary>
    /// <param name="options">The sizes.</param>
    public static SingleStage Create(NeuralForestOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        List<Layer> layers = ResidualTrunk.Create(options.InputChannels, options.Channels);
        layers.Add(new GlobalAveragePool());

        // Pooled features differ little between inputs at first: without this all would go the same ways, and nothing would be learned.
        layers.Add(new BatchNorm2d(options.Channels[^1]));
        layers.Add(new DecisionForest(options.Channels[^1], options.Classes, options.Trees, options.Depth, options.Beta, options.FirstBeta));
        return new SingleStage(new Shape(options.Height, options.Width, options.InputChannels), new Sequential([.. layers])) { Recipe = options };
    }
}
