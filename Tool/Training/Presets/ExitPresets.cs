using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Models;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>Networks with several exits.</summary>
internal static class ExitPresets
{
    private const string MsdNetPaper = "Huang et al., Multi-Scale Dense Networks, ICLR 2018";

    public static IReadOnlyList<ModelPreset> All { get; } =
    [
        new("msdnet-tiny", "multi-scale with 4 exits, for small images and short training", static (shape, classes, _) => Msd(shape, classes, 2, 8, 8, [1, 2, 3, 4], 24))
        {
            Paper = MsdNetPaper,
        },
        new("msdnet-small", "multi-scale with 5 exits, all scales to the end", static (shape, classes, _) => new MsdNet(new MsdNetOptions
        {
            Height = shape[0],
            Width = shape[1],
            InputChannels = shape[2],
            Classes = classes,
            StemStride = 2,
            BaseChannels = 16,
            GrowthRate = 16,
            GrowthFactors = [1, 2, 2],
            LayersPerBlock = [1, 1, 1, 1, 2],
            ClassifierChannels = 32,
            DropsScales = false,
        }))
        {
            Paper = MsdNetPaper,
            Static = "resnet-base",
        },
        new("msdnet-base", "multi-scale with 5 exits, at the full size of the image", static (shape, classes, _) => Msd(shape, classes, 1, 16, 12, [1, 2, 3, 4, 4], 64))
        {
            Paper = MsdNetPaper,
        },
        new("resnet-exits", "residual network with a classifier after each group", static (shape, classes, _) => StaticPresets.Residual(shape, classes, [16, 32, 64], true))
        {
            Paper = "Teerapittayanon et al., BranchyNet, ICPR 2016",
            Static = "resnet-base",
        },
    ];

    private static MsdNet Msd(Shape shape, int classes, int stride, int channels, int growth, int[] layers, int classifier) => new(new MsdNetOptions
    {
        Height = shape[0],
        Width = shape[1],
        InputChannels = shape[2],
        Classes = classes,
        StemStride = stride,
        BaseChannels = channels,
        GrowthRate = growth,
        LayersPerBlock = layers,
        ClassifierChannels = classifier,
    });
}
