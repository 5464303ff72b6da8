using System;
using System.Numerics;
using ManagedDyn.Engine.Kernels.Gating;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Kernels.Gating;

public class RowScaleKernelTests
{
    public static TheoryData<int> Channels() => [1, Vector<float>.Count - 1, Vector<float>.Count, Vector<float>.Count + 1, (2 * Vector<float>.Count) + 3];

    [Theory]
    [MemberData(nameof(Channels))]
    public void Each_value_is_its_product_with_its_channels_factor(int channels)
    {
        float[] rows = GradientCheck.Values(5 * channels, 1);
        float[] factors = GradientCheck.Values(channels, 2);
        float[] expected = new float[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            expected[i] = rows[i] * factors[i % channels];
        }

        RowScaleKernel.Run(rows, factors);
        GradientCheck.SameBits(expected, rows, $"{channels} channels");
    }

    [Fact]
    public void Rows_that_are_not_whole_are_refused()
    {
        RowScaleKernel.Run([], []);
        Assert.Throws<ArgumentException>(() => RowScaleKernel.Run(new float[5], new float[3]));
        Assert.Throws<ArgumentException>(() => RowScaleKernel.Run(new float[5], []));
    }
}
