using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Optimizing;

/// <summary>One step of RMSprop (Tieleman and Hinton, 2012): g ← s·g + λ·p, v ← α·v + (1 − α)·g², p ← p − η·g / (√v + ε).</summary>
public static class RmsUpdate
{
    /// <summary>Updates values and squares.</summary>
    /// <param name="values">p.</param>
    /// <param name="gradients">g, as long as the values.</param>
    /// <param name="squares">v.</param>
    /// <param name="rate">η.</param>
    /// <param name="scale">s.</param>
    /// <param name="decay">λ.</param>
    /// <param name="smoothing">α.</param>
    /// <param name="epsilon">ε.</param>
    /// <exception cref="ArgumentException">The lengths differ or are no multiple of the vector width.</exception>
    public static void Run(Span<float> values, ReadOnlySpan<float> gradients, Span<float> squares, float rate, float scale, float decay, float smoothing, float epsilon)
    {
        VectorCheck.Lengths(values.Length, gradients.Length, squares.Length);
        Vector<float> minusRate = new(-rate);
        Vector<float> scaling = new(scale);
        Vector<float> decaying = new(decay);
        Vector<float> keep = new(smoothing);
        Vector<float> rest = new((float)(1.0 - smoothing));
        Vector<float> offset = new(epsilon);
        for (int i = 0; i < values.Length; i += Vector<float>.Count)
        {
            Vector<float> value = new(values[i..]);
            Vector<float> gradient = Vector.MultiplyAddEstimate(decaying, value, scaling * new Vector<float>(gradients[i..]));
            Vector<float> square = Vector.MultiplyAddEstimate(keep, new Vector<float>(squares[i..]), rest * gradient * gradient);
            square.CopyTo(squares[i..]);
            Vector.MultiplyAddEstimate(minusRate, gradient / (Vector.SquareRoot(square) + offset), value).CopyTo(values[i..]);
        }
    }

    /// <summary>The same, value by value.</summary>
    internal static void Reference<T>(Span<T> values, ReadOnlySpan<T> gradients, Span<T> squares, T rate, T scale, T decay, T smoothing, T epsilon)
        where T : IFloatingPointIeee754<T>
    {
        for (int i = 0; i < values.Length; i++)
        {
            T gradient = (scale * gradients[i]) + (decay * values[i]);
            squares[i] = (smoothing * squares[i]) + ((T.One - smoothing) * gradient * gradient);
            values[i] -= rate * gradient / (T.Sqrt(squares[i]) + epsilon);
        }
    }
}
