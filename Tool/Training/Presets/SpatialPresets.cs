using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Training.Objectives;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>Networks that choose where in the image they compute.</summary>
internal static class SpatialPresets
{
    private const string DynConvPaper = "Verelst and Tuytelaars, Dynamic Convolutions: Exploiting Spatial Sparsity, CVPR 2020";
    private const string StaticName = "resnet-maps";
    private const double DynConvTarget = 0.4;
    private const float PonderWeight = 0.05f;
    private const int LargeImage = 64;

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
            Objective = static (usual, plan) => new ComputeBudget(usual, (float)plan.Target, kind: DecisionKind.Pixels),
        },
        new("dynconv-resnet-pixels", "the same, pixel by pixel", static (shape, classes, _) => DynConv(shape, classes, 1))
        {
            Paper = DynConvPaper,
            Static = StaticName,
            Target = DynConvTarget,
            Objective = static (usual, plan) => new ComputeBudget(usual, (float)plan.Target, kind: DecisionKind.Pixels),
        },
        new("sact-resnet", "residual network in whose groups each pixel runs as many units as it needs", static (shape, classes, _) => SactResNet.Create(new SactResNetOptions
        {
            Height = shape[0],
            Width = shape[1],
            InputChannels = shape[2],
            Classes = classes,
            StemStride = StemStride(shape),
            Channels = [16, 32, 64],
            Units = [2, 2, 2],
        }))
        {
            Paper = "Figurnov et al., Spatially Adaptive Computation Time for Residual Networks, CVPR 2017",
            Static = StaticName,
            Objective = static (usual, _) => new AuxiliaryTerms(usual, new KeyValuePair<string, float>(Halting.PonderTerm, PonderWeight)),
        },
    ];

    private static SparseResNet DynConv(Shape shape, int classes, int granularity) => new(new SparseResNetOptions
    {
        Height = shape[0],
        Width = shape[1],
        InputChannels = shape[2],
        Classes = classes,
        StemStride = StemStride(shape),
        Channels = [16, 32, 64],
        Blocks = [2, 2, 2],
        Granularity = granularity,
    });

    private static ResNetOptions Maps(Shape shape, int classes) => new()
    {
        Height = shape[0],
        Width = shape[1],
        InputChannels = shape[2],
        Classes = classes,
        StemStride = StemStride(shape),
        Channels = [16, 32, 64],
        Blocks = [2, 2, 2],
    };

    private static int StemStride(Shape shape) => shape[0] >= LargeImage ? 2 : 1;
}
