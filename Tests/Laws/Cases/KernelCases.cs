using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Layers.InstanceWise.DynamicParameters;

namespace ManagedDyn.Tests.Laws.Cases;

/// <summary>Convolutions whose kernels are mixed or predicted.</summary>
internal static class KernelCases
{
    public static readonly IReadOnlyList<LayerCase> All =
    [
        new("condconv", typeof(CondConv), () => new CondConv(5, 7, 3, 4, bias: true), 6, 5, 5),
        new("condconv, pointwise, one expert", typeof(CondConv), () => new CondConv(9, 4, 1, 1), 5, 4, 9),
        new("condconv, two groups, stride 2", typeof(CondConv), () => new CondConv(6, 4, 3, 8, stride: 2, groups: 2), 7, 6, 6),
        new("condconv, depthwise", typeof(CondConv), () => new CondConv(9, 9, 5, 3, groups: 9), 6, 6, 9),
        new("dynamic convolution", typeof(DynamicConvolution), () => new DynamicConvolution(5, 9, 3, 4, hidden: 4), 6, 5, 5) { Inputs = Shifted, GradientStep = 5e-3f, GradientTolerance = 2e-2 },
        new("dynamic convolution, depthwise without bias", typeof(DynamicConvolution), () => new DynamicConvolution(8, 8, 3, 2, hidden: 3, groups: 8, bias: false), 5, 6, 8) { Inputs = Shifted, GradientStep = 1e-2f },
        new("weightnet", typeof(WeightNet), () => new WeightNet(4, 5, 3, hidden: 6), 6, 5, 4),
        new("weightnet, M 4, G 1, stride 2", typeof(WeightNet), () => new WeightNet(3, 9, 3, 4, 1, 5, stride: 2, reduceBias: true), 7, 6, 3),
        new("weightnet, depthwise", typeof(WeightNet), () => new WeightNet(7, 7, 3, 2, 1, 5, isDepthwise: true), 5, 6, 7),
        new("dynamic filters", typeof(DynamicFilterConvolution), () => new DynamicFilterConvolution(4, 5, 3), 5, 6, 4),
        new("dynamic filters from a hidden layer, not normalised", typeof(DynamicFilterConvolution), () => new DynamicFilterConvolution(4, 6, 3, hidden: 3, groups: 2) { NormalizesFilters = false }, 5, 6, 4),
        new("hyper convolution", typeof(HyperConvolution), () => new HyperConvolution(new KernelGenerator(2, 3, 3, 4, 5), true, 4, 6, stride: 2, bias: true), 6, 5, 4),
        new("hyper lstm", typeof(HyperLstm), () => new HyperLstm(5, 6, 4, 3), 4, 5) { GradientStep = 4e-3f, GradientTolerance = 2e-2 },
        new("hyper lstm, not normalised", typeof(HyperLstm), () => new HyperLstm(3, 9, 5, 2, normalizes: false), 3, 3),
        new("dynamic conv block", typeof(DynamicConvBlock), () => new DynamicConvBlock(new CondConv(4, 6, 3, 3), Activation.None), 6, 5, 4) { Inputs = Shifted, GradientStep = 1e-2f },
        new("dynamic conv block of weightnet", typeof(DynamicConvBlock), () => new DynamicConvBlock(new WeightNet(4, 6, 3, hidden: 4)), 6, 5, 4),
        new("dynamic residual block", typeof(DynamicResidualBlock), () => new DynamicResidualBlock(new CondConv(4, 6, 3, 3, stride: 2), new WeightNet(6, 6, 3, hidden: 4)), 8, 8, 4) { Inputs = Shifted, GradientTolerance = 2e-2 },
    ];

    // Pooled inputs around 0 would leave attentions that hardly depend on anything.
    private static float[] Shifted(int count, int seed)
    {
        float[] values = new float[count];
        new RandomSource((ulong)seed).Stream("inputs").FillNormal(values, 0, 0);
        for (int i = 0; i < count; i++)
        {
            values[i] += 1f + (0.5f * (i % 4));
        }

        return values;
    }
}
