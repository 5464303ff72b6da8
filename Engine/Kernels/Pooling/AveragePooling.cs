using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.Pooling;

/// <summary>
/// y[o, c] = (1 / size) Σ over the window's pixels p of x[p, c], for one map, along the channels. Each row of a window is summed by itself and
/// the sums of the rows then: a fixed order that keeps large windows exact.
/// </summary>
public static class AveragePooling
{
    private const int GroupVectors = 4;

    // Of so few channels, as images have them, most lanes of a vector would be idle; of larger windows it is the sums in flight that count.
    private const int FewChannels = 4;
    private const int FewPixels = 64;

    /// <summary>Computes some rows of the output.</summary>
    /// <param name="geometry">The windows.</param>
    /// <param name="countPadding">Whether a window's size includes what lies in the padding.</param>
    /// <param name="input">x, a map.</param>
    /// <param name="from">The first row of the output.</param>
    /// <param name="to">The row after the last.</param>
    /// <param name="output">y, a map.</param>
    /// <exception cref="ArgumentException">Spans do not fit.</exception>
    public static void Forward(
        in PoolGeometry geometry, bool countPadding, ReadOnlySpan<float> input, int from, int to, Span<float> output)
    {
        geometry.Check(input.Length, output.Length, from, to);
        int channels = geometry.Channels;
        int group = GroupVectors * Vector<float>.Count;
        for (int oy = from; oy < to; oy++)
        {
            PoolWindow rows = geometry.Rows.Window(oy);
            PoolWindow columns = default;
            Vector<float> share = default;
            for (int ox = 0; ox < geometry.Columns.Output; ox++)
            {
                PoolWindow before = columns;
                columns = geometry.Columns.Window(ox);
                if (ox == 0 || columns.Count != before.Count || columns.Extent != before.Extent)
                {
                    share = new(Share(rows, columns, countPadding));
                }

                Span<float> target = output.Slice(((oy * geometry.Columns.Output) + ox) * channels, channels);
                if (channels <= FewChannels && rows.Count * columns.Count <= FewPixels)
                {
                    Few(in geometry, input, rows, columns, share[0], target);
                    continue;
                }

                int c = 0;
                for (; c <= channels - group; c += group)
                {
                    Group(geometry, input, rows, columns, c, share, target);
                }

                for (; c < channels; c += 2 * Vector<float>.Count)
                {
                    Rest(geometry, input, rows, columns, c, share, target);
                }
            }
        }
    }

    /// <summary>Adds each output's gradient, divided by the window's size, to the window's pixels.</summary>
    /// <param name="geometry">The windows.</param>
    /// <param name="countPadding">Whether a window's size includes what lies in the padding.</param>
    /// <param name="outputGradient">dy, of one map.</param>
    /// <param name="inputGradient">dx, of one map; added to.</param>
    /// <exception cref="ArgumentException">Spans do not fit.</exception>
    public static void Backward(in PoolGeometry geometry, bool countPadding, ReadOnlySpan<float> outputGradient, Span<float> inputGradient)
    {
        geometry.Check(inputGradient.Length, outputGradient.Length, 0, 0);
        int channels = geometry.Channels;
        for (int oy = 0; oy < geometry.Rows.Output; oy++)
        {
            PoolWindow rows = geometry.Rows.Window(oy);
            for (int ox = 0; ox < geometry.Columns.Output; ox++)
            {
                PoolWindow columns = geometry.Columns.Window(ox);
                Vector<float> share = new(Share(rows, columns, countPadding));
                int source = ((oy * geometry.Columns.Output) + ox) * channels;
                for (int c = 0; c < channels; c += Vector<float>.Count)
                {
                    int count = Math.Min(Vector<float>.Count, channels - c);
                    Vector<float> value = PartialVector.Load(outputGradient, source + c, count) * share;
                    for (int ky = 0; ky < rows.Count; ky++)
                    {
                        int at = (((rows.First + (ky * rows.Step)) * geometry.Columns.Input) + columns.First) * channels;
                        for (int kx = 0; kx < columns.Count; kx++, at += columns.Step * channels)
                        {
                            PartialVector.Store(PartialVector.Load(inputGradient, at + c, count) + value, inputGradient.Slice(at + c, count));
                        }
                    }
                }
            }
        }
    }

    /// <summary>The same, value by value.</summary>
    internal static void Reference<T>(in PoolGeometry geometry, bool countPadding, ReadOnlySpan<T> input, Span<T> output)
        where T : IFloatingPointIeee754<T>
    {
        for (int i = 0; i < geometry.OutElements; i++)
        {
            int c = i % geometry.Channels;
            int ox = i / geometry.Channels % geometry.Columns.Output;
            PoolWindow rows = geometry.Rows.Window(i / geometry.Channels / geometry.Columns.Output);
            PoolWindow columns = geometry.Columns.Window(ox);
            T sum = T.Zero;
            for (int tap = 0; tap < rows.Count * columns.Count; tap++)
            {
                int y = rows.First + (tap / columns.Count * rows.Step);
                int x = columns.First + (tap % columns.Count * columns.Step);
                sum += input[(((y * geometry.Columns.Input) + x) * geometry.Channels) + c];
            }

            output[i] = sum / T.CreateChecked(countPadding ? rows.Extent * columns.Extent : rows.Count * columns.Count);
        }
    }

    private static float Share(PoolWindow rows, PoolWindow columns, bool countPadding) =>
        1f / (countPadding ? (float)rows.Extent * columns.Extent : (float)rows.Count * columns.Count);

