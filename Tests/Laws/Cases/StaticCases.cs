using System.Collections.Generic;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Tests.Laws.Cases;

/// <summary>Layers of Layers/Static that the laws are tested on: what dynamic layers are built of.</summary>
internal static class StaticCases
{
    public static readonly IReadOnlyList<LayerCase> All =
    [
        new("linear", typeof(Linear), () => new Linear(9, 5), 9),
        new("conv2d, 3x3 in two groups", typeof(Conv2d), () => new Conv2d(6, 4, 3, groups: 2), 5, 7, 6),
        new("conv1d", typeof(Conv1d), () => new Conv1d(4, 6, 5, 2, 3, 2, 2), 13, 4),
        new("conv block, stride 2", typeof(ConvBlock), () => new ConvBlock(3, 9, 3, stride: 2), 7, 6, 3),
        new("conv block, depthwise", typeof(ConvBlock), () => new ConvBlock(9, 9, 3, groups: 9, activation: Activation.None), 5, 6, 9),
        new("residual block", typeof(ResidualBlock), () => new ResidualBlock(4, 8, 2), 8, 6, 4),
    ];
}
