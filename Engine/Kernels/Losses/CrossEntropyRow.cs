using System;
using System.Numerics;
using ManagedDyn.Engine.Kernels.Elementwise;
using ManagedDyn.Engine.Kernels.Softmax;

namespace ManagedDyn.Engine.Kernels.Losses;

/// <summary>The cross-entropy of one row of logits with a row of targets, Σ_c t_c (log Σ_k exp(z_k / T) − z_c / T).</summary>
public static class CrossEntropyRow
{
    /// <summary>Computes the loss.</summary>
    /// <param name="logits">z.</param>
    /// <param name="targets">t, as long as z. A class with target 0 does not count, whatever its logit.</param>
    /// <param name="temperature">T, above 0.</param>
    /// <param name="withEntropy">Whether Σ_c t_c log t_c is added, which makes a divergence of it.</param>
    /// <param name="logSum">log Σ_k exp(z_k / T), for the backward pass.</param>
    public static float Forward(
        ReadOnlySpan<float> logits, ReadOnlySpan<float> targets, float temperature, bool withEntropy, out float logSum)
    {
        if (targets.Length != logits.Length)
        {
            throw new ArgumentException($"{targets.Length} targets were given for {logits.Length} logits.", nameof(targets));
        }

        // In double: a divergence is the small difference of large terms.
        logSum = SoftmaxRow.LogSum(logits, temperature);
        double loss = 0;
        for (int c = 0; c < logits.Length; c++)
        {
            double target = targets[c];
            if (target != 0)
            {
                loss += target * (logSum - ((double)logits[c] / temperature) + (withEntropy ? Math.Log(target) : 0));
            }
        }

        return (float)loss;
    }

    /// <summary>dz_c = factor · (p_c Σ_k t_k − t_c) with p = softmax(z / T).</summary>
    /// <param name="logits">z.</param>
    /// <param name="targets">t.</param>
    /// <param name="temperature">T.</param>
    /// <param name="logSum">What the forward pass told.</param>
    /// <param name="factor">The gradient of the loss, over T.</param>
    /// <param name="inputGradient">dz.</param>
    /// <param name="accumulate">Whether to add to what is there.</param>
    public static void Backward(
        ReadOnlySpan<float> logits, ReadOnlySpan<float> targets, float temperature, float logSum, float factor, Span<float> inputGradient,
        bool accumulate)
    {
        if (targets.Length != logits.Length || inputGradient.Length != logits.Length)
        {
            throw new ArgumentException($"{targets.Length} targets and {inputGradient.Length} gradients were given for {logits.Length} logits.");
        }

        Vector<float> sum = Vector<float>.Zero;
        for (int i = 0; i < logits.Length; i += Vector<float>.Count)
        {
            sum += PartialVector.Load(targets, i, Math.Min(Vector<float>.Count, logits.Length - i), 0f);
        }

        Vector<float> total = new(Vector.Sum(sum));
        Vector<float> divisor = new(temperature);
        Vector<float> middle = new(logSum);
        Vector<float> scale = new(factor);
        for (int i = 0; i < logits.Length; i += Vector<float>.Count)
        {
            int count = Math.Min(Vector<float>.Count, logits.Length - i);
            Vector<float> p = VectorMath.Exp((PartialVector.Load(logits, i, count) / divisor) - middle);
            Vector<float> value = ((p * total) - PartialVector.Load(targets, i, count)) * scale;
            if (accumulate)
            {
                value += PartialVector.Load(inputGradient, i, count);
            }

            PartialVector.Store(value, inputGradient.Slice(i, count));
        }
    }

    /// <summary>The same, value by value.</summary>
    internal static T Reference<T>(ReadOnlySpan<T> logits, ReadOnlySpan<T> targets, T temperature, bool withEntropy)
        where T : IFloatingPointIeee754<T>
    {
        T largest = T.NegativeInfinity;
        foreach (T logit in logits)
        {
            largest = T.Max(largest, logit / temperature);
        }

        T sum = T.Zero;
        foreach (T logit in logits)
        {
            sum += T.Exp((logit / temperature) - largest);
        }

        T loss = T.Zero;
        for (int c = 0; c < logits.Length; c++)
        {
            T t = targets[c];
            loss += t == T.Zero ? t : t * (largest + T.Log(sum) - (logits[c] / temperature) + (withEntropy ? T.Log(t) : T.Zero));
        }

        return loss;
    }
}
