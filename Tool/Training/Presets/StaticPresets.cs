using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicDepth;
using ManagedDyn.Layers.Models;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>Static networks: what dynamic ones are compared with.</summary>
internal static class StaticPresets
{
    private const string ResNetPaper = "He et al., Deep Residual Learning, CVPR 2016";

    public static IReadOnlyList<ModelPreset> All { get; } =
    [
        new("resnet-tiny", "static residual network", static (shape, classes, _) => Residual(shape, classes, [8, 16, 32], false)) { Paper = ResNetPaper },
        new("resnet-small", "static residual network", static (shape, classes, _) => Residual(shape, classes, [12, 24, 48], false)) { Paper = ResNetPaper },
        new("resnet-base", "static residual network", static (shape, classes, _) => Residual(shape, classes, [16, 32, 64], false)) { Paper = ResNetPaper },
        new("resnet-deep", "static residual network of nine blocks", static (shape, classes, _) => ResNet.Create(Deep(shape, classes))) { Paper = ResNetPaper },
    ];

    /// <summary>Deep for its cost: the backbone of networks that skip blocks.</summary>
    public static ResNetOptions Deep(Shape shape, int classes) => new ResNetOptions
    {
        StemStride = 2,
        Channels = [12, 24, 48],
        Blocks = [3, 3, 3],
    }.For(shape, classes);

    public static IntermediateClassifiers Residual(Shape shape, int classes, int[] channels, bool exits) =>
        ResNet.Create(Sized(shape, classes, channels) with { HasIntermediateClassifiers = exits });

    /// <summary>A network with one block a group.</summary>
    public static ResNetOptions Sized(Shape shape, int classes, int[] channels) => new ResNetOptions
    {
        Channels = channels,
    }.For(shape, classes);
}
