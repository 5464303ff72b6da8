using System;
using System.Numerics;
using System.Runtime.InteropServices;
using ManagedDyn.Engine.Kernels.Normalization;

namespace ManagedDyn.Engine.Kernels.Attending;

/// <summary>
/// What attention over channels looks at: two numbers of each channel of a map [pixels, channels], the mean and the largest value or the mean and
/// the deviation, found together while a block of pixels is in the nearest cache.
/// </summary>
internal static class ChannelPooling
{
    private const int Stretch = 64;

    /// <summary>The mean and the largest value of each channel. NaN is larger than everything.</summary>
    /// <param name="input">x, [pixels, channels]; at least one pixel.</param>
    /// <param name="channels">The number of channels.</param>
    /// <param name="mean">Receives Σ x / pixels.</param>
    /// <param name="maximum">Receives the largest x.</param>
    /// <exception cref="ArgumentException">Lengths do not fit.</exception>
    public static void MeanAndMaximum(ReadOnlySpan<float> input, int channels, Span<float> mean, Span<float> maximum)
    {
        int pixels = Check(input.Length, channels, mean.Length, maximum.Length);
        int width = Vector<float>.Count;
        mean.Clear();
        maximum.Fill(float.NegativeInfinity);
        for (int start = 0; start < pixels; start += Stretch)
        {
            int end = Math.Min(pixels, start + Stretch);
            int c = 0;
            for (; c <= channels - width; c += width)
            {
                Whole(input, channels, start, end, c, mean.Slice(c, width), maximum.Slice(c, width));
            }

            for (; c < channels; c += width)
            {
                int count = channels - c;
                Vector<float> even = Vector<float>.Zero, odd = even;
                Vector<float> high = PartialVector.Load(maximum, c, count);
                for (int pixel = start; pixel < end; pixel++)
                {
                    Vector<float> value = PartialVector.Load(input, (pixel * channels) + c, count);
                    (even, odd) = (odd, even + value);
                    high = Larger(value, high);
                }

                // Changing places with each pixel, the two are the sums of even and of odd ones, as of whole vectors.
                PartialVector.Store(PartialVector.Load(mean, c, count) + (even + odd), mean.Slice(c, count));
                PartialVector.Store(high, maximum.Slice(c, count));
            }
        }

        Vector<float> share = new(1f / pixels);
        for (int c = 0; c < channels; c += width)
        {
            int count = Math.Min(width, channels - c);
            PartialVector.Store(PartialVector.Load(mean, c, count) * share, mean.Slice(c, count));
        }

        for (int c = 0; c < channels; c++)
        {
            // Where there is no number among the values, their mean is none.
            if (float.IsNaN(mean[c]))
            {
                maximum[c] = SlowMaximum(input, channels, c);
            }
        }
    }

    /// <summary>The gradient of <see cref="MeanAndMaximum"/>: every pixel takes its share of the mean's, the first pixel that has the largest value that of it.</summary>
    /// <param name="input">x.</param>
    /// <param name="channels">The number of channels.</param>
    /// <param name="maximum">What the forward pass found.</param>
    /// <param name="meanGradient">The gradient of the means.</param>
    /// <param name="maximumGradient">The gradient of the largest values.</param>
    /// <param name="accumulate">Whether to add to what is there.</param>
    /// <param name="inputGradient">The gradient of x.</param>
    /// <exception cref="ArgumentException">Lengths do not fit.</exception>
    public static void MeanAndMaximumBackward(
        ReadOnlySpan<float> input, int channels, ReadOnlySpan<float> maximum, ReadOnlySpan<float> meanGradient, ReadOnlySpan<float> maximumGradient, bool accumulate, Span<float> inputGradient)
    {
        int pixels = Check(input.Length, channels, meanGradient.Length, maximumGradient.Length);
        RowCheck.Length(maximum.Length, channels, "largest values");
        RowCheck.Length(inputGradient.Length, input.Length, "gradients");
        Vector<float> share = new(1f / pixels);
        for (int c = 0; c < channels; c += Vector<float>.Count)
        {
            int count = Math.Min(Vector<float>.Count, channels - c);
            Vector<float> even = PartialVector.Load(meanGradient, c, count) * share;
            Vector<float> extra = PartialVector.Load(maximumGradient, c, count);
            Vector<float> high = PartialVector.Load(maximum, c, count);
            Vector<int> open = Vector<int>.AllBitsSet;
            for (int at = c; at < input.Length; at += channels)
            {
                Vector<int> hit = Vector.Equals(PartialVector.Load(input, at, count), high) & open;
                open = Vector.AndNot(open, hit);
                Vector<float> value = even + Vector.ConditionalSelect(hit, extra, Vector<float>.Zero);
                PartialVector.Store(accumulate ? PartialVector.Load(inputGradient, at, count) + value : value, inputGradient.Slice(at, count));
            }
        }
    }

    /// <summary>The mean and the deviation √(Σ (x − mean)² / (pixels − 1) + ε) of each channel; the variance of a single pixel is 0.</summary>
    /// <param name="input">x, [pixels, channels]; at least one pixel.</param>
    /// <param name="channels">The number of channels.</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="mean">Receives the means.</param>
    /// <param name="deviation">Receives the deviations.</param>
    /// <exception cref="ArgumentException">Lengths do not fit.</exception>
    public static void MeanAndDeviation(ReadOnlySpan<float> input, int channels, float epsilon, Span<float> mean, Span<float> deviation)
    {
        int pixels = Check(input.Length, channels, mean.Length, deviation.Length);
        ChannelMoments.Chunk(input, channels, default, 0, pixels, mean, deviation);
        float share = 1f / Math.Max(1, pixels - 1);
        for (int c = 0; c < channels; c++)
        {
            // The correction of the sum of squares may fall below zero by a rounding; NaN stays.
            float squares = deviation[c] < 0f ? 0f : deviation[c];
            deviation[c] = MathF.Sqrt((squares * share) + epsilon);
        }
    }

