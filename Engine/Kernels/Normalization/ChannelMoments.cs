using System;
using System.Numerics;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.Normalization;

/// <summary>
/// Mean and variance of each channel over some rows of [rows, channels]. Each chunk of rows finds its own mean first and its squared deviations
/// from that, and corrects both by what the deviations' sum tells of the mean's rounding; chunks are then joined in their order (Chan, Golub and
/// LeVeque, "Algorithms for computing the sample variance", 1983). So nothing cancels, however far the mean is from zero.
/// </summary>
public static class ChannelMoments
{
    /// <summary>The sums of one chunk of rows.</summary>
    /// <param name="input">x, [rows, channels].</param>
    /// <param name="channels">The number of channels.</param>
    /// <param name="list">The rows that count, by number; empty: all rows.</param>
    /// <param name="from">The first row, or place in the list.</param>
    /// <param name="to">The one after the last; beyond <paramref name="from"/>.</param>
    /// <param name="mean">Receives Σ x / n of each channel.</param>
    /// <param name="deviation">Receives Σ (x − mean)² of each channel.</param>
    /// <exception cref="ArgumentException">A span is too short, or a row is not there.</exception>
    public static void Chunk(
        ReadOnlySpan<float> input, int channels, ReadOnlySpan<int> list, int from, int to, Span<float> mean, Span<float> deviation)
    {
        RowCheck.Rows(input.Length, channels, list, from, to);
        RowCheck.Length(mean.Length, channels, "means");
        RowCheck.Length(deviation.Length, channels, "deviations");
        int width = Vector<float>.Count;
        Vector<float> share = new(1f / (to - from));
        int c = 0;
        for (; c <= channels - (4 * width); c += 4 * width)
        {
            Four(input, channels, list, from, to, c, share, mean, deviation);
        }

        for (; c < channels; c += width)
        {
            int count = Math.Min(width, channels - c);
            Vector<float> sum = Vector<float>.Zero;
            for (int i = from; i < to; i++)
            {
                sum += PartialVector.Load(input, ((list.IsEmpty ? i : list[i]) * channels) + c, count);
            }

            Vector<float> middle = sum * share;
            Vector<float> squares = Vector<float>.Zero;
            sum = Vector<float>.Zero;
            for (int i = from; i < to; i++)
            {
                Vector<float> d = PartialVector.Load(input, ((list.IsEmpty ? i : list[i]) * channels) + c, count) - middle;
                squares = Vector.MultiplyAddEstimate(d, d, squares);
                sum += d;
            }

            PartialVector.Store(Vector.MultiplyAddEstimate(sum, share, middle), mean.Slice(c, count));
            PartialVector.Store(squares - (sum * sum * share), deviation.Slice(c, count));
        }
    }

    /// <summary>Joins the chunks.</summary>
    /// <param name="partials">For each chunk its means and then its deviations, [chunks, 2, channels].</param>
    /// <param name="channels">The number of channels.</param>
    /// <param name="chunks">How the rows were cut; at least one chunk.</param>
    /// <param name="mean">Receives the mean of each channel.</param>
    /// <param name="variance">Receives the biased variance, Σ (x − mean)² / n, of each channel.</param>
    public static void Join(
        ReadOnlySpan<float> partials, int channels, in Reduction.RowChunks chunks, Span<float> mean, Span<float> variance)
    {
        for (int c = 0; c < channels; c++)
        {
            double count = 0;
            double middle = 0;
            double squares = 0;
            for (int chunk = 0; chunk < chunks.Count; chunk++)
            {
                double more = chunks.To(chunk) - chunks.From(chunk);
                double delta = partials[(2 * chunk * channels) + c] - middle;
                double both = count + more;
                middle += delta * (more / both);
                squares += Math.Max(0f, partials[(((2 * chunk) + 1) * channels) + c]) + (delta * delta * (count * more / both));
                count = both;
            }

            mean[c] = (float)middle;
            variance[c] = (float)(squares / count);
        }
    }

