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
        ["activation"] = ElementGoldens.Activation,
        ["adaptive_avgpool2d"] = PoolingRunners.AdaptiveAverage,
        ["adaptive_maxpool2d"] = PoolingRunners.AdaptiveMax,
        ["avgpool2d"] = PoolingRunners.Average,
        ["batchnorm"] = NormalizationRunners.BatchNorm,
        ["bce_with_logits"] = LossRunners.BinaryCrossEntropy,
        ["conv2d"] = ConvolutionRunners.Conv2d,
        ["conv_transpose2d"] = ConvolutionRunners.ConvTranspose2d,
        ["cross_entropy"] = LossRunners.CrossEntropy,
        ["embedding"] = ElementGoldens.Embedding,
        ["exit_cascade"] = ExitGoldens.Cascade,
        ["exit_scores"] = ExitGoldens.Scores,
        ["groupnorm"] = NormalizationRunners.GroupNorm,
        ["gru"] = RecurrentGoldens.Gru,
        ["gumbel_sigmoid"] = RelaxationGoldens.Sigmoid,
        ["gumbel_softmax"] = RelaxationGoldens.Softmax,
        ["interpolate"] = ElementGoldens.Interpolate,
        ["kd_loss"] = LossRunners.Distillation,
        ["layernorm"] = NormalizationRunners.LayerNorm,
        ["linear"] = ConvolutionRunners.Linear,
        ["lstm"] = RecurrentGoldens.Lstm,
        ["masked_conv2d"] = ConvolutionRunners.Conv2d,
        ["matmul"] = ConvolutionRunners.MatMul,
        ["maxpool2d"] = PoolingRunners.Max,
        ["multihead_attention"] = AttentionGoldens.Run,
        ["optimizer"] = OptimizerGoldens.Run,
        ["pixel_shuffle"] = ElementGoldens.PixelShuffle,
        ["training_run"] = TrainingRunGoldens.Run,
    };

    public static IEnumerable<string> Layers => Runners.Keys;

    public static bool TryFind(string layer, out Action<GoldenCase> runner)
    {
        bool found = Runners.TryGetValue(layer, out Action<GoldenCase>? candidate) && candidate is not null;
        runner = candidate!;
        return found;
    }
}
