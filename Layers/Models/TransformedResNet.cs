using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.SpatialWise.RegionLevel;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// A residual network that sees an image as a spatial transformer turns, crops and scales it, or bends it by a thin-plate spline (Jaderberg et al., "Spatial
/// Transformer Networks", NIPS 2015). With a reduction above 1 it sees fewer pixels than there are.
/// </summary>
public static class TransformedResNet
{
    /// <summary>The network, of one stage.</summary>
    /// <param name="options">The sizes.</param>
    /// <exception cref="ArgumentException">The sizes make no network.</exception>
    public static SingleStage Create(TransformedResNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        int features = 2 * options.LocalizationChannels * LookoutGrid * LookoutGrid;
        Sequential localization = new(
            new ConvBlock(options.InputChannels, options.LocalizationChannels, 3, stride: 2),
            new ConvBlock(options.LocalizationChannels, 2 * options.LocalizationChannels, 3, stride: 2),
            new AdaptiveAveragePool2d(LookoutGrid, LookoutGrid),
            new FlattenMaps());
        Layer transformer = options.IsThinPlate
            ? new ThinPlateTransformer(localization, features, options.Controls, options.SeenHeight, options.SeenWidth, GridPadding.Border) { LearningShare = LearningShare }
            : new SpatialTransformer(localization, features, options.SeenHeight, options.SeenWidth, GridPadding.Border) { LearningShare = LearningShare };
        List<Layer> layers = [transformer, new ConvBlock(options.InputChannels, options.Channels[0], 3, options.StemStride)];
        ResNetOptions backbone = options.Backbone();
        for (int group = 0; group < options.Channels.Length; group++)
        {
            ResNet.AddGroup(layers, backbone, group);
        }

        layers.Add(ResNet.Classifier(options.Channels[^1], options.Classes));
        return new SingleStage(new Shape(options.Height, options.Width, options.InputChannels), new Sequential([.. layers])) { Recipe = options };
    }

    // What makes the map learns more slowly than the classifier, which else cannot follow.
    private const float LearningShare = 1e-4f;

    // Where something lies is told from a coarse map of it.
    private const int LookoutGrid = 4;
}
