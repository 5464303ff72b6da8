using System;
using System.Globalization;
using ManagedDyn.Tests.Kernels.Convolution;
using Xunit;

namespace ManagedDyn.Tests.Kernels.MatrixMultiply;

/// <summary>Numbers and comparisons for tests of matrix products.</summary>
internal static class MultiplyCases
{
    public static float[] Values(int count, int seed) => ConvolutionCases.Values(count, seed);

    /// <summary>Scratch whose content would show in any result that reads it.</summary>
    public static float[] Scratch(int length)
    {
        var scratch = new float[length];
        Array.Fill(scratch, float.NaN);
        return scratch;
    }

    public static void Identical(ReadOnlySpan<float> expected, ReadOnlySpan<float> found, string what)
    {
        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(found[i]))
            {
                Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"{what}: element {i} is {found[i]:R}, expected {expected[i]:R}"));
            }
        }
    }
}
