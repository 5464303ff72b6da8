using System.Collections.Generic;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.SpatialWise.PixelLevel;
using ManagedDyn.Layers.SpatialWise.RegionLevel;
using ManagedDyn.Layers.SpatialWise.ResolutionLevel;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.Layers.SpatialWise;

namespace ManagedDyn.Tests.Laws.Cases;

/// <summary>The layers of Layers/SpatialWise that the laws are tested on.</summary>
internal static class SpatialWiseCases
{
    public static readonly IReadOnlyList<LayerCase> All =
    [
        new("sparse residual block, given mask", typeof(SparseResidualBlock), () => new SparseResidualBlock(6, 6, new GivenMask(7, 5, Masks.Random(7, 5, 0.4, 3))), 7, 5, 6)
        {
            Skips = true,
        },
        new("sparse bottleneck, given mask, stride 2", typeof(SparseResidualBlock), () => new SparseResidualBlock(6, 8, new GivenMask(4, 3, Masks.Random(4, 3, 0.5, 4)), 2, 3), 7, 5, 6)
        {
            Skips = true,
        },

        new("sparse residual block, given pixels and channels", typeof(SparseResidualBlock), () => new SparseResidualBlock(6, 6, new GivenMask(7, 5, Masks.Random(7, 5, 0.4, 3)), channels: new SomeChannels(6)), 7, 5, 6)
        {
            Skips = true,
        },
        new("sparse bottleneck, given pixels and channels", typeof(SparseResidualBlock), () => new SparseResidualBlock(6, 8, new GivenMask(4, 3, Masks.Random(4, 3, 0.5, 4)), 2, 5, channels: new SomeChannels(5)), 7, 5, 6)
        {
            Skips = true,
        },

        // A mask's gradient is that of the sigmoid that it was cut from, and the mask itself jumps.
        new("sparse residual block", typeof(SparseResidualBlock), () => new SparseResidualBlock(5, 5, new MaskUnit(5)), 8, 7, 5)
        {
            Skips = true, RuleMacs = (9 * 5 * 8 * 7) + 5, HasSurrogateGradients = true,
        },
        new("sparse bottleneck, stride 2, blocks of 2", typeof(SparseResidualBlock), () => new SparseResidualBlock(6, 8, new MaskUnit(6, 2, 2), 2, 4), 10, 9, 6)
        {
            Skips = true, RuleMacs = (9 * 6 * 3 * 3) + 6, HasSurrogateGradients = true,
        },

        // The guide's gradient is that of a softmax over the regions, not of the choice.
        new("region-aware convolution", typeof(RegionAwareConv2d), () => new RegionAwareConv2d(4, 5, 3, 3), 6, 7, 4) { HasSurrogateGradients = true },
        new("region-aware convolution, 1 x 1", typeof(RegionAwareConv2d), () => new RegionAwareConv2d(6, 9, 1, 4, hidden: 8), 5, 5, 6) { HasSurrogateGradients = true },
        new(
            "spatial transformer", typeof(SpatialTransformer),
            () => new SpatialTransformer(new Sequential(new GlobalAveragePool(), new Linear(3, 4)), 4, 5, 6), 7, 6, 3)
        {
            // Every pixel of the result has kinks where its place meets a pixel; some lie within any step.
            GradientStep = 5e-4f,
            GradientTolerance = 3e-2,
        },

        // The cheap convolution's map is 0 on one side of its rectifier, so the bits beside a kink are far from it.
        new("low-cost convolution", typeof(LowCostConvolution), () => new LowCostConvolution(4, 5), 7, 6, 4)
        {
            Skips = true, RuleMacs = 4 * 7 * 6,
        },
        new("low-cost convolution, stride 2, cheap 3x3", typeof(LowCostConvolution), () => new LowCostConvolution(4, 5, 5, 2, 3), 7, 6, 4)
        {
            Skips = true, RuleMacs = 9 * 4 * 4 * 3,
        },
        new("low-cost convolution, not rectified", typeof(LowCostConvolution), () => new LowCostConvolution(4, 5, rectifies: false, mostFactor: 0.7f), 7, 6, 4)
        {
            Skips = true, RuleMacs = 4 * 7 * 6,
        },
        new("adaptively connected convolution", typeof(AdaptivelyConnectedConvolution), () => new AdaptivelyConnectedConvolution(4, 8), 6, 7, 4),
        new("adaptively connected convolution, stride 2", typeof(AdaptivelyConnectedConvolution), () => new AdaptivelyConnectedConvolution(3, 5, 2, 8), 7, 6, 3),

        new("interpolated convolution, given samples", typeof(InterpolatedConvolution), () => new InterpolatedConvolution(4, 5, new GivenMask(7, 6, Masks.Random(7, 6, 0.3, 5)), 3, 3), 7, 6, 4)
        {
            Skips = true, RuleMacs = 7 * 6 * 6 * 25,
        },
        new("interpolated convolution", typeof(InterpolatedConvolution), () => new InterpolatedConvolution(4, 5, new MaskUnit(4), 1, 2), 5, 6, 4)
        {
            Skips = true, RuleMacs = (5 * 6 * 6 * 9) + (9 * 4 * 5 * 6) + 4, HasSurrogateGradients = true,
        },

        // Which pixels are the least certain jumps where two of them are equally so.
        new("point refinement", typeof(PointRefinement), () => new PointRefinement(5, 3, 7, 4, 0.2), 9, 10, 5)
        {
            Skips = true, GradientStep = 1e-4f, GradientTolerance = 5e-2,
        },
        new("point refinement of one logit", typeof(PointRefinement), () => new PointRefinement(4, 1, 6, 2, 0.5), 6, 5, 4)
        {
            Skips = true, GradientStep = 1e-4f, GradientTolerance = 5e-2,
        },

        // Pixels halt where sums of scores cross a threshold: the units that run jump there.
        new("spatial halting", typeof(SpatialHalting), () => new SpatialHalting(4, 5, 3, start: -0.7f), 7, 6, 4)
        {
            Skips = true, GradientStep = 1e-3f,
        },
        new("spatial halting, stride 2, a single unit", typeof(SpatialHalting), () => new SpatialHalting(4, 6, 1, 2), 7, 6, 4)
        {
            Skips = true,
        },

        // The choice of a size jumps; its gradient is that of a softmax.
        new(
            "dynamic resolution", typeof(DynamicResolution),
            () => new DynamicResolution(new ResolutionPredictor(2, 4, 5, 3, 3), new SizedResidualNetwork(3, 2, 1, [4, 5], [1, 1], 4), (4, 5), (6, 6), (8, 9)), 8, 9, 2)
        {
            Skips = true,
            HasSurrogateGradients = true,
        },
        new("elastic block", typeof(ElasticBlock), () => new ElasticBlock(4, 6, 3, 2), 7, 6, 4) { GradientStep = 5e-4f, GradientTolerance = 3e-2 },
        new("elastic block, identity", typeof(ElasticBlock), () => new ElasticBlock(5, 5, 2), 6, 5, 5) { GradientStep = 5e-4f, GradientTolerance = 3e-2 },
        new(
            "thin-plate transformer", typeof(ThinPlateTransformer),
            () => new ThinPlateTransformer(new Sequential(new GlobalAveragePool(), new Linear(3, 4)), 4, 3, 5, 6), 7, 6, 3)
        {
            // As with the affine one.
            GradientStep = 5e-4f,
            GradientTolerance = 3e-2,
        },

        // Whether a tile runs jumps; its gradient is that of a sigmoid.
        new(
            "patch gating", typeof(PatchGating),
            () => new PatchGating(new ConvBlock(2, 4, 3), 4, 4, 3, new Sequential(new ConvBlock(2, 5, 3), new GlobalAveragePool()), 3), 8, 7, 2)
        {
            Skips = true,
            HasSurrogateGradients = true,
        },
        new(
            "patch gating that keeps places", typeof(PatchGating),
            () => new PatchGating(new ConvBlock(2, 4, 3), 4, 4, 3, new Sequential(new ConvBlock(2, 5, 3), new GlobalAveragePool()), 2, keepsPlaces: true), 8, 7, 2)
        {
            Skips = true,
            HasSurrogateGradients = true,
        },
    ];
}
