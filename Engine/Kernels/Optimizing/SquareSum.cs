using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Optimizing;

/// <summary>Σ xᵢ² in double precision, in an order that depends on the length alone: NaN or infinite exactly when a value is.</summary>
public static class SquareSum
{
    /// <summary>Sums the squares.</summary>
    /// <param name="values">The values.</param>
    public static double Run(ReadOnlySpan<float> values)
    {
        Vector<double> low = Vector<double>.Zero;
        Vector<double> high = Vector<double>.Zero;
        int i = 0;
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(new Vector<float>(values[i..]), out Vector<double> lower, out Vector<double> upper);
            low = Vector.MultiplyAddEstimate(lower, lower, low);
            high = Vector.MultiplyAddEstimate(upper, upper, high);
        }

        double sum = Vector.Sum(low + high);
        for (; i < values.Length; i++)
        {
            sum += (double)values[i] * values[i];
        }

        return sum;
    }

    /// <summary>The same, value by value.</summary>
    internal static T Reference<T>(ReadOnlySpan<T> values)
        where T : IFloatingPointIeee754<T>
    {
        T sum = T.Zero;
        foreach (T value in values)
        {
            sum += value * value;
        }

        return sum;
    }
}
