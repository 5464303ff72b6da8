using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Training.Objectives;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>Networks that choose the regions of an image that they look at, or the resolution at which they do.</summary>
internal static class RegionPresets
{
    private const string StaticName = "resnet-maps";
    private const int LargeImage = 64;

    public static IReadOnlyList<ModelPreset> All { get; } =
    [
        new("ranet", "sub-networks of three rising resolutions with exits, for images that need no detail", static (shape, classes, _) => new RaNet(new RaNetOptions
        {
            Height = shape[0],
            Width = shape[1],
            InputChannels = shape[2],
            Classes = classes,
            StemStride = StemStride(shape),
        }))
        {
            Paper = "Yang et al., Resolution Adaptive Networks for Efficient Inference, CVPR 2020",
            Static = StaticName,
        },
        new("glance-and-focus", "looks at a small image first and then at patches where a policy says, until it is sure", static (shape, classes, _) => new GlanceAndFocus(new GlanceAndFocusOptions
        {
            Height = shape[0],
            Width = shape[1],
            InputChannels = shape[2],
            Classes = classes,
            StemStride = StemStride(shape),
        }))
        {
            Paper = "Wang et al., Glance and Focus: a Dynamic Approach to Reducing Spatial Redundancy, NeurIPS 2020",
            Static = StaticName,
            Objective = static (usual, _) => new GlimpsePolicyGradient(usual),
        },
    ];

    private static int StemStride(Shape shape) => shape[0] >= LargeImage ? 2 : 1;
}
