using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicDepth;
using ManagedDyn.Layers.Models;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>Networks whose kernels are mixed or predicted.</summary>
internal static class KernelPresets
{
    public static IReadOnlyList<ModelPreset> All { get; } =
    [
        new("condconv", "kernels mixed by a routing", static (shape, classes, _) => Residual(shape, classes, DynamicConvKind.CondConv))
        {
            Paper = "Yang et al., \"CondConv: Conditionally Parameterized Convolutions for Efficient Inference\", NeurIPS 2019",
            Static = "resnet-tiny",
        },
        new("dy-cnn", "kernels mixed by an attention with annealed temperature", static (shape, classes, _) => Residual(shape, classes, DynamicConvKind.DyCnn))
        {
            Paper = "Chen et al., \"Dynamic Convolution: Attention over Convolution Kernels\", CVPR 2020",
            Static = "resnet-tiny",
        },
        new("weightnet", "weights predicted from the pooled input", static (shape, classes, _) => Residual(shape, classes, DynamicConvKind.WeightNet))
        {
            Paper = "Ma et al., \"WeightNet: Revisiting the Design Space of Weight Networks\", ECCV 2020",
            Static = "resnet-tiny",
        },
        new("dynamic-filter", "a bank of filters generated for each input", static (shape, classes, _) => Residual(shape, classes, DynamicConvKind.DynamicFilter))
        {
            Paper = "De Brabandere et al., \"Dynamic Filter Networks\", NIPS 2016",
            Static = "resnet-tiny",
        },
        new("hyper-conv", "kernels made by one hypernetwork", static (shape, classes, _) => Residual(shape, classes, DynamicConvKind.Hyper))
        {
            Paper = "Ha, Dai and Le, \"HyperNetworks\", ICLR 2017",
            Static = "resnet-tiny",
        },
    ];

    private static IntermediateClassifiers Residual(Shape shape, int classes, DynamicConvKind kind) => DynamicConvResNet.Create(new DynamicConvResNetOptions
    {
        Kind = kind,
    }.For(shape, classes));
}
