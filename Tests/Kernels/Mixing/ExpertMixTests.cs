using System;
using System.Numerics;
using ManagedDyn.Engine.Kernels.Mixing;
using ManagedDyn.Tests.Kernels.Convolution;
using Xunit;

namespace ManagedDyn.Tests.Kernels.Mixing;

public sealed class ExpertMixTests
{
    public static TheoryData<int, int> Sizes()
    {
        TheoryData<int, int> sizes = [];
        int block = ExpertMix.BlockLength;
        foreach (int length in new[] { 0, 1, Vector<float>.Count - 1, Vector<float>.Count, Vector<float>.Count + 1, block - 1, block, block + 1, (3 * block) + Vector<float>.Count + 3 })
        {
            foreach (int experts in new[] { 1, 2, 3, 8, 17 })
            {
                sizes.Add(experts, length);
            }
        }

        return sizes;
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_mixture_has_the_bits_of_the_reference_wherever_it_is_cut(int experts, int length)
    {
        float[] weights = ConvolutionCases.Values(experts * length, 1);
        float[] factors = ConvolutionCases.Values(experts, 2);
        float[] packed = new float[ExpertMix.PackedLength(experts, length)];
        Array.Fill(packed, float.NaN);
        for (int expert = 0; expert < experts; expert++)
        {
            ExpertMix.Pack(weights.AsSpan(expert * length, length), expert, experts, packed);
        }

        float[] expected = new float[length];
        ExpertMix.Reference<float>(factors, weights, expected);
        float[] whole = new float[length];
        ExpertMix.Mix(factors, packed, length, 0, whole);
        Assert.Equal(expected, whole);
        for (int cut = 0; cut <= length; cut += Vector<float>.Count)
        {
            float[] parts = new float[length];
            Array.Fill(parts, float.NaN);
            ExpertMix.Mix(factors, packed, length, 0, parts.AsSpan(0, cut));
            Assert.True(cut == length || float.IsNaN(parts[cut]), "what lies behind the range was written");
            ExpertMix.Mix(factors, packed, length, cut, parts.AsSpan(cut));
            Assert.Equal(expected, parts);
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Rows_are_added_in_order_from_any_place_on(int rows, int length)
    {
        float[] values = ConvolutionCases.Values(rows * length, 3);
        float[] factors = ConvolutionCases.Values(rows * 3, 4);
        foreach (int from in new[] { 0, length / 3, length })
        {
            foreach (bool accumulate in new[] { false, true })
            {
                float[] target = ConvolutionCases.Values(length - from, 5);
                float[] expected = new float[target.Length];
                for (int i = 0; i < expected.Length; i++)
                {
                    expected[i] = accumulate ? target[i] : 0;
                    for (int row = 0; row < rows; row++)
                    {
                        expected[i] = float.MultiplyAddEstimate(factors[row * 3], values[(row * length) + from + i], expected[i]);
                    }
                }

                ExpertMix.AddRows(factors, 3, values, rows, length, from, target, accumulate);
                Assert.Equal(expected, target);
            }
        }
    }

    [Fact]
    public void A_product_is_that_of_double_precision()
    {
        foreach (int length in new[] { 0, 1, 7, 8, 9, 1000 })
        {
            float[] left = ConvolutionCases.Values(length, 6);
            float[] right = ConvolutionCases.Values(length, 7);
            double expected = 0;
            for (int i = 0; i < length; i++)
            {
                expected += (double)left[i] * right[i];
            }

            Assert.Equal(expected, ExpertMix.Dot(left, right), 1e-6 * (1 + Math.Abs(expected)));
        }
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        float[] packed = new float[ExpertMix.PackedLength(2, 10)];
        Assert.Throws<ArgumentException>(() => ExpertMix.Pack(new float[10], 2, 2, packed));
        Assert.Throws<ArgumentException>(() => ExpertMix.Pack(new float[10], 0, 3, packed));
        Assert.Throws<ArgumentException>(() => ExpertMix.Mix(new float[3], packed, 10, 0, new float[10]));
        Assert.Throws<ArgumentException>(() => ExpertMix.Mix(new float[2], packed, 10, 1, new float[9]));
        Assert.Throws<ArgumentException>(() => ExpertMix.Mix(new float[2], packed, 10, 0, new float[11]));
        Assert.Throws<ArgumentException>(() => ExpertMix.AddRows(new float[2], 1, new float[30], 3, 10, 0, new float[10], false));
        Assert.Throws<ArgumentException>(() => ExpertMix.AddRows(new float[3], 1, new float[30], 3, 10, 1, new float[10], false));
        Assert.Throws<ArgumentException>(() => ExpertMix.Dot(new float[2], new float[3]));
    }
}
