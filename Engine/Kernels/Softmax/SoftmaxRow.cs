using System;
using System.Numerics;
using ManagedDyn.Engine.Kernels.Elementwise;

namespace ManagedDyn.Engine.Kernels.Softmax;

/// <summary>
/// Softmax of one row of logits and what belongs to it. The largest logit is subtracted first; sums run lane by lane and then over the lanes, in
/// an order that the length alone fixes: a row has the same bits wherever it stands. A logit of −∞ has probability 0; NaN, +∞, or a row of −∞
/// only give NaN.
/// </summary>
public static class SoftmaxRow
{
    /// <summary>The largest value; NaN if there is one. −∞ for no values.</summary>
    /// <param name="values">The values.</param>
    public static float Maximum(ReadOnlySpan<float> values)
    {
        Vector<float> best = new(float.NegativeInfinity);
        for (int i = 0; i < values.Length; i += Vector<float>.Count)
        {
            Vector<float> value = PartialVector.Load(values, i, Math.Min(Vector<float>.Count, values.Length - i), float.NegativeInfinity);

            // A comparison and not a maximum: NaN must win on every processor, and stay.
            best = Vector.ConditionalSelect(Vector.GreaterThan(value, best) | ~Vector.Equals(value, value), value, best);
        }

        float largest = best[0];
        for (int lane = 1; lane < Vector<float>.Count; lane++)
        {
            largest = best[lane] > largest || float.IsNaN(best[lane]) ? best[lane] : largest;
        }

        return largest;
    }

    /// <summary>p_c = exp((z_c − max z) / T) / Σ.</summary>
    /// <param name="logits">z.</param>
    /// <param name="temperature">T, above 0.</param>
    /// <param name="probabilities">p, as long as z; it may be z itself.</param>
    /// <returns>log Σ_c exp(z_c / T).</returns>
    /// <exception cref="ArgumentException">The lengths differ, or the temperature is not above 0.</exception>
    public static float Probabilities(ReadOnlySpan<float> logits, float temperature, Span<float> probabilities)
    {
        Check(logits.Length, probabilities.Length, temperature);
        float largest = Maximum(logits);
        Vector<float> middle = new(largest);
        Vector<float> divisor = new(temperature);
        Vector<float> sum = Vector<float>.Zero;
        for (int i = 0; i < logits.Length; i += Vector<float>.Count)
        {
            int count = Math.Min(Vector<float>.Count, logits.Length - i);
            Vector<float> power = VectorMath.Exp((PartialVector.Load(logits, i, count) - middle) / divisor);
            sum += count == Vector<float>.Count ? power : PartialVector.Keep(power, count, 0f);
            PartialVector.Store(power, probabilities.Slice(i, count));
        }

        float total = Vector.Sum(sum);
        Vector<float> share = new(1f / total);
        for (int i = 0; i < probabilities.Length; i += Vector<float>.Count)
        {
            int count = Math.Min(Vector<float>.Count, probabilities.Length - i);
            PartialVector.Store(PartialVector.Load(probabilities, i, count) * share, probabilities.Slice(i, count));
        }

        return (largest / temperature) + MathF.Log(total);
    }

    /// <summary>log Σ_c exp(z_c / T).</summary>
    /// <param name="logits">z.</param>
    /// <param name="temperature">T, above 0.</param>
    public static float LogSum(ReadOnlySpan<float> logits, float temperature = 1f)
    {
        Check(logits.Length, logits.Length, temperature);
        float largest = Maximum(logits);
        return (largest / temperature) + MathF.Log(PowerSum(logits, largest, temperature));
    }

    /// <summary>log p_c = (z_c − max z) / T − log Σ exp((z − max z) / T).</summary>
    /// <param name="logits">z.</param>
    /// <param name="temperature">T, above 0.</param>
    /// <param name="logarithms">log p, as long as z; it may be z itself.</param>
    /// <exception cref="ArgumentException">The lengths differ, or the temperature is not above 0.</exception>
    public static void LogProbabilities(ReadOnlySpan<float> logits, float temperature, Span<float> logarithms)
    {
        Check(logits.Length, logarithms.Length, temperature);
        float largest = Maximum(logits);
        Vector<float> middle = new(largest);
        Vector<float> divisor = new(temperature);
        Vector<float> logSum = new(MathF.Log(PowerSum(logits, largest, temperature)));
        for (int i = 0; i < logits.Length; i += Vector<float>.Count)
        {
            int count = Math.Min(Vector<float>.Count, logits.Length - i);
            PartialVector.Store(((PartialVector.Load(logits, i, count) - middle) / divisor) - logSum, logarithms.Slice(i, count));
        }
    }

