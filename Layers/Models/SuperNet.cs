using System;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicRouting;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>A supernet with a path of its own for every input (Cheng et al., "InstaNAS", AAAI 2020); see <see cref="PathSuperNet"/>.</summary>
public static class SuperNet
{
    /// <summary>The network, of one stage.</summary>
    /// <param name="options">The sizes.</param>
    public static SingleStage Create(SuperNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        int[][] inner = new int[options.Channels.Length][];
        for (int i = 0; i < inner.Length; i++)
        {
            inner[i] = options.InnerChannels(i);
        }

        PathSuperNet network = new(options.InputChannels, options.Classes, options.Channels, inner, options.StemStride, options.ControllerChannels, options.OneShotShare, options.SharesWeights);
        return new SingleStage(new Shape(options.Height, options.Width, options.InputChannels), network) { Recipe = options };
    }
}
