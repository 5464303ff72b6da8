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
    private const double ResolutionTarget = 0.45;
    private const float ResolutionWeight = 4;

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
        new("dynamic-resolution", "predicts the resolution that an image is worth and looks at it at that one", static (shape, classes, _) => ResolutionNet.Create(new ResolutionNetOptions
        {
            Height = shape[0],
            Width = shape[1],
            InputChannels = shape[2],
            Classes = classes,
            StemStride = StemStride(shape),
            Rows = [shape[0] / 2, shape[0] * 3 / 4, shape[0]],
            Blocks = [2, 2, 2],
        }))
        {
            Paper = "Zhu et al., Dynamic Resolution Network, NeurIPS 2021",
            Static = StaticName,
            Target = ResolutionTarget,
            Objective = static (usual, plan) => new ComputeBudget(usual, (float)plan.Target, ResolutionWeight),
        },
        new("elastic-resnet", "residual network each block of which works at two scales", static (shape, classes, _) => ElasticResNet.Create(new ElasticResNetOptions
        {
            Height = shape[0],
            Width = shape[1],
            InputChannels = shape[2],
            Classes = classes,
            StemStride = StemStride(shape),
            Blocks = [2, 2, 2],
        }))
        {
            Paper = "Wang et al., ELASTIC: Improving CNNs with Dynamic Scaling Policies, CVPR 2019",
            Static = StaticName,
        },
    ];

    private static int StemStride(Shape shape) => shape[0] >= LargeImage ? 2 : 1;
}
