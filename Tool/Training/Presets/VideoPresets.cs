using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Training.Objectives;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>Small networks for videos that choose their frames, and the static one, which looks at all of them, that they are compared with.</summary>
internal static class VideoPresets
{
    private const string StaticName = "frame-pool";
    // A video is many frames: small batches make as many steps as images do.
    private const double VideoRate = 0.05;
    private const int VideoBatch = 16;

    // Of the cost of the largest network on every frame.
    private const double ResolutionTarget = 0.35;
    private const float ResolutionWeight = 4;

    public static IReadOnlyList<ModelPreset> All { get; } =
    [
        new(StaticName, "looks at every frame of a video and averages what it sees", static (shape, classes, _) => FramePool.Create(Of(new FramePoolOptions(), shape, classes)))
        {
            Takes = InputForm.Frames,
            Rate = VideoRate,
            Batch = VideoBatch,
        },
        new("frame-reuse", "the same, but frames that are as the last one looked at are not looked at again", static (shape, classes, _) => FramePool.Create(Of(new FramePoolOptions { Reuses = true }, shape, classes)))
        {
            Paper = "Zhu et al., Deep Feature Flow for Video Recognition, CVPR 2017",
            Takes = InputForm.Frames,
            Rate = VideoRate,
            Batch = VideoBatch,
        },
        new("frame-exit", "looks at frames from coarse to fine until it has seen enough", static (shape, classes, _) => new FrameExit(Of(new FrameExitOptions(), shape, classes)))
        {
            Paper = "Ghodrati et al., FrameExit: Conditional Early Exiting for Efficient Video Recognition, CVPR 2021",
            Static = StaticName,
            Takes = InputForm.Frames,
            Rate = VideoRate,
            Batch = VideoBatch,
            Objective = static (usual, _) => new LearnedExits(usual, target: ExitTarget.SmallLoss),
        },
        new("ada-frame", "jumps to the frame that promises most until little more is expected", static (shape, classes, _) => new AdaFrame(Of(new AdaFrameOptions { Looks = Math.Max(1, shape[0] / 2) }, shape, classes)))
        {
            Paper = "Wu et al., AdaFrame: Adaptive Frame Selection for Fast Video Recognition, CVPR 2019",
            Static = StaticName,
            Takes = InputForm.Frames,
            Rate = VideoRate,
            Batch = VideoBatch,
            Objective = static (usual, _) => new GlimpseUtility(usual),
        },
        new("key-frames", "sees all frames small and looks at the most salient ones", static (shape, classes, _) => new KeyFrameNet(Of(new KeyFrameNetOptions { Looks = Math.Max(1, shape[0] * 3 / 8) }, shape, classes)))
        {
            Paper = "Korbar et al., SCSampler: Sampling Salient Clips from Video for Efficient Action Recognition, ICCV 2019",
            Static = StaticName,
            Takes = InputForm.Frames,
            Rate = VideoRate,
            Batch = VideoBatch,
        },
        new("ar-net", "chooses the resolution and network that see each frame, or skips it", static (shape, classes, _) => ArNet.Create(Of(new ArNetOptions(), shape, classes)))
        {
            Paper = "Meng et al., AR-Net: Adaptive Frame Resolution for Efficient Action Recognition, ECCV 2020",
            Static = StaticName,
            Takes = InputForm.Frames,
            Rate = VideoRate,
            Batch = VideoBatch,
            Target = ResolutionTarget,
            Objective = static (usual, plan) => new ComputeBudget(usual, (float)plan.Target, ResolutionWeight),
        },
    ];

    private static T Of<T>(T options, Shape shape, int classes)
        where T : VideoModelOptions => (T)(options with { Frames = shape[0], Height = shape[1], Width = shape[2], InputChannels = shape[3], Classes = classes });
}
