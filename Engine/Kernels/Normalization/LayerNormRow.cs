using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Normalization;

/// <summary>
/// Layer normalisation of one row (Ba, Kiros and Hinton, "Layer normalization", 2016): y_i = γ_i (x_i − mean) r + β_i with r = 1 / √(variance + ε),
/// both over the row. Sums run lane by lane and then over the lanes: a row has the same bits wherever it stands.
/// </summary>
public static class LayerNormRow
{
    // Vectors are summed in stretches of this many, so that long rows lose nothing.
    private const int StretchVectors = 64;

    /// <summary>Normalises.</summary>
    /// <param name="input">x.</param>
    /// <param name="weight">γ; empty: 1.</param>
    /// <param name="bias">β; empty: 0.</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="output">y, as long as x.</param>
    /// <returns>The mean and r, for the backward pass.</returns>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static (float Mean, float Inverse) Forward(
        ReadOnlySpan<float> input, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, float epsilon, Span<float> output)
    {
        Check(input.Length, output.Length, weight.Length, bias.Length);
        float mean = Sum(input, 0f, isSquare: false) / input.Length;

        // What is left of the deviations' sum is the rounding of the mean.
        mean += Deviations(input, mean) / input.Length;
        float inverse = 1f / MathF.Sqrt((Sum(input, mean, isSquare: true) / input.Length) + epsilon);
        Vector<float> middle = new(mean);
        Vector<float> factor = new(inverse);
        for (int i = 0; i < input.Length; i += Vector<float>.Count)
        {
            int count = Math.Min(Vector<float>.Count, input.Length - i);
            Vector<float> value = (PartialVector.Load(input, i, count) - middle) * factor;
            Vector<float> scale = weight.IsEmpty ? Vector<float>.One : PartialVector.Load(weight, i, count);
            Vector<float> shift = bias.IsEmpty ? Vector<float>.Zero : PartialVector.Load(bias, i, count);
            PartialVector.Store(Vector.MultiplyAddEstimate(value, scale, shift), output.Slice(i, count));
        }

        return (mean, inverse);
    }

    /// <summary>dx_i = r (g_i − mean(g) − x̂_i mean(g x̂)) with g_i = γ_i dy_i and x̂_i = (x_i − mean) r.</summary>
    /// <param name="input">x.</param>
    /// <param name="weight">γ; empty: 1.</param>
    /// <param name="outputGradient">dy.</param>
    /// <param name="mean">What the forward pass told.</param>
    /// <param name="inverse">r.</param>
    /// <param name="inputGradient">dx.</param>
    /// <param name="accumulate">Whether to add to what is there.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Backward(
        ReadOnlySpan<float> input, ReadOnlySpan<float> weight, ReadOnlySpan<float> outputGradient, float mean, float inverse,
        Span<float> inputGradient, bool accumulate)
    {
        Check(input.Length, Math.Min(outputGradient.Length, inputGradient.Length), weight.Length, 0);
        Vector<float> middle = new(mean);
        Vector<float> factor = new(inverse);
        Vector<float> sum = Vector<float>.Zero;
        Vector<float> products = Vector<float>.Zero;
        for (int i = 0; i < input.Length; i += Vector<float>.Count)
        {
            int count = Math.Min(Vector<float>.Count, input.Length - i);
            Vector<float> g = PartialVector.Load(outputGradient, i, count, 0f);
            g = weight.IsEmpty ? g : g * PartialVector.Load(weight, i, count, 0f);
            sum += g;
            products = Vector.MultiplyAddEstimate(g, (PartialVector.Load(input, i, count, mean) - middle) * factor, products);
        }

        Vector<float> gradientMean = new(Vector.Sum(sum) / input.Length);
        Vector<float> productMean = new(Vector.Sum(products) / input.Length);
        for (int i = 0; i < input.Length; i += Vector<float>.Count)
        {
            int count = Math.Min(Vector<float>.Count, input.Length - i);
            Vector<float> g = PartialVector.Load(outputGradient, i, count);
            g = weight.IsEmpty ? g : g * PartialVector.Load(weight, i, count);
            Vector<float> normal = (PartialVector.Load(input, i, count) - middle) * factor;
            Vector<float> value = (g - gradientMean - (normal * productMean)) * factor;
            if (accumulate)
            {
                value += PartialVector.Load(inputGradient, i, count);
            }

            PartialVector.Store(value, inputGradient.Slice(i, count));
        }
    }

    /// <summary>Adds the row's share of dγ_i = Σ dy_i x̂_i and dβ_i = Σ dy_i.</summary>
    /// <param name="input">x.</param>
    /// <param name="outputGradient">dy.</param>
    /// <param name="mean">What the forward pass told.</param>
    /// <param name="inverse">r.</param>
    /// <param name="weightGradient">dγ; added to.</param>
    /// <param name="biasGradient">dβ; added to.</param>
    public static void AddParameters(
        ReadOnlySpan<float> input, ReadOnlySpan<float> outputGradient, float mean, float inverse, Span<float> weightGradient,
        Span<float> biasGradient)
    {
        Vector<float> middle = new(mean);
        Vector<float> factor = new(inverse);
        for (int i = 0; i < input.Length; i += Vector<float>.Count)
        {
            int count = Math.Min(Vector<float>.Count, input.Length - i);
            Vector<float> g = PartialVector.Load(outputGradient, i, count);
            Vector<float> normal = (PartialVector.Load(input, i, count) - middle) * factor;
            PartialVector.Store(
                Vector.MultiplyAddEstimate(g, normal, PartialVector.Load(weightGradient, i, count)), weightGradient.Slice(i, count));
            PartialVector.Store(PartialVector.Load(biasGradient, i, count) + g, biasGradient.Slice(i, count));
        }
    }

    /// <summary>The same, value by value.</summary>
    internal static void Reference<T>(ReadOnlySpan<T> input, ReadOnlySpan<T> weight, ReadOnlySpan<T> bias, T epsilon, Span<T> output)
        where T : IFloatingPointIeee754<T>
    {
        (T mean, T variance) = ChannelMoments.Reference(input, 1, default, 0);
        for (int i = 0; i < input.Length; i++)
        {
            T normal = (input[i] - mean) / T.Sqrt(variance + epsilon);
            output[i] = (normal * (weight.IsEmpty ? T.One : weight[i])) + (bias.IsEmpty ? T.Zero : bias[i]);
        }
    }

    private static float Deviations(ReadOnlySpan<float> values, float mean) => Sum(values, mean, isSquare: false);

    // Σ (x − middle) or Σ (x − middle)².
    private static float Sum(ReadOnlySpan<float> values, float middle, bool isSquare)
    {
        Vector<float> center = new(middle);
        Vector<float> total = Vector<float>.Zero;
        int stretch = StretchVectors * Vector<float>.Count;
        for (int start = 0; start < values.Length; start += stretch)
        {
            int end = Math.Min(values.Length, start + stretch);
            Vector<float> sum = Vector<float>.Zero;
            for (int i = start; i < end; i += Vector<float>.Count)
            {
                Vector<float> d = PartialVector.Load(values, i, Math.Min(Vector<float>.Count, end - i), middle) - center;
                sum = isSquare ? Vector.MultiplyAddEstimate(d, d, sum) : sum + d;
            }

            total += sum;
        }

        return Vector.Sum(total);
    }

    private static void Check(int length, int other, int weight, int bias)
    {
        if (length == 0 || length != other || (weight != 0 && weight != length) || (bias != 0 && bias != length))
        {
            throw new ArgumentException(
                $"A layer normalisation was given rows of {length} and {other} values, {weight} weights and {bias} biases; expected equal lengths above 0.");
        }
    }
}
