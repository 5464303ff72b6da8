using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicDepth;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;

namespace ManagedDyn.Tool.Training;

/// <summary>A network by name, made to the size of the images and the number of classes.</summary>
public sealed record ModelPreset(string Name, string Summary, Func<Shape, int, StagedNetwork> Create)
{
    public static IReadOnlyList<ModelPreset> All { get; } =
    [
        new("msdnet-tiny", "multi-scale with 4 exits, for small images and short training", static (shape, classes) => Msd(shape, classes, 2, 8, 8, [1, 2, 3, 4], 24)),
        new("msdnet-small", "multi-scale with 5 exits, all scales to the end", static (shape, classes) => new MsdNet(new MsdNetOptions
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
        })),
        new("msdnet-base", "multi-scale with 5 exits, at the full size of the image", static (shape, classes) => Msd(shape, classes, 1, 16, 12, [1, 2, 3, 4, 4], 64)),
        new("resnet-tiny", "static residual network", static (shape, classes) => Residual(shape, classes, [8, 16, 32], false)),
        new("resnet-small", "static residual network", static (shape, classes) => Residual(shape, classes, [12, 24, 48], false)),
        new("resnet-base", "static residual network", static (shape, classes) => Residual(shape, classes, [16, 32, 64], false)),
        new("resnet-exits", "residual network with a classifier after each group", static (shape, classes) => Residual(shape, classes, [16, 32, 64], true)),
    ];

    public static string[] Names
    {
        get
        {
            string[] names = new string[All.Count];
            for (int i = 0; i < names.Length; i++)
            {
                names[i] = All[i].Name;
            }

            return names;
        }
    }

    public static ModelPreset Find(string name)
    {
        foreach (ModelPreset preset in All)
        {
            if (preset.Name == name)
            {
                return preset;
            }
        }

        throw new ToolException($"there is no model preset '{name}'; expected {string.Join(" or ", Names)}", ExitCode.WrongUsage);
    }

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

    private static IntermediateClassifiers Residual(Shape shape, int classes, int[] channels, bool exits) => ResNet.Create(new ResNetOptions
    {
        Height = shape[0],
        Width = shape[1],
        InputChannels = shape[2],
        Classes = classes,
        Channels = channels,
        HasIntermediateClassifiers = exits,
    });
}
