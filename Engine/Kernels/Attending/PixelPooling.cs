using System;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ManagedDyn.Engine.Kernels.Normalization;

namespace ManagedDyn.Engine.Kernels.Attending;

/// <summary>
/// What attention over pixels looks at: the largest value and the mean over the channels of each pixel of x · a, with a factor a for each channel,
/// so that a map that is to be scaled by its channels need not be written first.
/// </summary>
internal static class PixelPooling
{
    /// <summary>The largest value and the mean of each pixel. NaN is larger than everything.</summary>
    /// <param name="input">x, [pixels, channels].</param>
    /// <param name="channels">The number of channels.</param>
    /// <param name="scale">a; empty: 1.</param>
    /// <param name="output">Receives [pixels, 2]: the largest value, and the mean.</param>
    /// <exception cref="ArgumentException">Lengths do not fit.</exception>
    public static void Forward(ReadOnlySpan<float> input, int channels, ReadOnlySpan<float> scale, Span<float> output)
    {
        int pixels = Check(input.Length, channels, scale.Length, output.Length);
        int width = Vector<float>.Count;
        int whole = channels / width * width;
        float share = 1f / channels;
        ref float x = ref MemoryMarshal.GetReference(input);
        ref float a = ref MemoryMarshal.GetReference(scale);
        for (int pixel = 0; pixel < pixels; pixel++)
        {
            int row = pixel * channels;
            Vector<float> sum = Vector<float>.Zero, more = sum;
            Vector<float> high = new(float.NegativeInfinity), higher = high;
            int c = 0;

            // Whole vectors of a pixel, and as many factors as channels: both were checked. Two of each in flight hide their latencies.
            for (; c < whole - width; c += 2 * width)
            {
                Vector<float> first = Vector.LoadUnsafe(ref x, (nuint)(row + c));
                Vector<float> second = Vector.LoadUnsafe(ref x, (nuint)(row + c + width));
                if (!scale.IsEmpty)
                {
                    first *= Vector.LoadUnsafe(ref a, (nuint)c);
                    second *= Vector.LoadUnsafe(ref a, (nuint)(c + width));
                }

                sum += first;
                more += second;
                high = Larger(first, high);
                higher = Larger(second, higher);
            }

            if (c < whole)
            {
                Vector<float> value = Vector.LoadUnsafe(ref x, (nuint)(row + c));
                value = scale.IsEmpty ? value : value * Vector.LoadUnsafe(ref a, (nuint)c);
                sum += value;
                high = Larger(value, high);
            }

            sum += more;
            high = Larger(higher, high);
            if (whole < channels)
            {
                Vector<float> value = Scaled(input, row, whole, channels - whole, scale);
                sum += value;
                high = Larger(PartialVector.Keep(value, channels - whole, float.NegativeInfinity), high);
            }

            float total = Vector.Sum(sum);

            // Where there is no number among the values, their sum is none.
            output[2 * pixel] = float.IsNaN(total) ? SlowMaximum(input.Slice(row, channels), scale) : Largest(high);
            output[(2 * pixel) + 1] = total * share;
        }
    }

    /// <summary>The gradients of x and a, for one sample: the largest value's goes to the first channel that has it.</summary>
    /// <param name="input">x.</param>
    /// <param name="channels">The number of channels.</param>
    /// <param name="scale">a; empty: 1.</param>
    /// <param name="output">What the forward pass gave.</param>
    /// <param name="gradient">Its gradient, [pixels, 2].</param>
    /// <param name="inputGradient">The gradient of x; empty: not asked for.</param>
    /// <param name="accumulate">Whether to add to what it holds.</param>
    /// <param name="scaleGradient">The gradient of a, added to; empty: not asked for.</param>
    /// <exception cref="ArgumentException">Lengths do not fit.</exception>
    public static void Backward(
        ReadOnlySpan<float> input,
        int channels,
        ReadOnlySpan<float> scale,
        ReadOnlySpan<float> output,
        ReadOnlySpan<float> gradient,
        Span<float> inputGradient,
        bool accumulate,
        Span<float> scaleGradient)
    {
        int pixels = Check(input.Length, channels, scale.Length, output.Length);
        RowCheck.Length(gradient.Length, output.Length, "gradients");
        RowCheck.Length(inputGradient.Length, inputGradient.IsEmpty ? 0 : input.Length, "gradients");
        RowCheck.Length(scaleGradient.Length, scaleGradient.IsEmpty ? 0 : channels, "gradients");
        int width = Vector<float>.Count;
        for (int pixel = 0; pixel < pixels; pixel++)
        {
            int row = pixel * channels;
            float even = gradient[(2 * pixel) + 1] / channels;
            for (int c = 0; c < channels; c += width)
            {
                int count = Math.Min(width, channels - c);
                if (!inputGradient.IsEmpty)
                {
                    Vector<float> value = scale.IsEmpty ? new Vector<float>(even) : even * PartialVector.Load(scale, c, count);
                    PartialVector.Store(accumulate ? PartialVector.Load(inputGradient, row + c, count) + value : value, inputGradient.Slice(row + c, count));
                }

                if (!scaleGradient.IsEmpty)
                {
                    Vector<float> sum = Vector.MultiplyAddEstimate(new Vector<float>(even), PartialVector.Load(input, row + c, count), PartialVector.Load(scaleGradient, c, count));
                    PartialVector.Store(sum, scaleGradient.Slice(c, count));
                }
            }

            int winner = First(input.Slice(row, channels), scale, output[2 * pixel]);
            if (winner >= 0 && !inputGradient.IsEmpty)
            {
                inputGradient[row + winner] += gradient[2 * pixel] * (scale.IsEmpty ? 1f : scale[winner]);
            }

            if (winner >= 0 && !scaleGradient.IsEmpty)
            {
                scaleGradient[winner] += gradient[2 * pixel] * input[row + winner];
            }
        }
    }

