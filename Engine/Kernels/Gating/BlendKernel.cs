using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Gating;

/// <summary>
/// y = g·a + (1 − g)·b for one sample with one g, and its derivatives. Products and sums are rounded one by one, so that g = 1 gives a and
/// g = 0 gives b bit for bit, and an element's bits do not depend on where it stands.
/// </summary>
public static class BlendKernel
{
    /// <summary>y = g·a + (1 − g)·b.</summary>
    /// <param name="gate">g.</param>
    /// <param name="on">a.</param>
    /// <param name="off">b, as long as a.</param>
    /// <param name="output">y, as long as a.</param>
    public static void Forward(float gate, ReadOnlySpan<float> on, ReadOnlySpan<float> off, Span<float> output)
    {
        float rest = 1 - gate;
        int i = 0;
        for (; i <= output.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            ((gate * new Vector<float>(on[i..])) + (rest * new Vector<float>(off[i..]))).CopyTo(output[i..]);
        }

        for (; i < output.Length; i++)
        {
            output[i] = (gate * on[i]) + (rest * off[i]);
        }
    }

    /// <summary>target ← factor·gradient, or target ← target + factor·gradient.</summary>
    /// <param name="factor">g for a, 1 − g for b.</param>
    /// <param name="gradient">The gradient of y.</param>
    /// <param name="target">The gradient of a or b.</param>
    /// <param name="accumulate">Whether to add to what is there.</param>
    public static void Backward(float factor, ReadOnlySpan<float> gradient, Span<float> target, bool accumulate)
    {
        float keep = accumulate ? 1 : 0;
        int i = 0;
        if (!accumulate)
        {
            target.Clear();
        }

        for (; i <= target.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            ((factor * new Vector<float>(gradient[i..])) + (keep * new Vector<float>(target[i..]))).CopyTo(target[i..]);
        }

        for (; i < target.Length; i++)
        {
            target[i] = (factor * gradient[i]) + (keep * target[i]);
        }
    }

    /// <summary>The gradient of g: Σ gradient·(a − b), in double precision and in order of the elements' places in a vector.</summary>
    /// <param name="gradient">The gradient of y.</param>
    /// <param name="on">a.</param>
    /// <param name="off">b.</param>
    public static float GateGradient(ReadOnlySpan<float> gradient, ReadOnlySpan<float> on, ReadOnlySpan<float> off)
    {
        Vector<double> low = Vector<double>.Zero;
        Vector<double> high = Vector<double>.Zero;
        int i = 0;
        for (; i <= gradient.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(new Vector<float>(gradient[i..]), out Vector<double> gradientLow, out Vector<double> gradientHigh);
            Vector.Widen(new Vector<float>(on[i..]), out Vector<double> onLow, out Vector<double> onHigh);
            Vector.Widen(new Vector<float>(off[i..]), out Vector<double> offLow, out Vector<double> offHigh);
            low = Vector.MultiplyAddEstimate(gradientLow, onLow - offLow, low);
            high = Vector.MultiplyAddEstimate(gradientHigh, onHigh - offHigh, high);
        }

        double sum = Vector.Sum(low + high);
        for (; i < gradient.Length; i++)
        {
            sum += gradient[i] * ((double)on[i] - off[i]);
        }

        return (float)sum;
    }

    /// <summary>The forward pass, value by value.</summary>
    internal static void Reference<T>(T gate, ReadOnlySpan<T> on, ReadOnlySpan<T> off, Span<T> output)
        where T : IFloatingPointIeee754<T>
    {
        for (int i = 0; i < output.Length; i++)
        {
            output[i] = (gate * on[i]) + ((T.One - gate) * off[i]);
        }
    }
}
