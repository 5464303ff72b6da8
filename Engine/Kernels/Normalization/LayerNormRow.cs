using System;
using System.Numerics;
using System.Runtime.InteropServices;

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
        float guess = Vector.Sum(Sum(input)) / input.Length;
        (Vector<float> deviations, Vector<float> squares) = Deviations(input, guess);

        // What is left of the deviations' sum is the rounding of the mean; it is too small to cancel anything in the squares.
        float rest = Vector.Sum(deviations) / input.Length;
        float mean = guess + rest;
        float inverse = 1f / MathF.Sqrt(MathF.Max((Vector.Sum(squares) / input.Length) - (rest * rest), 0f) + epsilon);
        Vector<float> middle = new(mean);
        Vector<float> factor = new(inverse);
        ref float x = ref MemoryMarshal.GetReference(input);
        ref float scales = ref MemoryMarshal.GetReference(weight);
        ref float shifts = ref MemoryMarshal.GetReference(bias);
        ref float y = ref MemoryMarshal.GetReference(output);
        int whole = Whole(input.Length);

        // Whole vectors: i + Count is at most the length that all spans but empty ones were checked to have.
        for (int i = 0; i < whole; i += Vector<float>.Count)
        {
            Vector<float> value = (Vector.LoadUnsafe(ref x, (nuint)i) - middle) * factor;
            Vector<float> scale = weight.IsEmpty ? Vector<float>.One : Vector.LoadUnsafe(ref scales, (nuint)i);
            Vector<float> shift = bias.IsEmpty ? Vector<float>.Zero : Vector.LoadUnsafe(ref shifts, (nuint)i);
            Vector.MultiplyAddEstimate(value, scale, shift).StoreUnsafe(ref y, (nuint)i);
        }

        int last = input.Length - whole;
        if (last != 0)
        {
            Vector<float> value = (PartialVector.Load(input, whole, last) - middle) * factor;
            Vector<float> scale = weight.IsEmpty ? Vector<float>.One : PartialVector.Load(weight, whole, last);
            Vector<float> shift = bias.IsEmpty ? Vector<float>.Zero : PartialVector.Load(bias, whole, last);
            PartialVector.Store(Vector.MultiplyAddEstimate(value, scale, shift), output.Slice(whole, last));
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
        ref float x = ref MemoryMarshal.GetReference(input);
        ref float scales = ref MemoryMarshal.GetReference(weight);
        ref float upstream = ref MemoryMarshal.GetReference(outputGradient);
        ref float target = ref MemoryMarshal.GetReference(inputGradient);
        int whole = Whole(input.Length);
        int last = input.Length - whole;
        Vector<float> sum = Vector<float>.Zero;
        Vector<float> products = Vector<float>.Zero;

        // Whole vectors: i + Count is at most the length that all spans but an empty weight were checked to have.
        for (int i = 0; i < whole; i += Vector<float>.Count)
        {
            Vector<float> g = Vector.LoadUnsafe(ref upstream, (nuint)i);
            g = weight.IsEmpty ? g : g * Vector.LoadUnsafe(ref scales, (nuint)i);
            sum += g;
            products = Vector.MultiplyAddEstimate(g, (Vector.LoadUnsafe(ref x, (nuint)i) - middle) * factor, products);
        }

        if (last != 0)
        {
            Vector<float> g = PartialVector.Load(outputGradient, whole, last, 0f);
            g = weight.IsEmpty ? g : g * PartialVector.Load(weight, whole, last, 0f);
            sum += g;
            products = Vector.MultiplyAddEstimate(g, (PartialVector.Load(input, whole, last, mean) - middle) * factor, products);
        }

        Vector<float> gradientMean = new(Vector.Sum(sum) / input.Length);
        Vector<float> productMean = new(Vector.Sum(products) / input.Length);
        for (int i = 0; i < whole; i += Vector<float>.Count)
        {
            Vector<float> g = Vector.LoadUnsafe(ref upstream, (nuint)i);
            g = weight.IsEmpty ? g : g * Vector.LoadUnsafe(ref scales, (nuint)i);
            Vector<float> normal = (Vector.LoadUnsafe(ref x, (nuint)i) - middle) * factor;
            Vector<float> value = (g - gradientMean - (normal * productMean)) * factor;
            value = accumulate ? value + Vector.LoadUnsafe(ref target, (nuint)i) : value;
            value.StoreUnsafe(ref target, (nuint)i);
        }

        if (last != 0)
        {
            Vector<float> g = PartialVector.Load(outputGradient, whole, last);
            g = weight.IsEmpty ? g : g * PartialVector.Load(weight, whole, last);
            Vector<float> normal = (PartialVector.Load(input, whole, last) - middle) * factor;
            Vector<float> value = (g - gradientMean - (normal * productMean)) * factor;
            value = accumulate ? value + PartialVector.Load(inputGradient, whole, last) : value;
            PartialVector.Store(value, inputGradient.Slice(whole, last));
        }
    }

    /// <summary>Adds the row's share of dγ_i = Σ dy_i x̂_i and dβ_i = Σ dy_i.</summary>
    /// <param name="input">x.</param>
    /// <param name="outputGradient">dy.</param>
    /// <param name="mean">What the forward pass told.</param>
    /// <param name="inverse">r.</param>
    /// <param name="weightGradient">dγ; added to.</param>
    /// <param name="biasGradient">dβ; added to.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void AddParameters(
        ReadOnlySpan<float> input, ReadOnlySpan<float> outputGradient, float mean, float inverse, Span<float> weightGradient,
        Span<float> biasGradient)
    {
        Check(input.Length, outputGradient.Length, weightGradient.Length, biasGradient.Length);
        Check(weightGradient.Length, biasGradient.Length, 0, 0);
        Vector<float> middle = new(mean);
        Vector<float> factor = new(inverse);
        ref float x = ref MemoryMarshal.GetReference(input);
        ref float upstream = ref MemoryMarshal.GetReference(outputGradient);
        ref float scales = ref MemoryMarshal.GetReference(weightGradient);
        ref float shifts = ref MemoryMarshal.GetReference(biasGradient);
        int whole = Whole(input.Length);

        // Whole vectors: i + Count is at most the length that all spans were checked to have.
        for (int i = 0; i < whole; i += Vector<float>.Count)
        {
            Vector<float> g = Vector.LoadUnsafe(ref upstream, (nuint)i);
            Vector<float> normal = (Vector.LoadUnsafe(ref x, (nuint)i) - middle) * factor;
            Vector.MultiplyAddEstimate(g, normal, Vector.LoadUnsafe(ref scales, (nuint)i)).StoreUnsafe(ref scales, (nuint)i);
            (Vector.LoadUnsafe(ref shifts, (nuint)i) + g).StoreUnsafe(ref shifts, (nuint)i);
        }

        int last = input.Length - whole;
        if (last != 0)
        {
            Vector<float> g = PartialVector.Load(outputGradient, whole, last);
            Vector<float> normal = (PartialVector.Load(input, whole, last) - middle) * factor;
            PartialVector.Store(
                Vector.MultiplyAddEstimate(g, normal, PartialVector.Load(weightGradient, whole, last)), weightGradient.Slice(whole, last));
            PartialVector.Store(PartialVector.Load(biasGradient, whole, last) + g, biasGradient.Slice(whole, last));
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

    private static int Whole(int length) => length - (length % Vector<float>.Count);

    // Σ x. Four sums side by side, as each addition waits for the one before it; which takes what depends on the length alone.
    private static Vector<float> Sum(ReadOnlySpan<float> values)
    {
        ref float x = ref MemoryMarshal.GetReference(values);
        int width = Vector<float>.Count;
        int whole = Whole(values.Length);
        Vector<float> total = whole == values.Length ? Vector<float>.Zero : PartialVector.Load(values, whole, values.Length - whole, 0f);

        // Whole vectors up to the end of the stretch, which lies within the row.
        for (int i = 0; i < whole;)
        {
            int end = Math.Min(whole, i + (StretchVectors * width));
            Vector<float> sum0 = Vector<float>.Zero;
            Vector<float> sum1 = Vector<float>.Zero;
            Vector<float> sum2 = Vector<float>.Zero;
            Vector<float> sum3 = Vector<float>.Zero;
            for (; i <= end - (4 * width); i += 4 * width)
            {
                sum0 += Vector.LoadUnsafe(ref x, (nuint)i);
                sum1 += Vector.LoadUnsafe(ref x, (nuint)(i + width));
                sum2 += Vector.LoadUnsafe(ref x, (nuint)(i + (2 * width)));
                sum3 += Vector.LoadUnsafe(ref x, (nuint)(i + (3 * width)));
            }

            for (; i < end; i += width)
            {
                sum0 += Vector.LoadUnsafe(ref x, (nuint)i);
            }

            total += sum0 + sum1 + (sum2 + sum3);
        }

        return total;
    }

    // Σ (x − middle) and Σ (x − middle)², in two halves as above.
    private static (Vector<float> Sum, Vector<float> Squares) Deviations(ReadOnlySpan<float> values, float middle)
    {
        ref float x = ref MemoryMarshal.GetReference(values);
        int width = Vector<float>.Count;
        int whole = Whole(values.Length);
        Vector<float> center = new(middle);
        Vector<float> sum = whole == values.Length ? Vector<float>.Zero : PartialVector.Load(values, whole, values.Length - whole, middle) - center;
        Vector<float> squares = sum * sum;

        // Whole vectors up to the end of the stretch, which lies within the row.
        for (int i = 0; i < whole;)
        {
            int end = Math.Min(whole, i + (StretchVectors * width));
            Vector<float> sum0 = Vector<float>.Zero;
            Vector<float> sum1 = Vector<float>.Zero;
            Vector<float> squares0 = Vector<float>.Zero;
            Vector<float> squares1 = Vector<float>.Zero;
            for (; i <= end - (2 * width); i += 2 * width)
            {
                Vector<float> d0 = Vector.LoadUnsafe(ref x, (nuint)i) - center;
                Vector<float> d1 = Vector.LoadUnsafe(ref x, (nuint)(i + width)) - center;
                sum0 += d0;
                sum1 += d1;
                squares0 = Vector.MultiplyAddEstimate(d0, d0, squares0);
                squares1 = Vector.MultiplyAddEstimate(d1, d1, squares1);
            }

            if (i < end)
            {
                Vector<float> d = Vector.LoadUnsafe(ref x, (nuint)i) - center;
                sum0 += d;
                squares0 = Vector.MultiplyAddEstimate(d, d, squares0);
                i += width;
            }

            sum += sum0 + sum1;
            squares += squares0 + squares1;
        }

        return (sum, squares);
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
