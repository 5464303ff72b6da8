using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Losses;

/// <summary>Loops of a loss over predictions and targets.</summary>
internal static class ElementLoss
{
    // Vectors are summed in stretches of this many, so that a long chain of additions does not lose small losses.
    private const int StretchVectors = 64;

    /// <summary>Σ loss(x_i, t_i), in an order that the length alone fixes.</summary>
    public static double Sum<TLoss>(ReadOnlySpan<float> x, ReadOnlySpan<float> t)
        where TLoss : struct, IElementLoss
    {
        TLoss loss = default;
        double total = 0;
        int stretch = StretchVectors * Vector<float>.Count;
        for (int start = 0; start < x.Length; start += stretch)
        {
            int end = Math.Min(x.Length, start + stretch);
            Vector<float> sum = Vector<float>.Zero;
            for (int i = start; i < end; i += Vector<float>.Count)
            {
                int count = Math.Min(Vector<float>.Count, end - i);
                Vector<float> value = loss.Value(PartialVector.Load(x, i, count), PartialVector.Load(t, i, count));
                sum += count == Vector<float>.Count ? value : PartialVector.Keep(value, count, 0f);
            }

            total += Vector.Sum(sum);
        }

        return total;
    }

    /// <summary>y_i = loss(x_i, t_i).</summary>
    public static void Write<TLoss>(ReadOnlySpan<float> x, ReadOnlySpan<float> t, Span<float> y)
        where TLoss : struct, IElementLoss
    {
        TLoss loss = default;
        for (int i = 0; i < x.Length; i += Vector<float>.Count)
        {
            int count = Math.Min(Vector<float>.Count, x.Length - i);
            PartialVector.Store(loss.Value(PartialVector.Load(x, i, count), PartialVector.Load(t, i, count)), y.Slice(i, count));
        }
    }

    /// <summary>
    /// d_i = slope(x_i, t_i) · dy_i · factor, by the target or by the prediction; one dy for all when there is one only, else one each.
    /// </summary>
    public static void Gradient<TLoss>(
        bool byTarget, ReadOnlySpan<float> x, ReadOnlySpan<float> t, ReadOnlySpan<float> outputGradient, bool isShared, float factor,
        Span<float> gradient, bool accumulate)
        where TLoss : struct, IElementLoss
    {
        TLoss loss = default;
        Vector<float> scale = new(factor);
        Vector<float> shared = new(outputGradient[0]);
        for (int i = 0; i < x.Length; i += Vector<float>.Count)
        {
            int count = Math.Min(Vector<float>.Count, x.Length - i);
            Vector<float> a = PartialVector.Load(x, i, count);
            Vector<float> b = PartialVector.Load(t, i, count);
            Vector<float> value = (byTarget ? loss.TargetSlope(a, b) : loss.Slope(a, b)) * scale
                * (isShared ? shared : PartialVector.Load(outputGradient, i, count));
            if (accumulate)
            {
                value += PartialVector.Load(gradient, i, count);
            }

            PartialVector.Store(value, gradient.Slice(i, count));
        }
    }
}