    // Four vectors of neighbouring channels: large windows are read line by line of the cache, with enough sums in flight.
    private static void Group(
        in PoolGeometry geometry, ReadOnlySpan<float> input, PoolWindow rows, PoolWindow columns, int c, Vector<float> share, Span<float> target)
    {
        int channels = geometry.Channels;
        int width = Vector<float>.Count;
        Vector<float> s0 = Vector<float>.Zero, s1 = s0, s2 = s0, s3 = s0;
        for (int ky = 0; ky < rows.Count; ky++)
        {
            Vector<float> l0 = Vector<float>.Zero, l1 = l0, l2 = l0, l3 = l0;
            int at = ((((rows.First + (ky * rows.Step)) * geometry.Columns.Input) + columns.First) * channels) + c;
            for (int kx = 0; kx < columns.Count; kx++, at += columns.Step * channels)
            {
                ReadOnlySpan<float> pixel = input.Slice(at, GroupVectors * width);
                l0 += new Vector<float>(pixel);
                l1 += new Vector<float>(pixel[width..]);
                l2 += new Vector<float>(pixel[(2 * width)..]);
                l3 += new Vector<float>(pixel[(3 * width)..]);
            }

            s0 += l0;
            s1 += l1;
            s2 += l2;
            s3 += l3;
        }

        (s0 * share).CopyTo(target[c..]);
        (s1 * share).CopyTo(target[(c + width)..]);
        (s2 * share).CopyTo(target[(c + (2 * width))..]);
        (s3 * share).CopyTo(target[(c + (3 * width))..]);
    }

    // Channel by channel, in the same order.
    private static void Few(
        in PoolGeometry geometry, ReadOnlySpan<float> input, PoolWindow rows, PoolWindow columns, float share, Span<float> target)
    {
        int channels = geometry.Channels;
        int line = rows.Step * geometry.Columns.Input * channels;
        int pixel = columns.Step * channels;

        // Windows lie within the map, as the geometry's check has found.
        ref float first = ref Unsafe.Add(ref MemoryMarshal.GetReference(input), ((rows.First * geometry.Columns.Input) + columns.First) * channels);
        for (int c = 0; c < target.Length; c++)
        {
            float sum = 0;
            nint start = c;
            for (int ky = 0; ky < rows.Count; ky++, start += line)
            {
                float lineSum = 0;
                nint at = start;
                for (int kx = 0; kx < columns.Count; kx++, at += pixel)
                {
                    lineSum += Unsafe.Add(ref first, at);
                }

                sum += lineSum;
            }

            target[c] = sum * share;
        }
    }

    // The last channels, of up to two vectors: sums of both are in flight at once, and only at the map's end is a vector put together lane by lane.
    private static void Rest(
        in PoolGeometry geometry, ReadOnlySpan<float> input, PoolWindow rows, PoolWindow columns, int c, Vector<float> share, Span<float> target)
    {
        int channels = geometry.Channels;
        int width = Vector<float>.Count;
        int firstLanes = Math.Min(width, channels - c);
        int secondLanes = Math.Min(width, channels - c - width);
        if (secondLanes == width)
        {
            Pair(in geometry, input, rows, columns, c, share, target);
            return;
        }

        // Windows lie within the map, as the geometry's check has found; a vector is read only where all of it does.
        ref float values = ref MemoryMarshal.GetReference(input);
        int last = input.Length - width;
        Vector<float> first = Vector<float>.Zero, second = first;
        for (int ky = 0; ky < rows.Count; ky++)
        {
            Vector<float> firstLine = Vector<float>.Zero, secondLine = firstLine;
            int at = ((((rows.First + (ky * rows.Step)) * geometry.Columns.Input) + columns.First) * channels) + c;
            for (int kx = 0; kx < columns.Count; kx++, at += columns.Step * channels)
            {
                firstLine += at <= last ? Vector.LoadUnsafe(ref values, (nuint)at) : PartialVector.Load(input, at, firstLanes);
                if (secondLanes > 0)
                {
                    int next = at + width;
                    secondLine += next <= last ? Vector.LoadUnsafe(ref values, (nuint)next) : PartialVector.Load(input, next, secondLanes);
                }
            }

            first += firstLine;
            second += secondLine;
        }

        PartialVector.Store(first * share, target.Slice(c, firstLanes));
        if (secondLanes > 0)
        {
            PartialVector.Store(second * share, target.Slice(c + width, secondLanes));
        }
    }

    // Two whole vectors of neighbouring channels. Windows lie within the map, as the geometry's check has found, and so does each pixel's every channel.
    private static void Pair(
        in PoolGeometry geometry, ReadOnlySpan<float> input, PoolWindow rows, PoolWindow columns, int c, Vector<float> share, Span<float> target)
    {
        nuint width = (nuint)Vector<float>.Count;
        nuint pixel = (nuint)(columns.Step * geometry.Channels);
        int line = rows.Step * geometry.Columns.Input * geometry.Channels;
        int start = (((rows.First * geometry.Columns.Input) + columns.First) * geometry.Channels) + c;
        ref float values = ref MemoryMarshal.GetReference(input);
        Vector<float> first = Vector<float>.Zero, second = first;
        for (int ky = 0; ky < rows.Count; ky++, start += line)
        {
            Vector<float> firstLine = Vector<float>.Zero, secondLine = firstLine;
            nuint at = (nuint)start;
            for (int kx = 0; kx < columns.Count; kx++, at += pixel)
            {
                firstLine += Vector.LoadUnsafe(ref values, at);
                secondLine += Vector.LoadUnsafe(ref values, at + width);
            }

            first += firstLine;
            second += secondLine;
        }

        (first * share).CopyTo(target[c..]);
        (second * share).CopyTo(target[(c + (int)width)..]);
    }
}