    /// <summary>The same, value by value: mean and biased variance of one channel.</summary>
    internal static (T Mean, T Variance) Reference<T>(ReadOnlySpan<T> input, int channels, ReadOnlySpan<int> list, int channel)
        where T : IFloatingPointIeee754<T>
    {
        int count = list.IsEmpty ? input.Length / channels : list.Length;
        T sum = T.Zero;
        for (int i = 0; i < count; i++)
        {
            sum += input[((list.IsEmpty ? i : list[i]) * channels) + channel];
        }

        T mean = sum / T.CreateChecked(count);
        T squares = T.Zero;
        for (int i = 0; i < count; i++)
        {
            T d = input[((list.IsEmpty ? i : list[i]) * channels) + channel] - mean;
            squares += d * d;
        }

        return (mean, squares / T.CreateChecked(count));
    }

    // Four vectors of neighbouring channels: enough sums in flight to hide the latency of an addition.
    private static void Four(
        ReadOnlySpan<float> input, int channels, ReadOnlySpan<int> list, int from, int to, int c, Vector<float> share, Span<float> mean,
        Span<float> deviation)
    {
        nuint width = (nuint)Vector<float>.Count;
        ref float first = ref MemoryMarshal.GetReference(input);
        Vector<float> s0 = Vector<float>.Zero, s1 = s0, s2 = s0, s3 = s0;

        // Rows were checked to lie within the input, and channels c to c + 4 vectors within a row.
        for (int i = from; i < to; i++)
        {
            nuint at = (nuint)(((list.IsEmpty ? i : list[i]) * channels) + c);
            s0 += Vector.LoadUnsafe(ref first, at);
            s1 += Vector.LoadUnsafe(ref first, at + width);
            s2 += Vector.LoadUnsafe(ref first, at + (2 * width));
            s3 += Vector.LoadUnsafe(ref first, at + (3 * width));
        }

        Vector<float> m0 = s0 * share, m1 = s1 * share, m2 = s2 * share, m3 = s3 * share;
        Vector<float> q0 = Vector<float>.Zero, q1 = q0, q2 = q0, q3 = q0;
        s0 = s1 = s2 = s3 = Vector<float>.Zero;
        for (int i = from; i < to; i++)
        {
            nuint at = (nuint)(((list.IsEmpty ? i : list[i]) * channels) + c);
            Vector<float> d0 = Vector.LoadUnsafe(ref first, at) - m0;
            Vector<float> d1 = Vector.LoadUnsafe(ref first, at + width) - m1;
            Vector<float> d2 = Vector.LoadUnsafe(ref first, at + (2 * width)) - m2;
            Vector<float> d3 = Vector.LoadUnsafe(ref first, at + (3 * width)) - m3;
            q0 = Vector.MultiplyAddEstimate(d0, d0, q0);
            q1 = Vector.MultiplyAddEstimate(d1, d1, q1);
            q2 = Vector.MultiplyAddEstimate(d2, d2, q2);
            q3 = Vector.MultiplyAddEstimate(d3, d3, q3);
            s0 += d0;
            s1 += d1;
            s2 += d2;
            s3 += d3;
        }

        Store(0, m0, s0, q0, share, c, mean, deviation);
        Store(1, m1, s1, q1, share, c, mean, deviation);
        Store(2, m2, s2, q2, share, c, mean, deviation);
        Store(3, m3, s3, q3, share, c, mean, deviation);
    }

    private static void Store(
        int vector, Vector<float> middle, Vector<float> sum, Vector<float> squares, Vector<float> share, int c, Span<float> mean,
        Span<float> deviation)
    {
        int at = c + (vector * Vector<float>.Count);
        Vector.MultiplyAddEstimate(sum, share, middle).CopyTo(mean[at..]);
        (squares - (sum * sum * share)).CopyTo(deviation[at..]);
    }
}