    /// <summary>Largest value and mean of one pixel, value by value.</summary>
    internal static (T Maximum, T Mean) Reference<T>(ReadOnlySpan<T> pixel, ReadOnlySpan<T> scale)
        where T : IFloatingPointIeee754<T>
    {
        T sum = T.Zero;
        T maximum = T.NegativeInfinity;
        for (int c = 0; c < pixel.Length; c++)
        {
            T value = scale.IsEmpty ? pixel[c] : pixel[c] * scale[c];
            sum += value;
            maximum = value > maximum ? value : maximum;
        }

        return (maximum, sum / T.CreateChecked(pixel.Length));
    }

    private static int First(ReadOnlySpan<float> pixel, ReadOnlySpan<float> scale, float maximum)
    {
        if (scale.IsEmpty)
        {
            return pixel.IndexOf(maximum);
        }

        for (int c = 0; c < pixel.Length; c++)
        {
            if (pixel[c] * scale[c] == maximum)
            {
                return c;
            }
        }

        return -1;
    }

    private static Vector<float> Scaled(ReadOnlySpan<float> input, int row, int c, int count, ReadOnlySpan<float> scale)
    {
        Vector<float> x = PartialVector.Load(input, row + c, count, 0f);
        return scale.IsEmpty ? x : x * PartialVector.Load(scale, c, count, 0f);
    }

    private static Vector<float> Larger(Vector<float> value, Vector<float> high) =>
        Vector.ConditionalSelect(Vector.GreaterThan(value, high), value, high);

    // By halves; a maximum of numbers has the same bits in any order, but for the sign of zero.
    private static float Largest(Vector<float> high)
    {
        if (Vector<float>.Count == 8)
        {
            Vector256<float> all = high.AsVector256();
            return Largest(Larger(all.GetUpper(), all.GetLower()));
        }

        if (Vector<float>.Count == 4)
        {
            return Largest(high.AsVector128());
        }

        float largest = high[0];
        for (int i = 1; i < Vector<float>.Count; i++)
        {
            largest = high[i] > largest ? high[i] : largest;
        }

        return largest;
    }

    private static float Largest(Vector128<float> four)
    {
        Vector128<float> two = Larger(Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)), four);
        return Larger(Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2)), two).ToScalar();
    }

    private static Vector128<float> Larger(Vector128<float> value, Vector128<float> high) =>
        Vector128.ConditionalSelect(Vector128.GreaterThan(value, high), value, high);

    private static float SlowMaximum(ReadOnlySpan<float> pixel, ReadOnlySpan<float> scale)
    {
        float largest = float.NegativeInfinity;
        for (int c = 0; c < pixel.Length; c++)
        {
            float value = scale.IsEmpty ? pixel[c] : pixel[c] * scale[c];
            largest = value > largest || float.IsNaN(value) ? value : largest;
        }

        return largest;
    }

    private static int Check(int elements, int channels, int scale, int output)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        int pixels = elements / channels;
        if (elements % channels != 0 || (scale != 0 && scale != channels) || output != 2L * pixels)
        {
            throw new ArgumentException($"A map of {elements} values was given with {scale} factors and {output} numbers of its pixels; expected rows of {channels}, a factor each or none, and two a pixel.");
        }

        return pixels;
    }
}
