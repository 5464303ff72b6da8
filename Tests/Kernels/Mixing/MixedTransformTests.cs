using System;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Convolution.Winograd;
using ManagedDyn.Engine.Kernels.Mixing;
using ManagedDyn.Tests.Kernels.Convolution;
using ManagedDyn.Tests.Kernels.MatrixMultiply;
using Xunit;

namespace ManagedDyn.Tests.Kernels.Mixing;

public sealed class MixedTransformTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 5, 2)]
    [InlineData(8, 16, 3)]
    [InlineData(9, 17, 8)]
    [InlineData(21, 40, 4)]
    public void It_has_the_bits_of_mixing_and_then_transforming_in_any_parts(int inChannels, int outChannels, int experts)
    {
        ConvolutionGeometry geometry = new(inChannels, outChannels, 3, 3, 8, 8, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1);
        float[] weights = ConvolutionCases.Values(experts * geometry.WeightElements, 1);
        float[] factors = ConvolutionCases.Values(experts, 2);
        int length = ConvolutionWeights.PackedLength(in geometry);
        float[] panels = new float[length];
        float[] packed = new float[ExpertMix.PackedLength(experts, length)];
        for (int expert = 0; expert < experts; expert++)
        {
            ConvolutionWeights.Pack(in geometry, weights.AsSpan(expert * geometry.WeightElements, geometry.WeightElements), panels);
            ExpertMix.Pack(panels, expert, experts, packed);
        }

        ExpertMix.Mix(factors, packed, length, 0, panels);
        foreach (WinogradForm form in new[] { WinogradForm.F2, WinogradForm.F4 })
        {
            float[] expected = new float[WinogradWeights.PackedLength(in geometry, form)];
            WinogradWeights.Pack(in geometry, form, panels, expected);
            for (int cut = 0; cut <= MixedTransform.PanelCount(in geometry); cut++)
            {
                float[] actual = new float[expected.Length];
                Array.Fill(actual, float.NaN);
                MixedTransform.Run(in geometry, form, factors, packed, actual, ..cut);
                MixedTransform.Run(in geometry, form, factors, packed, actual, cut..);
                MultiplyCases.Identical(expected, actual, $"{form}, cut at panel {cut}");
            }
        }
    }
}
