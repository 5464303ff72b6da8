using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Reduction;

/// <summary>
/// Sums over the rows of [rows, inner], of the values or of their squared distances from given ones. A stretch of rows is summed by itself and the
/// stretches then, in an order that the sizes alone fix.
/// </summary>
public static class AxisSum
{
    private const int Stretch = 64;

    /// <summary>sums[i] = Σ x[row, i], or Σ (x[row, i] − middle[i])², over some rows.</summary>
    /// <param name="input">x, [rows, inner].</param>
    /// <param name="inner">Elements of a row.</param>
    /// <param name="from">The first row.</param>
    /// <param name="to">The row after the last.</param>
    /// <param name="middle">What is subtracted from each column; empty: 0.</param>
    /// <param name="isSquare">Whether squares are summed.</param>
    /// <param name="sums">Receives a sum for each column.</param>
    /// <exception cref="ArgumentException">Spans do not fit.</exception>
    public static void Run(
        ReadOnlySpan<float> input, int inner, int from, int to, ReadOnlySpan<float> middle, bool isSquare, Span<float> sums)
    {
        if (inner < 1 || from < 0 || to < from || (long)to * inner > input.Length || sums.Length < inner || (!middle.IsEmpty && middle.Length < inner))
        {
            throw new ArgumentException(
                $"A sum over rows {from} to {to} of {inner} was asked of {input.Length} values, with {middle.Length} means and {sums.Length} sums.");
        }

        if (inner == 1)
        {
            sums[0] = Contiguous(input[from..to], middle.IsEmpty ? 0f : middle[0], isSquare);
            return;
        }

        for (int c = 0; c < inner; c += Vector<float>.Count)
        {
            int count = Math.Min(Vector<float>.Count, inner - c);
            Vector<float> center = middle.IsEmpty ? Vector<float>.Zero : PartialVector.Load(middle, c, count);
            Vector<float> total = Vector<float>.Zero;
            for (int start = from; start < to; start += Stretch)
            {
                Vector<float> sum = Vector<float>.Zero;
                for (int row = start; row < Math.Min(to, start + Stretch); row++)
                {
                    Vector<float> d = PartialVector.Load(input, (row * inner) + c, count) - center;
                    sum = isSquare ? Vector.MultiplyAddEstimate(d, d, sum) : sum + d;
                }

                total += sum;
            }

            PartialVector.Store(total, sums.Slice(c, count));
        }
    }

    /// <summary>The same, value by value, of one column.</summary>
    internal static T Reference<T>(ReadOnlySpan<T> input, int inner, int column, T middle, bool isSquare)
        where T : IFloatingPointIeee754<T>
    {
        T sum = T.Zero;
        for (int i = column; i < input.Length; i += inner)
        {
            T d = input[i] - middle;
            sum += isSquare ? d * d : d;
        }

        return sum;
    }

    private static float Contiguous(ReadOnlySpan<float> values, float middle, bool isSquare)
    {
        Vector<float> center = new(middle);
        Vector<float> total = Vector<float>.Zero;
        int stretch = Stretch * Vector<float>.Count;
        for (int start = 0; start < values.Length; start += stretch)
        {
            int end = Math.Min(values.Length, start + stretch);
            Vector<float> sum = Vector<float>.Zero;
            for (int i = start; i < end; i += Vector<float>.Count)
            {
                // What fills up the last vector is the middle itself: it adds nothing.
                Vector<float> d = PartialVector.Load(values, i, Math.Min(Vector<float>.Count, end - i), middle) - center;
                sum = isSquare ? Vector.MultiplyAddEstimate(d, d, sum) : sum + d;
            }

            total += sum;
        }

        return Vector.Sum(total);
    }
}
