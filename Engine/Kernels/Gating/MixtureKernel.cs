using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Gating;

/// <summary>
/// The sum of a weighted mixture, y ← y + w·x for one row with one weight, and the weight's derivative. Products and sums are rounded one by one, so
/// that an element's bits do not depend on where it stands, and a weight of 1 adds x itself.
/// </summary>
public static class MixtureKernel
{
    /// <summary>y ← y + w·x.</summary>
    /// <param name="weight">w.</param>
    /// <param name="part">x.</param>
    /// <param name="sum">y, as long as x.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Add(float weight, ReadOnlySpan<float> part, Span<float> sum)
    {
        Check(part, sum);
        int i = 0;
        for (; i <= sum.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            (new Vector<float>(sum[i..]) + (weight * new Vector<float>(part[i..]))).CopyTo(sum[i..]);
        }

        for (; i < sum.Length; i++)
        {
            sum[i] += weight * part[i];
        }
    }

    /// <summary>The gradient of w: Σ gradient·x, in double precision and in order of the elements' places in a vector.</summary>
    /// <param name="gradient">The gradient of y.</param>
    /// <param name="part">x, as long.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static float WeightGradient(ReadOnlySpan<float> gradient, ReadOnlySpan<float> part)
    {
        Check(gradient, part);
        Vector<double> low = Vector<double>.Zero;
        Vector<double> high = Vector<double>.Zero;
        int i = 0;
        for (; i <= part.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(new Vector<float>(gradient[i..]), out Vector<double> gradientLow, out Vector<double> gradientHigh);
            Vector.Widen(new Vector<float>(part[i..]), out Vector<double> partLow, out Vector<double> partHigh);
            low = Vector.MultiplyAddEstimate(gradientLow, partLow, low);
            high = Vector.MultiplyAddEstimate(gradientHigh, partHigh, high);
        }

        double sum = Vector.Sum(low + high);
        for (; i < part.Length; i++)
        {
            sum += (double)gradient[i] * part[i];
        }

        return (float)sum;
    }

    /// <summary>The sum, value by value.</summary>
    internal static void Reference<T>(T weight, ReadOnlySpan<T> part, Span<T> sum)
        where T : IFloatingPointIeee754<T>
    {
        for (int i = 0; i < sum.Length; i++)
        {
            sum[i] += weight * part[i];
        }
    }

    private static void Check(ReadOnlySpan<float> first, ReadOnlySpan<float> second)
    {
        if (first.Length != second.Length)
        {
            throw new ArgumentException($"Rows of {first.Length} and {second.Length} elements were given; expected as many in both.");
        }
    }
}
