using System;
using System.Collections.Generic;
using ManagedDyn.Tests.Layers.Training;
using ManagedDyn.Tests.Layers.Training.Optimizers;
using ManagedDyn.Tests.Operators;

namespace ManagedDyn.Tests.Goldens;

/// <summary>
/// Which code answers for which layer of the golden vectors. A runner reads the case's inputs, runs the layer forward and backward, and checks
/// every expected tensor.
/// </summary>
public static class GoldenCatalogue
{
    // The layer's vectors are here before its code: tolerated for the vectors of this repository only, and listed as skipped.
    private static Action<GoldenCase>? Awaiting => null;

    private static readonly Dictionary<string, Action<GoldenCase>?> Runners = new(StringComparer.Ordinal)
    {
        ["acon_c"] = FeatureRunners.Acon,
        ["act_halting"] = HaltingRunners.Run,
        ["activation"] = ElementGoldens.Activation,
        ["adaptive_avgpool2d"] = PoolingRunners.AdaptiveAverage,
        ["adaptive_maxpool2d"] = PoolingRunners.AdaptiveMax,
        ["affine_grid"] = SamplingRunners.AffineGrid,
        ["avgpool2d"] = PoolingRunners.Average,
        ["bam"] = FeatureRunners.BottleneckAttention,
        ["batchnorm"] = NormalizationRunners.BatchNorm,
        ["bce_with_logits"] = LossRunners.BinaryCrossEntropy,
        ["carafe"] = LocalFilterRunners.Carafe,
        ["cbam"] = FeatureRunners.ConvolutionalBlockAttention,
        ["condconv"] = KernelRunners.CondConv,
        ["conv1d"] = FeatureRunners.Conv1d,
        ["conv2d"] = ConvolutionRunners.Conv2d,
        ["conv3d"] = SequenceRunners.Conv3d,
        ["conv_transpose2d"] = ConvolutionRunners.ConvTranspose2d,
        ["cross_entropy"] = LossRunners.CrossEntropy,
        ["deform_conv2d"] = SamplingRunners.DeformableConv2d,
        ["dfn_dynamic_conv"] = KernelRunners.DynamicFilter,
        ["dfn_local"] = LocalFilterRunners.Local,
        ["drconv"] = SamplingRunners.RegionAware,
        ["dynamic_conv"] = KernelRunners.DynamicConvolution,
        ["dyrelu_a"] = FeatureRunners.DynamicRelu,
        ["dyrelu_b"] = FeatureRunners.DynamicRelu,
        ["eca"] = FeatureRunners.EfficientChannelAttention,
        ["embedding"] = ElementGoldens.Embedding,
        ["exit_cascade"] = ExitGoldens.Cascade,
        ["exit_scores"] = ExitGoldens.Scores,
        ["fbs"] = ChannelRunners.Boosted,
        ["frelu"] = FeatureRunners.FunnelRelu,
        ["grid_sample"] = SamplingRunners.GridSample,
        ["groupnorm"] = NormalizationRunners.GroupNorm,
        ["gru"] = SequenceRunners.Gru,
        ["gumbel_sigmoid"] = RelaxationGoldens.Sigmoid,
        ["gumbel_softmax"] = RelaxationGoldens.Softmax,
        ["hypernet_conv"] = KernelRunners.HyperConvolution,
        ["interpolate"] = ElementGoldens.Interpolate,
        ["involution"] = LocalFilterRunners.Involution,
        ["kd_loss"] = LossRunners.Distillation,
        ["layernorm"] = NormalizationRunners.LayerNorm,
        ["linear"] = ConvolutionRunners.Linear,
        ["lstm"] = SequenceRunners.Lstm,
        ["masked_conv2d"] = ConvolutionRunners.Conv2d,
        ["matmul"] = ConvolutionRunners.MatMul,
        ["maxpool2d"] = PoolingRunners.Max,
        ["meta_acon"] = FeatureRunners.MetaAcon,
        ["moe_noisy_topk"] = MixtureRunners.NoisyTopK,
        ["moe_switch"] = MixtureRunners.Switch,
        ["moe_topk"] = MixtureRunners.TopK,
        ["multihead_attention"] = AttentionGoldens.Run,
        ["optimizer"] = OptimizerGoldens.Run,
        ["pac_conv2d"] = LocalFilterRunners.PixelAdaptive,
        ["pixel_shuffle"] = ElementGoldens.PixelShuffle,
        ["rnn_tanh"] = SequenceRunners.Rnn,
        ["sact_halting"] = HaltingRunners.Run,
        ["se"] = FeatureRunners.SqueezeExcitation,
        ["selective_kernel"] = FeatureRunners.SelectiveKernel,
        ["skip_rnn"] = SkipRnnRunners.Run,
        ["soft_tree"] = RoutingRunners.SoftTree,
        ["sparse_residual_block"] = SpatialRunners.SparseResidualBlock,
        ["spatial_attention"] = FeatureRunners.SpatialAttention,
        ["srm"] = FeatureRunners.StyleRecalibration,
        ["stn"] = SamplingRunners.SpatialTransformer,
        ["training_run"] = TrainingRunGoldens.Run,
        ["vsr_duf"] = LocalFilterRunners.DynamicUpsampling,
        ["weightnet"] = KernelRunners.WeightNet,
    };

    public static IEnumerable<string> Layers => Runners.Keys;

    public static bool TryFind(string layer, out Action<GoldenCase> runner)
    {
        bool found = Runners.TryGetValue(layer, out Action<GoldenCase>? candidate) && candidate is not null;
        runner = candidate!;
        return found;
    }
}
