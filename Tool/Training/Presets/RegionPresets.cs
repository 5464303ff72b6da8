using System.Collections.Generic;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Training.Objectives;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>Networks that choose the regions of an image that they look at, or the resolution at which they do.</summary>
internal static class RegionPresets
{
    private const string StaticName = "resnet-maps";
    private const double ResolutionTarget = 0.45;
    private const float ResolutionWeight = 4;
    private const double PatchTarget = 0.4;
    private const double GlimpseRate = 0.03;
    private const double TokenRate = 0.02;

    public static IReadOnlyList<ModelPreset> All { get; } =
    [
        new("ranet", "sub-networks of three rising resolutions with exits, for images that need no detail", static (shape, classes, _) => new RaNet(new RaNetOptions
        {
            StemStride = SpatialSizes.StemStride(shape),
            BaseChannels = 8,
            GrowthRate = 6,
        }.For(shape, classes)))
        {
            Paper = "Yang et al., Resolution Adaptive Networks for Efficient Inference, CVPR 2020",
            Static = StaticName,
        },
        new("glance-and-focus", "looks at a small image first and then at patches where a policy says, until it is sure", static (shape, classes, _) => new GlanceAndFocus(new GlanceAndFocusOptions
        {
            // The static network itself, on a quarter of the pixels, and for the images that need it on half of them or more: together half of its cost.
            Patches = 1,
            PatchShare = 0.75,
            StemStride = SpatialSizes.StemStride(shape),
            Channels = SpatialSizes.Channels,
            Blocks = SpatialSizes.Blocks,
        }.For(shape, classes)))
        {
            Paper = "Wang et al., Glance and Focus: a Dynamic Approach to Reducing Spatial Redundancy, NeurIPS 2020",
            Static = StaticName,
            Objective = static (usual, _) => new GlimpsePolicyGradient(usual),
        },
        new("dynamic-resolution", "predicts the resolution that an image is worth and looks at it at that one", static (shape, classes, _) => ResolutionNet.Create(new ResolutionNetOptions
        {
            StemStride = SpatialSizes.StemStride(shape),
            Rows = [shape[0] / 2, shape[0] * 3 / 4, shape[0]],
            Blocks = SpatialSizes.Blocks,
        }.For(shape, classes)))
        {
            Paper = "Zhu et al., Dynamic Resolution Network, NeurIPS 2021",
            Static = StaticName,
            Target = ResolutionTarget,
            Objective = static (usual, plan) => new ComputeBudget(usual, (float)plan.Target, ResolutionWeight),
        },
        new("elastic-resnet", "residual network each block of which works at two scales", static (shape, classes, _) => ElasticResNet.Create(new ElasticResNetOptions
        {
            StemStride = SpatialSizes.StemStride(shape),
            Blocks = SpatialSizes.Blocks,
            Channels = [32, 64, 128],
            Expansion = 2,
        }.For(shape, classes)))
        {
            Paper = "Wang et al., ELASTIC: Improving CNNs with Dynamic Scaling Policies, CVPR 2019",
            Static = StaticName,
            AddsAccuracy = true,
        },
        new("spatial-transformer", "residual network that sees the image turned, cropped and scaled as it asks", static (shape, classes, _) => TransformedResNet.Create(new TransformedResNetOptions
        {
            StemStride = SpatialSizes.StemStride(shape),
            Blocks = SpatialSizes.Blocks,
        }.For(shape, classes)))
        {
            Paper = "Jaderberg et al., Spatial Transformer Networks, NIPS 2015",
            Static = StaticName,
            AddsAccuracy = true,
        },
        new("thin-plate-transformer", "the same with images bent by a thin-plate spline", static (shape, classes, _) => TransformedResNet.Create(new TransformedResNetOptions
        {
            StemStride = SpatialSizes.StemStride(shape),
            Blocks = SpatialSizes.Blocks,
            IsThinPlate = true,
        }.For(shape, classes)))
        {
            Paper = "Jaderberg et al., Spatial Transformer Networks, NIPS 2015",
            Static = StaticName,
            AddsAccuracy = true,
        },
        new("recurrent-attention", "sees images through small glimpses, each where the last one points", static (shape, classes, _) => new RecurrentAttention(new RecurrentAttentionOptions
        {
            PatchSize = SpatialSizes.IsLarge(shape) ? 12 : 8,
            Scales = SpatialSizes.IsLarge(shape) ? 3 : 2,
            SensorChannels = SpatialSizes.Channels,
        }.For(shape, classes)))
        {
            Paper = "Mnih et al., Recurrent Models of Visual Attention, NIPS 2014",
            Static = StaticName,
            Objective = static (usual, _) => new GlimpsePolicyGradient(usual),
            Rate = GlimpseRate,
        },
        new("attention-zoom", "looks at an image three times, each time closer, within a soft box", static (shape, classes, _) => new AttentionZoom(new AttentionZoomOptions
        {
            StemStride = SpatialSizes.StemStride(shape),
        }.For(shape, classes)))
        {
            Paper = "Fu et al., Look Closer to See Better, CVPR 2017",
            Static = StaticName,
            Objective = static (usual, _) => new RankedExits(usual),
        },
        new("patch-gated", "runs a network on those tiles of an image that a scout finds worth it", static (shape, classes, _) => PatchGatedNet.Create(new PatchGatedNetOptions
        {
            StemStride = SpatialSizes.StemStride(shape),
            Tiles = 3,
            Reduction = 2,
            ScoutChannels = [8, 16, 32],
            KeepsPlaces = true,
        }.For(shape, classes)))
        {
            Paper = "Katharopoulos and Fleuret, Processing Megapixel Images with Deep Attention-Sampling Models, ICML 2019",
            Static = StaticName,
            Target = PatchTarget,
            Objective = static (usual, plan) => new ComputeBudget(usual, (float)plan.Target, ResolutionWeight),
        },
        new("token-grid", "vision transformer that starts with coarse tokens and splits those that attention goes to", static (shape, classes, _) => new TokenGrid(new TokenGridOptions().For(shape, classes)))
        {
            Paper = "Chen et al., CF-ViT: A General Coarse-to-Fine Method for Vision Transformer, AAAI 2023",
            Static = StaticName,
            Rate = TokenRate,
        },
    ];
}
