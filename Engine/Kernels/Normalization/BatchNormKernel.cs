using System;
using System.Numerics;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.Normalization;

/// <summary>
/// Batch normalisation over rows of channels (Ioffe and Szegedy, "Batch Normalization", ICML 2015): y = x · scale + shift with
/// scale = γ / √(variance + ε) and shift = β − mean · scale, and the sums that training needs. All spans of rows are [rows, channels].
/// </summary>
public static class BatchNormKernel
{
    /// <summary>Folds statistics and parameters into one scale and one shift a channel; the convolution's epilogue applies the same two.</summary>
    /// <param name="gamma">γ.</param>
    /// <param name="beta">β.</param>
    /// <param name="mean">Means.</param>
    /// <param name="variance">Variances.</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="scale">Receives the scales.</param>
    /// <param name="shift">Receives the shifts.</param>
    public static void Fold(
        ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta, ReadOnlySpan<float> mean, ReadOnlySpan<float> variance, float epsilon,
        Span<float> scale, Span<float> shift)
    {
        for (int c = 0; c < scale.Length; c++)
        {
            scale[c] = gamma[c] / MathF.Sqrt(variance[c] + epsilon);
            shift[c] = beta[c] - (mean[c] * scale[c]);
        }
    }

    /// <summary>y = x · scale + shift, then max(·, 0) if asked for: the arithmetic of a fused convolution's store.</summary>
    /// <param name="x">Rows.</param>
    /// <param name="scale">One a channel.</param>
    /// <param name="shift">One a channel.</param>
    /// <param name="relu">Whether negative values become 0.</param>
    /// <param name="y">Rows; may be x itself.</param>
    public static void Apply(ReadOnlySpan<float> x, ReadOnlySpan<float> scale, ReadOnlySpan<float> shift, bool relu, Span<float> y)
    {
        int channels = scale.Length;
        CheckRows(x.Length, channels);
        CheckRows(y.Length, channels, x.Length);
        ref float from = ref MemoryMarshal.GetReference(x);
        ref float to = ref MemoryMarshal.GetReference(y);
        ref float factors = ref MemoryMarshal.GetReference(scale);
        ref float summands = ref MemoryMarshal.GetReference(shift);
        int width = Vector<float>.Count;

        // Vector loads stay within a row: c + width ≤ channels, and row + channels ≤ length.
        for (int row = 0; row < x.Length; row += channels)
        {
            int c = 0;
            for (; c <= channels - width; c += width)
            {
                Vector<float> value = Vector.MultiplyAddEstimate(
                    Vector.LoadUnsafe(ref from, (nuint)(row + c)), Vector.LoadUnsafe(ref factors, (nuint)c), Vector.LoadUnsafe(ref summands, (nuint)c));
                (relu ? Vector.Max(value, Vector<float>.Zero) : value).StoreUnsafe(ref to, (nuint)(row + c));
            }

            for (; c < channels; c++)
            {
                float value = float.MultiplyAddEstimate(x[row + c], scale[c], shift[c]);
                y[row + c] = relu ? MathF.Max(value, 0f) : value;
            }
        }
    }

    /// <summary>Σ (x − pivot) and Σ (x − pivot)² of each channel, rows ascending. A pivot near the mean keeps the difference of the two exact.</summary>
    /// <param name="x">Rows.</param>
    /// <param name="pivot">One a channel.</param>
    /// <param name="sums">Receives the sums, then the sums of squares: 2 · channels.</param>
    public static void Moments(ReadOnlySpan<float> x, ReadOnlySpan<float> pivot, Span<float> sums)
    {
        int channels = pivot.Length;
        CheckRows(x.Length, channels);
        ref float from = ref MemoryMarshal.GetReference(x);
        int width = Vector<float>.Count;
        int c = 0;
        for (; c <= channels - width; c += width)
        {
            Vector<float> center = new(pivot[c..]);
            Vector<float> sum = Vector<float>.Zero;
            Vector<float> squares = Vector<float>.Zero;

            // row + c + width ≤ row + channels ≤ length.
            for (int row = 0; row < x.Length; row += channels)
            {
                Vector<float> distance = Vector.LoadUnsafe(ref from, (nuint)(row + c)) - center;
                sum += distance;
                squares = Vector.MultiplyAddEstimate(distance, distance, squares);
            }

            sum.CopyTo(sums[c..]);
            squares.CopyTo(sums[(channels + c)..]);
        }

        for (; c < channels; c++)
        {
            float sum = 0f;
            float squares = 0f;
            for (int row = 0; row < x.Length; row += channels)
            {
                float distance = x[row + c] - pivot[c];
                sum += distance;
                squares = float.MultiplyAddEstimate(distance, distance, squares);
            }

            sums[c] = sum;
            sums[channels + c] = squares;
        }
    }

