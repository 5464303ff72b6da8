using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Optimizing;

/// <summary>
/// One step of Adam (Kingma and Ba, ICLR 2015) with weight decay, decoupled as AdamW (Loshchilov and Hutter, ICLR 2019) or as part of the
/// gradient: m ← β₁·m + (1 − β₁)·g, v ← β₂·v + (1 − β₂)·g², p ← p·(1 − η·λ) − η/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε).
/// </summary>
public static class AdamUpdate
{
    /// <summary>Updates values and moments.</summary>
    /// <param name="values">p.</param>
    /// <param name="gradients">g, as long as the values.</param>
    /// <param name="first">m.</param>
    /// <param name="second">v.</param>
    /// <param name="coefficients">The step's constants.</param>
    /// <exception cref="ArgumentException">The lengths differ or are no multiple of the vector width.</exception>
    public static void Run(Span<float> values, ReadOnlySpan<float> gradients, Span<float> first, Span<float> second, in AdamCoefficients coefficients)
    {
        VectorCheck.Lengths(values.Length, gradients.Length, first.Length, second.Length);
        Vector<float> beta1 = new(coefficients.Beta1);
        Vector<float> beta2 = new(coefficients.Beta2);
        Vector<float> rest1 = new(coefficients.Rest1);
        Vector<float> rest2 = new(coefficients.Rest2);
        Vector<float> scale = new(coefficients.Scale);
        Vector<float> decay = new(coefficients.GradientDecay);
        Vector<float> shrink = new(coefficients.Shrink);
        Vector<float> minusRate = new(-coefficients.Rate);
        Vector<float> rootCorrection = new(coefficients.RootCorrection);
        Vector<float> epsilon = new(coefficients.Epsilon);
        for (int i = 0; i < values.Length; i += Vector<float>.Count)
        {
            Vector<float> value = new(values[i..]);
            Vector<float> gradient = Vector.MultiplyAddEstimate(decay, value, scale * new Vector<float>(gradients[i..]));
            Vector<float> mean = Vector.MultiplyAddEstimate(beta1, new Vector<float>(first[i..]), rest1 * gradient);
            Vector<float> square = Vector.MultiplyAddEstimate(beta2, new Vector<float>(second[i..]), rest2 * gradient * gradient);
            mean.CopyTo(first[i..]);
            square.CopyTo(second[i..]);
            Vector<float> divisor = Vector.MultiplyAddEstimate(Vector.SquareRoot(square), rootCorrection, epsilon);
            Vector.MultiplyAddEstimate(minusRate, mean / divisor, shrink * value).CopyTo(values[i..]);
        }
    }

    /// <summary>The same, value by value.</summary>
    internal static void Reference<T>(Span<T> values, ReadOnlySpan<T> gradients, Span<T> first, Span<T> second, in AdamCoefficients coefficients)
        where T : IFloatingPointIeee754<T>
    {
        for (int i = 0; i < values.Length; i++)
        {
            T gradient = (T.CreateChecked(coefficients.Scale) * gradients[i]) + (T.CreateChecked(coefficients.GradientDecay) * values[i]);
            first[i] = (T.CreateChecked(coefficients.Beta1) * first[i]) + (T.CreateChecked(coefficients.Rest1) * gradient);
            second[i] = (T.CreateChecked(coefficients.Beta2) * second[i]) + (T.CreateChecked(coefficients.Rest2) * gradient * gradient);
            T divisor = (T.Sqrt(second[i]) * T.CreateChecked(coefficients.RootCorrection)) + T.CreateChecked(coefficients.Epsilon);
            values[i] = (T.CreateChecked(coefficients.Shrink) * values[i]) - (T.CreateChecked(coefficients.Rate) * first[i] / divisor);
        }
    }
}
