using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Training.Objectives;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>Networks that answer for each pixel and refine where they are not sure.</summary>
internal static class DensePresets
{
    private const string CascadePaper = "Li et al., Not All Pixels Are Equal: Difficulty-Aware Semantic Segmentation via Deep Layer Cascade, CVPR 2017";

    // All pixels of a batch vote, so gradients are less noisy than a classifier's and steps may not be as long.
    private const double SlowRate = 0.05;
    private const int SmallBatch = 16;

    // Errors of values have no bound as those of probabilities do, and plain steps of a classifier's size diverge.
    private const double AdamRate = 0.003;

    public static IReadOnlyList<ModelPreset> All { get; } =
    [
        new("segmenter-static", "a class for each pixel, the expensive pass everywhere (--data scenes)", static (shape, classes, _) => new RefinementNet(Sizes(shape, classes) with { IsStatic = true }))
        {
            Paper = CascadePaper,
            Answers = AnswerKind.LabelMap,
            Rate = SlowRate,
            Batch = SmallBatch,
        },
        new("segmenter", "a class for each pixel, the expensive pass where the first is not sure (--data scenes)", static (shape, classes, _) => new RefinementNet(Sizes(shape, classes)))
        {
            Paper = CascadePaper,
            Answers = AnswerKind.LabelMap,
            Static = "segmenter-static",
            Rate = SlowRate,
            Batch = SmallBatch,
        },
        new("denoiser-static", "a clean picture of a noisy one, the expensive pass everywhere (--data noisy-scenes)", static (shape, _, _) => new RefinementNet(Pictures(shape) with { IsStatic = true }))
        {
            Paper = CascadePaper,
            Answers = AnswerKind.Picture,
            Rate = AdamRate,
            UsesAdam = true,
            Batch = SmallBatch,
            HasOwnLoss = true,
            Objective = static (_, _) => new PictureError(),
        },
        new("denoiser", "a clean picture of a noisy one, the expensive pass where there are edges (--data noisy-scenes)", static (shape, _, _) => new RefinementNet(Pictures(shape)))
        {
            Paper = CascadePaper,
            Answers = AnswerKind.Picture,
            Static = "denoiser-static",
            Rate = AdamRate,
            UsesAdam = true,
            Batch = SmallBatch,
            HasOwnLoss = true,
            Objective = static (_, _) => new PictureError(),
        },
    ];

    private static RefinementNetOptions Sizes(Shape shape, int classes) => new()
    {
        Height = shape[0],
        Width = shape[1],
        InputChannels = shape[2],
        Outputs = classes,
    };

    private static RefinementNetOptions Pictures(Shape shape) => Sizes(shape, shape[2]) with { Answers = AnswerKind.Picture };
}