    /// <summary>Σ g and Σ g · (x − mean) of each channel, where g is the output's gradient, 0 where a ReLU cut the output off.</summary>
    /// <param name="x">Rows of the input.</param>
    /// <param name="y">Rows of the output, looked at only with a ReLU.</param>
    /// <param name="gradient">Rows of the output's gradient.</param>
    /// <param name="mean">One a channel.</param>
    /// <param name="relu">Whether the output was cut off at 0.</param>
    /// <param name="sums">Receives the two sums one after another: 2 · channels.</param>
    public static void GradientSums(
        ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> gradient, ReadOnlySpan<float> mean, bool relu, Span<float> sums)
    {
        int channels = mean.Length;
        CheckRows(x.Length, channels);
        CheckRows(gradient.Length, channels, x.Length);
        CheckRows(y.Length, channels, x.Length);
        ref float input = ref MemoryMarshal.GetReference(x);
        ref float output = ref MemoryMarshal.GetReference(y);
        ref float upstream = ref MemoryMarshal.GetReference(gradient);
        int width = Vector<float>.Count;
        int c = 0;
        for (; c <= channels - width; c += width)
        {
            Vector<float> center = new(mean[c..]);
            Vector<float> sum = Vector<float>.Zero;
            Vector<float> products = Vector<float>.Zero;

            // row + c + width ≤ row + channels ≤ length, of all three.
            for (int row = 0; row < x.Length; row += channels)
            {
                nuint at = (nuint)(row + c);
                Vector<float> g = Vector.LoadUnsafe(ref upstream, at);
                if (relu)
                {
                    Vector<int> passes = Vector.GreaterThan(Vector.LoadUnsafe(ref output, at), Vector<float>.Zero);
                    g = Vector.ConditionalSelect(passes, g, Vector<float>.Zero);
                }

                sum += g;
                products = Vector.MultiplyAddEstimate(g, Vector.LoadUnsafe(ref input, at) - center, products);
            }

            sum.CopyTo(sums[c..]);
            products.CopyTo(sums[(channels + c)..]);
        }

        for (; c < channels; c++)
        {
            float sum = 0f;
            float products = 0f;
            for (int row = 0; row < x.Length; row += channels)
            {
                float g = relu && !(y[row + c] > 0f) ? 0f : gradient[row + c];
                sum += g;
                products = float.MultiplyAddEstimate(g, x[row + c] - mean[c], products);
            }

            sums[c] = sum;
            sums[channels + c] = products;
        }
    }

    /// <summary>d = g · a + (x − mean) · b + k for each channel, g as in <see cref="GradientSums"/>; written to, or added to, the input's gradient.</summary>
    /// <param name="x">Rows of the input.</param>
    /// <param name="y">Rows of the output, looked at only with a ReLU.</param>
    /// <param name="gradient">Rows of the output's gradient.</param>
    /// <param name="mean">One a channel.</param>
    /// <param name="coefficients">a, b and k one after another: 3 · channels.</param>
    /// <param name="relu">Whether the output was cut off at 0.</param>
    /// <param name="accumulate">Whether to add.</param>
    /// <param name="destination">Rows.</param>
    public static void InputGradient(
        ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> gradient, ReadOnlySpan<float> mean, ReadOnlySpan<float> coefficients,
        bool relu, bool accumulate, Span<float> destination)
    {
        int channels = mean.Length;
        CheckRows(x.Length, channels);
        CheckRows(gradient.Length, channels, x.Length);
        CheckRows(y.Length, channels, x.Length);
        CheckRows(destination.Length, channels, x.Length);
        ReadOnlySpan<float> ofGradient = coefficients[..channels];
        ReadOnlySpan<float> ofInput = coefficients.Slice(channels, channels);
        ReadOnlySpan<float> constant = coefficients.Slice(2 * channels, channels);
        ref float input = ref MemoryMarshal.GetReference(x);
        ref float output = ref MemoryMarshal.GetReference(y);
        ref float upstream = ref MemoryMarshal.GetReference(gradient);
        ref float to = ref MemoryMarshal.GetReference(destination);
        int width = Vector<float>.Count;

        // Vector loads stay within a row: c + width ≤ channels, and row + channels ≤ length, of all four.
        for (int row = 0; row < x.Length; row += channels)
        {
            int c = 0;
            for (; c <= channels - width; c += width)
            {
                nuint at = (nuint)(row + c);
                Vector<float> g = Vector.LoadUnsafe(ref upstream, at);
                if (relu)
                {
                    Vector<int> passes = Vector.GreaterThan(Vector.LoadUnsafe(ref output, at), Vector<float>.Zero);
                    g = Vector.ConditionalSelect(passes, g, Vector<float>.Zero);
                }

                Vector<float> distance = Vector.LoadUnsafe(ref input, at) - new Vector<float>(mean[c..]);
                Vector<float> value = Vector.MultiplyAddEstimate(
                    g, new Vector<float>(ofGradient[c..]), Vector.MultiplyAddEstimate(distance, new Vector<float>(ofInput[c..]), new Vector<float>(constant[c..])));
                (accumulate ? value + Vector.LoadUnsafe(ref to, at) : value).StoreUnsafe(ref to, at);
            }

            for (; c < channels; c++)
            {
                float g = relu && !(y[row + c] > 0f) ? 0f : gradient[row + c];
                float value = float.MultiplyAddEstimate(g, ofGradient[c], float.MultiplyAddEstimate(x[row + c] - mean[c], ofInput[c], constant[c]));
                destination[row + c] = accumulate ? value + destination[row + c] : value;
            }
        }
    }

    private static void CheckRows(int length, int channels, int expected = -1)
    {
        if (channels == 0 || length % channels != 0 || (expected >= 0 && length != expected))
        {
            throw new ArgumentException($"{length} values were given for rows of {channels} channels; expected {(expected >= 0 ? $"{expected}" : "whole rows")}.");
        }
    }
}
