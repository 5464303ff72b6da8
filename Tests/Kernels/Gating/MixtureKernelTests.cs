using System;
using System.Numerics;
using ManagedDyn.Engine.Kernels.Gating;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Kernels.Gating;

public class MixtureKernelTests
{
    public static TheoryData<int> Lengths() => [0, 1, Vector<float>.Count - 1, Vector<float>.Count, Vector<float>.Count + 1, (3 * Vector<float>.Count) + 2];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void The_sum_has_the_bits_of_the_reference(int length)
    {
        float[] part = GradientCheck.Values(length, 1);
        float[] sum = GradientCheck.Values(length, 2);
        float[] expected = (float[])sum.Clone();
        MixtureKernel.Reference(0.37f, part, expected);
        MixtureKernel.Add(0.37f, part, sum);
        GradientCheck.SameBits(expected, sum, $"{length} elements");
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void The_weights_gradient_is_the_product_of_the_rows(int length)
    {
        float[] part = GradientCheck.Values(length, 3);
        float[] gradient = GradientCheck.Values(length, 4);
        double expected = 0;
        for (int i = 0; i < length; i++)
        {
            expected += (double)part[i] * gradient[i];
        }

        Assert.Equal(expected, MixtureKernel.WeightGradient(gradient, part), 1e-6);
    }

    [Fact]
    public void Rows_of_other_lengths_are_refused()
    {
        Assert.Throws<ArgumentException>(() => MixtureKernel.Add(1, new float[3], new float[4]));
        Assert.Throws<ArgumentException>(() => MixtureKernel.WeightGradient(new float[5], new float[4]));
    }
}