    /// <summary>dz_c = p_c (dp_c − Σ_k p_k dp_k) / T.</summary>
    /// <param name="probabilities">p.</param>
    /// <param name="outputGradient">dp.</param>
    /// <param name="temperature">T.</param>
    /// <param name="inputGradient">dz.</param>
    /// <param name="accumulate">Whether to add to what is there.</param>
    public static void Backward(
        ReadOnlySpan<float> probabilities, ReadOnlySpan<float> outputGradient, float temperature, Span<float> inputGradient, bool accumulate)
    {
        Check(probabilities.Length, Math.Min(outputGradient.Length, inputGradient.Length), temperature);
        Vector<float> sum = Vector<float>.Zero;
        for (int i = 0; i < probabilities.Length; i += Vector<float>.Count)
        {
            int count = Math.Min(Vector<float>.Count, probabilities.Length - i);
            sum = Vector.MultiplyAddEstimate(
                PartialVector.Load(probabilities, i, count, 0f), PartialVector.Load(outputGradient, i, count, 0f), sum);
        }

        Vector<float> mean = new(Vector.Sum(sum));
        Vector<float> share = new(1f / temperature);
        for (int i = 0; i < probabilities.Length; i += Vector<float>.Count)
        {
            int count = Math.Min(Vector<float>.Count, probabilities.Length - i);
            Vector<float> value = PartialVector.Load(probabilities, i, count) * (PartialVector.Load(outputGradient, i, count) - mean) * share;
            Put(value, inputGradient, i, count, accumulate);
        }
    }

    /// <summary>dz_c = (d_c − p_c Σ_k d_k) / T for d, the gradient of log p.</summary>
    /// <param name="logarithms">log p.</param>
    /// <param name="outputGradient">d.</param>
    /// <param name="temperature">T.</param>
    /// <param name="inputGradient">dz.</param>
    /// <param name="accumulate">Whether to add to what is there.</param>
    public static void LogBackward(
        ReadOnlySpan<float> logarithms, ReadOnlySpan<float> outputGradient, float temperature, Span<float> inputGradient, bool accumulate)
    {
        Check(logarithms.Length, Math.Min(outputGradient.Length, inputGradient.Length), temperature);
        Vector<float> sum = Vector<float>.Zero;
        for (int i = 0; i < logarithms.Length; i += Vector<float>.Count)
        {
            sum += PartialVector.Load(outputGradient, i, Math.Min(Vector<float>.Count, logarithms.Length - i), 0f);
        }

        Vector<float> total = new(Vector.Sum(sum));
        Vector<float> share = new(1f / temperature);
        for (int i = 0; i < logarithms.Length; i += Vector<float>.Count)
        {
            int count = Math.Min(Vector<float>.Count, logarithms.Length - i);
            Vector<float> p = VectorMath.Exp(PartialVector.Load(logarithms, i, count));
            Put((PartialVector.Load(outputGradient, i, count) - (p * total)) * share, inputGradient, i, count, accumulate);
        }
    }

    /// <summary>Softmax, value by value.</summary>
    internal static void Reference<T>(ReadOnlySpan<T> logits, T temperature, Span<T> probabilities)
        where T : IFloatingPointIeee754<T>
    {
        T largest = T.NegativeInfinity;
        foreach (T logit in logits)
        {
            largest = T.Max(largest, logit);
        }

        T sum = T.Zero;
        for (int c = 0; c < logits.Length; c++)
        {
            probabilities[c] = T.Exp((logits[c] - largest) / temperature);
            sum += probabilities[c];
        }

        for (int c = 0; c < logits.Length; c++)
        {
            probabilities[c] /= sum;
        }
    }

    private static float PowerSum(ReadOnlySpan<float> logits, float largest, float temperature)
    {
        Vector<float> middle = new(largest);
        Vector<float> divisor = new(temperature);
        Vector<float> sum = Vector<float>.Zero;
        for (int i = 0; i < logits.Length; i += Vector<float>.Count)
        {
            int count = Math.Min(Vector<float>.Count, logits.Length - i);
            Vector<float> power = VectorMath.Exp((PartialVector.Load(logits, i, count) - middle) / divisor);
            sum += count == Vector<float>.Count ? power : PartialVector.Keep(power, count, 0f);
        }

        return Vector.Sum(sum);
    }

    private static void Put(Vector<float> value, Span<float> target, int at, int count, bool accumulate)
    {
        if (accumulate)
        {
            value += PartialVector.Load(target, at, count);
        }

        PartialVector.Store(value, target.Slice(at, count));
    }

    private static void Check(int length, int other, float temperature)
    {
        if (length != other)
        {
            throw new ArgumentException($"A softmax was given rows of {length} and {other} values; expected equal lengths.");
        }

        if (!(temperature > 0f && float.IsFinite(temperature)))
        {
            throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "The temperature of a softmax must be above 0.");
        }
    }
}
