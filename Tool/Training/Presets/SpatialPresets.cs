using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.SpatialWise.PixelLevel;
using ManagedDyn.Layers.Training.Objectives;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>Networks that choose where in the image they compute.</summary>
internal static class SpatialPresets
{
    private const string DynConvPaper = "Verelst and Tuytelaars, Dynamic Convolutions: Exploiting Spatial Sparsity, CVPR 2020";
    private const string StaticName = "resnet-maps";

    // Of the pixels; what dilated masks, stem, shortcuts and mask units cost comes on top and makes it half of the multiply-adds.
    private const double DynConvTarget = 0.42;

    // Masks of single pixels are dilated by more of them.
    private const double PixelTarget = 0.35;
    private const double InterpolatedTarget = 0.4;

    // Masks that are drawn before there are features to draw them by keep a short training from learning any.
    private const double DenseShare = 0.25;

    // And noise that goes on long costs it some of what it learned.
    private const double NoiseShare = 0.3;

    // Firmer budgets are kept no better, and press masks to where the loss does not ask for them.
    private const float BudgetWeight = 3;
    private const int ChannelGroup = 8;
    private const float ActivityWeight = 0.02f;
    private const float PonderWeight = 0.05f;
    private const double GateTarget = 0.65;

    public static IReadOnlyList<ModelPreset> All { get; } =
    [
        new(StaticName, "static residual network with two blocks a group, on large maps", static (shape, classes, _) => ResNet.Create(Maps(shape, classes)))
        {
            Paper = "He et al., Deep Residual Learning, CVPR 2016",
        },
        new("dynconv-resnet", "residual network that runs each block on the pixels it chooses, in blocks of 4", static (shape, classes, _) => DynConv(shape, classes, 4))
        {
            Paper = DynConvPaper,
            Static = StaticName,
            Target = DynConvTarget,
            Objective = static (usual, plan) => new ComputeBudget(usual, (float)plan.Target, BudgetWeight, kind: DecisionKind.Pixels),
        },
        new("dynconv-resnet-pixels", "the same, pixel by pixel", static (shape, classes, _) => DynConv(shape, classes, 1))
        {
            Paper = DynConvPaper,
            Static = StaticName,
            Target = PixelTarget,
            Objective = static (usual, plan) => new ComputeBudget(usual, (float)plan.Target, BudgetWeight, kind: DecisionKind.Pixels),
        },
        new("sact-resnet", "residual network in whose groups each pixel runs as many units as it needs", static (shape, classes, _) => SactResNet.Create(new SactResNetOptions
        {
            StemStride = SpatialSizes.StemStride(shape),
            Channels = SpatialSizes.Channels,
            Units = SpatialSizes.Blocks,
        }.For(shape, classes)))
        {
            Paper = "Figurnov et al., Spatially Adaptive Computation Time for Residual Networks, CVPR 2017",
            Static = StaticName,
            Objective = static (usual, _) => new AuxiliaryTerms(usual, new KeyValuePair<string, float>(Halting.PonderTerm, PonderWeight)),
        },
        new("dual-gated", "residual network that chooses the pixels of each block and the channels within it", static (shape, classes, _) => DynConv(shape, classes, 4, ChannelGroup))
        {
            Paper = "Li et al., Dynamic Dual Gating Neural Networks, ICCV 2021",
            Static = StaticName,
            Target = GateTarget,
            Objective = static (usual, plan) => new ComputeBudget(
                new ComputeBudget(usual, (float)plan.Target, kind: DecisionKind.Pixels), (float)plan.Target, kind: DecisionKind.Channels),
        },
        new("lccl", "residual network whose cheap convolutions say where the expensive ones are zero", static (shape, classes, _) => Pixels(shape, classes, PixelOperation.LowCost))
        {
            Paper = "Dong et al., More Is Less: a More Complicated Network with Less Inference Complexity, CVPR 2017",
            Static = StaticName,
            Objective = static (usual, _) => new AuxiliaryTerms(usual, new KeyValuePair<string, float>(LowCostConvolution.ActivityTerm, ActivityWeight)),
        },
        new("interpolated", "residual network that computes sampled pixels and interpolates the others", static (shape, classes, _) => Pixels(shape, classes, PixelOperation.Interpolated))
        {
            Paper = "Xie et al., Spatially Adaptive Inference with Stochastic Feature Sampling and Interpolation, ECCV 2020",
            Static = StaticName,
            Target = InterpolatedTarget,
            Objective = static (usual, plan) => new ComputeBudget(usual, (float)plan.Target, kind: DecisionKind.Pixels),
        },
        new("acnet", "residual network each pixel of which mixes its neighbourhood with the whole image", static (shape, classes, _) => Pixels(shape, classes, PixelOperation.AdaptivelyConnected))
        {
            Paper = "Wang et al., Adaptively Connected Neural Networks, CVPR 2019",
            Static = StaticName,
            AddsAccuracy = true,
        },
    ];

    private static SparseResNet DynConv(Shape shape, int classes, int granularity, int channelGroup = 0) => new(new SparseResNetOptions
    {
        StemStride = SpatialSizes.StemStride(shape),
        Channels = SpatialSizes.Channels,
        Blocks = SpatialSizes.Blocks,
        Granularity = granularity,
        ChannelGroup = channelGroup,
        DenseShare = DenseShare,
        NoiseShare = NoiseShare,
    }.For(shape, classes));

    private static SingleStage Pixels(Shape shape, int classes, PixelOperation operation) => PixelResNet.Create(new PixelResNetOptions
    {
        Operation = operation,
        DenseShare = operation == PixelOperation.Interpolated ? DenseShare : 0,
        StemStride = SpatialSizes.StemStride(shape),
        Channels = SpatialSizes.Channels,
        Blocks = SpatialSizes.Blocks,
    }.For(shape, classes));

    private static ResNetOptions Maps(Shape shape, int classes) => new ResNetOptions
    {
        StemStride = SpatialSizes.StemStride(shape),
        Channels = SpatialSizes.Channels,
        Blocks = SpatialSizes.Blocks,
    }.For(shape, classes);
}
