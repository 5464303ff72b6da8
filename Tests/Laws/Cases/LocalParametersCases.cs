using System.Collections.Generic;
using ManagedDyn.Layers.InstanceWise.DynamicParameters;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Tests.Laws.Cases;

/// <summary>The layers of Layers/InstanceWise/DynamicParameters whose kernels differ from pixel to pixel.</summary>
internal static class LocalParametersCases
{
    // Bilinear places have kinks at whole pixels: small steps, and offsets away from zero.
    private const float Step = 5e-4f;

    public static readonly IReadOnlyList<LayerCase> All =
    [
        new("deformable convolution", typeof(DeformableConv2d), () => new DeformableConv2d(5, 7, 3, isModulated: false), 6, 5, 5) { GradientStep = Step },
        new("deformable convolution, modulated, stride 2", typeof(DeformableConv2d), () => new DeformableConv2d(6, 4, 3, 2, groups: 2, offsetGroups: 3, bias: false), 7, 6, 6)
        {
            GradientStep = Step,
        },
        new("deformable kernel, local", typeof(DeformableKernelConv2d), () => new DeformableKernelConv2d(5, 3, 4), 5, 6, 5) { GradientStep = Step },
        new("deformable kernel, global", typeof(DeformableKernelConv2d), () => new DeformableKernelConv2d(9, 3, 5, 2, isLocal: false), 5, 6, 9) { GradientStep = Step },
        new("pixel-adaptive convolution", typeof(PixelAdaptiveConv2d), () => new PixelAdaptiveConv2d(4, 6, 3, 2, normalizes: true), 6, 5, 4),
        new("pixel-adaptive convolution, guided by itself", typeof(PixelAdaptiveConv2d), () => new PixelAdaptiveConv2d(3, 6, 3, stride: 2), 6, 5, 3),
        new("pixel-adaptive pooling", typeof(PixelAdaptivePool2d), () => new PixelAdaptivePool2d(3, 2), 6, 5, 3),
        new("local filter", typeof(LocalFilter), () => new LocalFilter(new Conv2d(4, 9, 3), 3, softmax: true), 5, 6, 4),
        new("local filter of each channel", typeof(LocalFilter), () => new LocalFilter(new Conv2d(3, 27, 1), 3, perChannel: true), 5, 6, 3),
        new("carafe", typeof(Carafe), () => new Carafe(8, 2, 3, 3, 4, 2), 4, 5, 8),
        new("dynamic up-sampling", typeof(DynamicUpsampling), () => new DynamicUpsampling(new Conv2d(6, 36, 3), new Conv2d(6, 8, 1), 2, 3, 2, 3), 4, 5, 6),
        new("involution", typeof(Involution), () => new Involution(8, 3, 2), 6, 5, 8),
        new("involution, normalised, stride 2", typeof(Involution), () => new Involution(9, 5, 3, 3, 2, normalizes: true), 7, 6, 9),
    ];
}
