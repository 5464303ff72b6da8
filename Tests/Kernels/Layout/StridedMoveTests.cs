using System;
using FsCheck.Xunit;
using ManagedDyn.Engine.Kernels.Layout;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.Kernels.Convolution;
using Xunit;

namespace ManagedDyn.Tests.Kernels.Layout;

public sealed class StridedMoveTests
{
    [Property(MaxTest = 500)]
    public void Elements_go_where_the_reference_puts_them(int seed)
    {
        var random = new ConvolutionCases.Numbers(seed);
        int rank = 1 + random.Next(4);
        int[] extents = new int[rank];
        for (int i = 0; i < rank; i++)
        {
            extents[i] = random.Next(8) == 0 ? 0 : 1 + random.Next(i == rank - 1 ? 90 : 5);
        }

        (int[] sourceStrides, int sourceStart, int sourceLength) = Places(extents, random, mayRepeat: true);
        (int[] targetStrides, int targetStart, int targetLength) = Places(extents, random, mayRepeat: false);
        StridedPlan plan = new(new Shape(extents), sourceStart, sourceStrides, targetStart, targetStrides);
        float[] source = ConvolutionCases.Values(sourceLength, seed + 1);
        foreach (bool add in new[] { false, true })
        {
            float[] expected = ConvolutionCases.Values(targetLength, seed + 2);
            float[] actual = (float[])expected.Clone();
            StridedMove.Reference<float>(in plan, source, expected, add);
            StridedMove.Run(in plan, source, actual, add);
            Assert.Equal(expected, actual);
        }
    }

    [Fact]
    public void Rows_beyond_an_array_are_refused()
    {
        StridedPlan plan = new(new Shape(3, 4), 0, [4, 1], 0, [6, 1]);
        Assert.Throws<ArgumentException>(() => StridedMove.Run(in plan, new float[11], new float[16], add: false));
        Assert.Throws<ArgumentException>(() => StridedMove.Run(in plan, new float[12], new float[15], add: false));
        StridedPlan back = new(new Shape(3, 4), 4, [-4, 1], 0, [6, 1]);
        Assert.Throws<ArgumentException>(() => StridedMove.Run(in back, new float[12], new float[16], add: false));
    }

    // Strides of an array in some order of its dimensions, with gaps, backward, or (of sources) the same elements again.
    private static (int[] Strides, int Start, int Length) Places(int[] extents, ConvolutionCases.Numbers random, bool mayRepeat)
    {
        int[] strides = new int[extents.Length];
        int step = 1;
        int start = random.Next(3);
        bool isTurned = random.Next(3) == 0;
        for (int i = 0; i < extents.Length; i++)
        {
            int d = isTurned ? i : extents.Length - 1 - i;
            strides[d] = mayRepeat && random.Next(8) == 0 ? 0 : step;
            step = (step * Math.Max(1, extents[d])) + (random.Next(3) == 0 ? random.Next(5) : 0);
            if (strides[d] > 0 && random.Next(8) == 0)
            {
                start += strides[d] * Math.Max(0, extents[d] - 1);
                strides[d] = -strides[d];
            }
        }

        return (strides, start, step + start + 8);
    }
}
