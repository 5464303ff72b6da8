using System;
using System.Numerics;
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
        float share = 1f / channels;
        Span<float> lanes = stackalloc float[width];
        for (int pixel = 0; pixel < pixels; pixel++)
        {
            int row = pixel * channels;
            Vector<float> sum = Vector<float>.Zero;
            Vector<float> high = new(float.NegativeInfinity);
            for (int c = 0; c < channels; c += width)
            {
                int count = Math.Min(width, channels - c);
                Vector<float> value = Scaled(input, row, c, count, scale);
                sum += value;
                high = Larger(count == width ? value : PartialVector.Keep(value, count, float.NegativeInfinity), high);
            }

            high.CopyTo(lanes);
            float largest = lanes[0];
            for (int i = 1; i < lanes.Length; i++)
            {
                largest = lanes[i] > largest || float.IsNaN(lanes[i]) ? lanes[i] : largest;
            }

            output[2 * pixel] = largest;
            output[(2 * pixel) + 1] = Vector.Sum(sum) * share;
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
        Vector.ConditionalSelect(Vector.GreaterThan(value, high) | ~Vector.Equals(value, value), value, high);

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
