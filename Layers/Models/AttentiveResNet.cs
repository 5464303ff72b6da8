using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicDepth;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// Residual networks of basic blocks (He et al., "Deep Residual Learning for Image Recognition", CVPR 2016) with attention over features and dynamic
/// activations in every block: one backbone on which they can be compared, by themselves and together.
/// </summary>
public static class AttentiveResNet
{
    /// <summary>A network of one stage.</summary>
    /// <param name="options">The sizes and the kinds.</param>
    /// <exception cref="ArgumentException">The options make no network.</exception>
    public static IntermediateClassifiers Create(AttentiveResNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        List<Layer> layers = [new ConvBlock(options.InputChannels, options.Channels[0], 3, options.StemStride)];
        int inChannels = options.Channels[0];
        for (int group = 0; group < options.Channels.Length; group++)
        {
            for (int block = 0; block < options.Blocks[group]; block++)
            {
                int stride = group > 0 && block == 0 ? 2 : 1;
                layers.Add(new AttentiveResNetBlock(inChannels, options.Channels[group], stride, options.Attention, options.Activation, options.Reduction));
                inChannels = options.Channels[group];
            }
        }

        Shape sample = new(options.Height, options.Width, options.InputChannels);
        Sequential classifier = new(new GlobalAveragePool(), new Linear(inChannels, options.Classes));
        return new IntermediateClassifiers(sample, [new Sequential([.. layers])], [classifier]) { Recipe = options };
    }
}
