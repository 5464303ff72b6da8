using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicDepth;
using ManagedDyn.Layers.Models;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>Networks whose weights depend on the input.</summary>
internal static class ParameterPresets
{
    public static IReadOnlyList<ModelPreset> All { get; } =
    [
        .. KernelPresets.All,
        Local("deform", "deformable convolution in the last group", LocalOperation.Deformable, 2, 3, "Dai et al., Deformable Convolutional Networks, ICCV 2017"),
        Local("deform-v2", "modulated deformable convolution in the last group", LocalOperation.ModulatedDeformable, 2, 3, "Zhu et al., Deformable ConvNets v2, CVPR 2019"),
        Local("deformable-kernel", "kernels deformed at each pixel, in the last two groups", LocalOperation.DeformableKernel, 1, 3, DeformableKernelsPaper),
        Local("deformable-kernel-global", "kernels deformed for each image, in the last two groups", LocalOperation.GlobalDeformableKernel, 1, 3, DeformableKernelsPaper),
        Local("involution", "involution in the last two groups", LocalOperation.Involution, 1, 5, "Li et al., Involution, CVPR 2021"),
        Local("local-filter", "a filter for each pixel, in the last two groups", LocalOperation.LocalFilter, 1, 3, "De Brabandere et al., Dynamic Filter Networks, NIPS 2016"),
        Local("pac", "pixel-adaptive convolution in the last two groups", LocalOperation.PixelAdaptive, 1, 3, "Su et al., Pixel-Adaptive Convolutional Neural Networks, CVPR 2019"),
        Local("drconv", "region-aware convolution in the last group", LocalOperation.RegionAware, 2, 3, "Chen et al., Dynamic Region-Aware Convolution, CVPR 2021"),
    ];

    private const string DeformableKernelsPaper = "Gao et al., Deformable Kernels, ICLR 2020";

    private static ModelPreset Local(string name, string summary, LocalOperation operation, int firstGroup, int kernel, string paper) =>
        new(name, summary, (shape, classes, _) => LocalNetwork(shape, classes, operation, firstGroup, kernel)) { Paper = paper, Static = "resnet-base" };

    private static IntermediateClassifiers LocalNetwork(Shape shape, int classes, LocalOperation operation, int firstGroup, int kernel) =>
        LocalResNet.Create(new LocalResNetOptions
        {
            Operation = operation,
            FirstGroup = firstGroup,
            Kernel = kernel,
        }.For(shape, classes));
}
