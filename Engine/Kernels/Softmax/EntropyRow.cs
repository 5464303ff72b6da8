using System;
using System.Numerics;
using ManagedDyn.Engine.Kernels.Elementwise;

namespace ManagedDyn.Engine.Kernels.Softmax;

/// <summary>The entropy of the softmax of one row of logits, H = −Σ_c p_c log p_c with p = softmax(z), in nats.</summary>
public static class EntropyRow
{
    /// <summary>H = log Σ_k exp(z_k − m) − Σ_c p_c (z_c − m) with m the largest logit.</summary>
    /// <param name="logits">z.</param>
    public static float Forward(ReadOnlySpan<float> logits)
    {
        float logSum = SoftmaxRow.LogSum(logits);
        Vector<float> middle = new(logSum);
        Vector<float> sum = Vector<float>.Zero;
        for (int i = 0; i < logits.Length; i += Vector<float>.Count)
        {
            int count = Math.Min(Vector<float>.Count, logits.Length - i);
            Vector<float> log = PartialVector.Load(logits, i, count) - middle;
            sum += PartialVector.Keep(Product(log), count, 0f);
        }

        return -Vector.Sum(sum);
    }

    /// <summary>dz_c = −factor · p_c (log p_c + H).</summary>
    /// <param name="logits">z.</param>
    /// <param name="entropy">H.</param>
    /// <param name="factor">dH.</param>
    /// <param name="inputGradient">dz, as long as z.</param>
    /// <param name="accumulate">Whether to add to what is there.</param>
    public static void Backward(ReadOnlySpan<float> logits, float entropy, float factor, Span<float> inputGradient, bool accumulate)
    {
        Vector<float> middle = new(SoftmaxRow.LogSum(logits));
        Vector<float> whole = new(entropy);
        Vector<float> scale = new(-factor);
        for (int i = 0; i < logits.Length; i += Vector<float>.Count)
        {
            int count = Math.Min(Vector<float>.Count, logits.Length - i);
            Vector<float> log = PartialVector.Load(logits, i, count) - middle;
            Vector<float> value = (Product(log) + (VectorMath.Exp(log) * whole)) * scale;
            if (accumulate)
            {
                value += PartialVector.Load(inputGradient, i, count);
            }

            PartialVector.Store(value, inputGradient.Slice(i, count));
        }
    }

    /// <summary>The same, value by value.</summary>
    internal static T Reference<T>(ReadOnlySpan<T> logits, Span<T> scratch)
        where T : IFloatingPointIeee754<T>
    {
        SoftmaxRow.Reference(logits, T.One, scratch);
        T entropy = T.Zero;
        for (int c = 0; c < logits.Length; c++)
        {
            entropy -= scratch[c] > T.Zero ? scratch[c] * T.Log(scratch[c]) : T.Zero;
        }

        return entropy;
    }

    // p log p, which tends to 0 with p: log p may be −∞.
    private static Vector<float> Product(Vector<float> log)
    {
        Vector<float> p = VectorMath.Exp(log);
        return Vector.ConditionalSelect(Vector.Equals(p, Vector<float>.Zero), Vector<float>.Zero, p * log);
    }
}
