using System.Collections.Generic;
using ManagedDyn.Layers.InstanceWise.DynamicFeatures;

namespace ManagedDyn.Tests.Laws.Cases;

/// <summary>The layers of Layers/InstanceWise/DynamicFeatures that the laws are tested on.</summary>
internal static class DynamicFeaturesCases
{
    public static readonly IReadOnlyList<LayerCase> All =
    [
        new("squeeze and excitation", typeof(SqueezeExcitation), () => new SqueezeExcitation(19, 4), 5, 7, 19),
        new("squeeze and excitation, hard, without bias", typeof(SqueezeExcitation), () => new SqueezeExcitation(8, 3, AttentionGate.HardSigmoid, bias: false), 4, 3, 8),
        new("style recalibration", typeof(StyleRecalibration), () => new StyleRecalibration(13), 5, 4, 13),
        new("style recalibration of single pixels", typeof(StyleRecalibration), () => new StyleRecalibration(5), 1, 1, 5),
        new("efficient channel attention", typeof(EfficientChannelAttention), () => new EfficientChannelAttention(21), 3, 6, 21),
        new("efficient channel attention, kernel 5", typeof(EfficientChannelAttention), () => new EfficientChannelAttention(3, 5), 3, 2, 3),
        new("spatial attention", typeof(SpatialAttention), () => new SpatialAttention(11), 6, 5, 11),
        new("spatial attention, normalised", typeof(SpatialAttention), () => new SpatialAttention(8, 3, normalizes: true), 5, 4, 8),
        new("bottleneck attention", typeof(BottleneckAttention), () => new BottleneckAttention(12, 4), 9, 7, 12),
        new("bottleneck attention, multiplied", typeof(BottleneckAttention), () => new BottleneckAttention(10, 3, 2, multiplies: true, dilated: 1), 5, 6, 10),
        new("convolutional block attention", typeof(ConvolutionalBlockAttention), () => new ConvolutionalBlockAttention(12, 4), 6, 7, 12),
        new("convolutional block attention, normalised", typeof(ConvolutionalBlockAttention), () => new ConvolutionalBlockAttention(9, 2, 3, true), 5, 4, 9),
        new("selective kernel", typeof(SelectiveKernel), () => new SelectiveKernel(6, 10, leastHidden: 4), 7, 5, 6),
        new("selective kernel, three plain branches", typeof(SelectiveKernel), () => new SelectiveKernel(4, 8, 3, 2, 1, 2, 2, normalizes: false), 8, 7, 4),
        new("dynamic relu, shared", typeof(DynamicRelu), () => new DynamicRelu(9, DynamicReluForm.Shared), 4, 5, 9),
        new("dynamic relu, channelwise", typeof(DynamicRelu), () => new DynamicRelu(18, lines: 3, reduction: 3), 4, 5, 18),
        new("dynamic relu, spatial", typeof(DynamicRelu), () => new DynamicRelu(8, DynamicReluForm.SpatialAndChannelwise), 5, 3, 8),
        new("funnel relu", typeof(FunnelRelu), () => new FunnelRelu(9), 5, 6, 9),
        new("funnel relu, 5x5 without bias", typeof(FunnelRelu), () => new FunnelRelu(16, 5, bias: false), 7, 6, 16),
        new("acon", typeof(Acon), () => new Acon(11), 3, 4, 11),
        new("meta acon", typeof(MetaAcon), () => new MetaAcon(9), 5, 4, 9),
        new("meta acon, not normalised", typeof(MetaAcon), () => new MetaAcon(16, 3, normalizes: false), 3, 3, 16),
    ];
}
