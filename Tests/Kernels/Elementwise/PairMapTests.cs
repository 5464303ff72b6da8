using System;
using ManagedDyn.Engine.Kernels.Elementwise;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.Kernels.Convolution;
using Xunit;

namespace ManagedDyn.Tests.Kernels.Elementwise;

public sealed class PairMapTests
{
    [Theory]
    [InlineData(new[] { 6, 16 }, new[] { 6, 1 })]
    [InlineData(new[] { 6, 21 }, new[] { 1, 21 })]
    [InlineData(new[] { 3, 1, 9 }, new[] { 3, 5, 9 })]
    [InlineData(new[] { 4, 128 }, new[] { 4, 1 })]
    [InlineData(new[] { 4, 129 }, new[] { 4, 1 })]
    public void A_range_has_the_bits_of_the_whole_wherever_it_starts(int[] left, int[] right)
    {
        BroadcastPlan plan = new(new Shape(left), new Shape(right));
        float[] a = ConvolutionCases.Values(plan.Left.Count, 1);
        float[] b = ConvolutionCases.Values(plan.Right.Count, 2);
        float[] whole = new float[plan.Output.Count];
        PairMap.Forward(default(MultiplyFunction), in plan, a, b, whole, 0, whole.Length);
        float[] expected = new float[whole.Length];
        PairMap.Reference<float, MultiplyFunction>(default, in plan, a, b, expected);
        Assert.Equal(expected, whole);
        float[] gradient = ConvolutionCases.Values(whole.Length, 3);
        float[] wholeGradient = ConvolutionCases.Values(whole.Length, 4);
        PairMap.Backward(default(MultiplyFunction), true, in plan, a, b, gradient, wholeGradient, true, 0, whole.Length);
        for (int from = 0; from < whole.Length; from += 13)
        {
            int to = Math.Min(whole.Length, from + (5 * plan.Output[-1]) + 3);
            float[] part = new float[whole.Length];
            PairMap.Forward(default(MultiplyFunction), in plan, a, b, part, from, to);
            float[] partGradient = ConvolutionCases.Values(whole.Length, 4);
            PairMap.Backward(default(MultiplyFunction), true, in plan, a, b, gradient, partGradient, true, from, to);
            float[] before = ConvolutionCases.Values(whole.Length, 4);
            for (int i = 0; i < part.Length; i++)
            {
                bool isInside = i >= from && i < to;
                Assert.Equal(isInside ? whole[i] : 0, part[i]);
                Assert.Equal(isInside ? wholeGradient[i] : before[i], partGradient[i]);
            }
        }
    }
}