    /// <summary>The gradient of <see cref="MeanAndDeviation"/>: dx = g₁ / n + g₂ (x − mean) / ((n − 1) · deviation).</summary>
    /// <param name="input">x.</param>
    /// <param name="channels">The number of channels.</param>
    /// <param name="mean">The means that the forward pass found.</param>
    /// <param name="deviation">The deviations that it found.</param>
    /// <param name="meanGradient">g₁.</param>
    /// <param name="deviationGradient">g₂.</param>
    /// <param name="accumulate">Whether to add to what is there.</param>
    /// <param name="inputGradient">The gradient of x.</param>
    /// <exception cref="ArgumentException">Lengths do not fit.</exception>
    public static void MeanAndDeviationBackward(
        ReadOnlySpan<float> input,
        int channels,
        ReadOnlySpan<float> mean,
        ReadOnlySpan<float> deviation,
        ReadOnlySpan<float> meanGradient,
        ReadOnlySpan<float> deviationGradient,
        bool accumulate,
        Span<float> inputGradient)
    {
        int pixels = Check(input.Length, channels, meanGradient.Length, deviationGradient.Length);
        RowCheck.Length(Math.Min(mean.Length, deviation.Length), channels, "moments");
        RowCheck.Length(inputGradient.Length, input.Length, "gradients");
        Vector<float> share = new(1f / pixels);
        Vector<float> rest = new(1f / Math.Max(1, pixels - 1));
        for (int c = 0; c < channels; c += Vector<float>.Count)
        {
            int count = Math.Min(Vector<float>.Count, channels - c);
            Vector<float> even = PartialVector.Load(meanGradient, c, count) * share;
            Vector<float> factor = PartialVector.Load(deviationGradient, c, count) * rest / PartialVector.Load(deviation, c, count, 1f);
            Vector<float> middle = PartialVector.Load(mean, c, count);
            for (int at = c; at < input.Length; at += channels)
            {
                Vector<float> value = Vector.MultiplyAddEstimate(PartialVector.Load(input, at, count) - middle, factor, even);
                PartialVector.Store(accumulate ? PartialVector.Load(inputGradient, at, count) + value : value, inputGradient.Slice(at, count));
            }
        }
    }

    /// <summary>Mean, largest value and variance (n − 1) of one channel, value by value.</summary>
    internal static (T Mean, T Maximum, T Variance) Reference<T>(ReadOnlySpan<T> input, int channels, int channel)
        where T : IFloatingPointIeee754<T>
    {
        int pixels = input.Length / channels;
        T sum = T.Zero;
        T maximum = input[channel];
        for (int i = channel; i < input.Length; i += channels)
        {
            sum += input[i];
            maximum = input[i] > maximum ? input[i] : maximum;
        }

        T mean = sum / T.CreateChecked(pixels);
        T squares = T.Zero;
        for (int i = channel; i < input.Length; i += channels)
        {
            squares += (input[i] - mean) * (input[i] - mean);
        }

        return (mean, maximum, squares / T.CreateChecked(Math.Max(1, pixels - 1)));
    }

    // One vector of channels over a stretch of pixels. Even and odd pixels by themselves: two sums in flight hide the latency of an addition.
    private static void Whole(ReadOnlySpan<float> input, int channels, int from, int to, int c, Span<float> mean, Span<float> maximum)
    {
        ref float x = ref MemoryMarshal.GetReference(input);
        Vector<float> even = Vector<float>.Zero, odd = even;
        Vector<float> high = new(maximum), higher = high;
        nuint at = (nuint)((from * channels) + c);
        nuint step = (nuint)channels;
        int pixel = from;

        // Pixels from the first to the last of the map and a whole vector of a pixel's channels: all of it lies within the input.
        for (; pixel < to - 1; pixel += 2, at += 2 * step)
        {
            Vector<float> first = Vector.LoadUnsafe(ref x, at);
            Vector<float> second = Vector.LoadUnsafe(ref x, at + step);
            even += first;
            odd += second;
            high = Larger(first, high);
            higher = Larger(second, higher);
        }

        if (pixel < to)
        {
            Vector<float> last = Vector.LoadUnsafe(ref x, at);
            even += last;
            high = Larger(last, high);
        }

        (new Vector<float>(mean) + (even + odd)).CopyTo(mean);
        Larger(higher, high).CopyTo(maximum);
    }

    private static float SlowMaximum(ReadOnlySpan<float> input, int channels, int channel)
    {
        float high = float.NegativeInfinity;
        for (int i = channel; i < input.Length; i += channels)
        {
            high = input[i] > high || float.IsNaN(input[i]) ? input[i] : high;
        }

        return high;
    }

    private static Vector<float> Larger(Vector<float> value, Vector<float> high) =>
        Vector.ConditionalSelect(Vector.GreaterThan(value, high), value, high);

    private static int Check(int elements, int channels, int first, int second)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        if (elements == 0 || elements % channels != 0 || first != channels || second != channels)
        {
            throw new ArgumentException($"A map of {elements} values was given with {first} and {second} numbers of its channels; expected rows of {channels}, at least one, and {channels} of each.");
        }

        return elements / channels;
    }
}
