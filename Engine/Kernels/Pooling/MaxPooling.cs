using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.Pooling;

/// <summary>
/// y[o, c] = max over the window's pixels p of x[p, c], for one map, along the channels. Padding is −∞; NaN is larger than everything; of equal
/// pixels the first counts.
/// </summary>
public static class MaxPooling
{
    private const int GroupVectors = 4;

    /// <summary>Computes some rows of the output.</summary>
    /// <param name="geometry">The windows.</param>
    /// <param name="input">x, a map.</param>
    /// <param name="from">The first row of the output.</param>
    /// <param name="to">The row after the last.</param>
    /// <param name="output">y, a map.</param>
    /// <param name="indices">
    /// Receives for each output value the pixel that it comes from, row · width + column, −1 for a window with none; empty: not asked for.
    /// </param>
    /// <exception cref="ArgumentException">Spans do not fit.</exception>
    public static void Forward(
        in PoolGeometry geometry, ReadOnlySpan<float> input, int from, int to, Span<float> output, Span<int> indices = default)
    {
        geometry.Check(input.Length, output.Length, from, to);
        if (!indices.IsEmpty && indices.Length < geometry.OutElements)
        {
            throw new ArgumentException($"{indices.Length} places for indices were given; expected {geometry.OutElements}.", nameof(indices));
        }

        if (indices.IsEmpty)
        {
            Values(in geometry, input, from, to, output);
            return;
        }

        int channels = geometry.Channels;
        int width = geometry.Columns.Input;
        Span<int> lanes = stackalloc int[Vector<int>.Count];
        for (int oy = from; oy < to; oy++)
        {
            PoolWindow rows = geometry.Rows.Window(oy);
            for (int ox = 0; ox < geometry.Columns.Output; ox++)
            {
                PoolWindow columns = geometry.Columns.Window(ox);
                int target = ((oy * geometry.Columns.Output) + ox) * channels;
                for (int c = 0; c < channels; c += Vector<float>.Count)
                {
                    int count = Math.Min(Vector<float>.Count, channels - c);
                    Vector<float> best = new(float.NegativeInfinity);
                    Vector<int> place = new(-1);
                    for (int ky = 0; ky < rows.Count; ky++)
                    {
                        int pixel = ((rows.First + (ky * rows.Step)) * width) + columns.First;
                        for (int kx = 0; kx < columns.Count; kx++, pixel += columns.Step)
                        {
                            Vector<float> value = PartialVector.Load(input, (pixel * channels) + c, count);

                            // The first pixel counts even at −∞; a NaN, which equals nothing, wins and is not beaten.
                            Vector<int> wins = Vector.GreaterThan(value, best) | ~Vector.Equals(value, value) | Vector.Equals(place, new Vector<int>(-1));
                            best = Vector.ConditionalSelect(wins, value, best);
                            place = Vector.ConditionalSelect(wins, new Vector<int>(pixel), place);
                        }
                    }

                    PartialVector.Store(best, output.Slice(target + c, count));
                    place.CopyTo(lanes);
                    lanes[..count].CopyTo(indices[(target + c)..]);
                }
            }
        }
    }

    // Without telling the places. The rule is the same: what is larger wins, and what is no number, which is not beaten.
    private static void Values(in PoolGeometry geometry, ReadOnlySpan<float> input, int from, int to, Span<float> output)
    {
        int channels = geometry.Channels;
        int group = GroupVectors * Vector<float>.Count;
        for (int oy = from; oy < to; oy++)
        {
            PoolWindow rows = geometry.Rows.Window(oy);
            for (int ox = 0; ox < geometry.Columns.Output; ox++)
            {
                PoolWindow columns = geometry.Columns.Window(ox);
                Span<float> target = output.Slice(((oy * geometry.Columns.Output) + ox) * channels, channels);
                int c = 0;
                for (; c <= channels - group; c += group)
                {
                    Group(in geometry, input, rows, columns, c, target);
                }

                for (; c < channels; c += Vector<float>.Count)
                {
                    Rest(in geometry, input, rows, columns, c, target);
                }
            }
        }
    }

    // Several vectors of channels at a time, so that a comparison does not wait for the one before. Inlined: a window is so few pixels that a call counts.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Group(in PoolGeometry geometry, ReadOnlySpan<float> input, PoolWindow rows, PoolWindow columns, int channel, Span<float> target)
    {
        Vector<float> first = new(float.NegativeInfinity);
        Vector<float> second = first;
        Vector<float> third = first;
        Vector<float> fourth = first;
        nuint step = (nuint)(columns.Step * geometry.Channels);
        for (int ky = 0; ky < rows.Count && columns.Count > 0; ky++)
        {
            int place = ((((rows.First + (ky * rows.Step)) * geometry.Columns.Input) + columns.First) * geometry.Channels) + channel;

            // Windows lie within the map, whose length is checked, and the caller leaves four vectors of channels from this one on; the slice checks the
            // last pixel of the row of the window once more.
            int length = ((columns.Count - 1) * columns.Step * geometry.Channels) + (GroupVectors * Vector<float>.Count);
            ref float pixel = ref MemoryMarshal.GetReference(input.Slice(place, length));
            for (nuint offset = 0, end = (nuint)columns.Count * step; offset < end; offset += step)
            {
                first = Larger(first, Vector.LoadUnsafe(ref pixel, offset));
                second = Larger(second, Vector.LoadUnsafe(ref pixel, offset + (nuint)Vector<float>.Count));
                third = Larger(third, Vector.LoadUnsafe(ref pixel, offset + (nuint)(2 * Vector<float>.Count)));
                fourth = Larger(fourth, Vector.LoadUnsafe(ref pixel, offset + (nuint)(3 * Vector<float>.Count)));
            }
        }

        target = target.Slice(channel, GroupVectors * Vector<float>.Count);
        first.CopyTo(target);
        second.CopyTo(target[Vector<float>.Count..]);
        third.CopyTo(target[(2 * Vector<float>.Count)..]);
        fourth.CopyTo(target[(3 * Vector<float>.Count)..]);
    }

    private static void Rest(in PoolGeometry geometry, ReadOnlySpan<float> input, PoolWindow rows, PoolWindow columns, int channel, Span<float> target)
    {
        int count = Math.Min(Vector<float>.Count, geometry.Channels - channel);
        bool isWhole = count == Vector<float>.Count;
        Vector<float> best = new(float.NegativeInfinity);
        for (int ky = 0; ky < rows.Count; ky++)
        {
            int place = ((((rows.First + (ky * rows.Step)) * geometry.Columns.Input) + columns.First) * geometry.Channels) + channel;
            for (int kx = 0; kx < columns.Count; kx++, place += columns.Step * geometry.Channels)
            {
                best = Larger(best, isWhole ? new Vector<float>(input[place..]) : PartialVector.Load(input, place, count));
            }
        }

        PartialVector.Store(best, target.Slice(channel, count));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Larger(Vector<float> best, Vector<float> value) =>
        Vector.ConditionalSelect(Vector.GreaterThan(value, best) | ~Vector.Equals(value, value), value, best);

    /// <summary>Adds each output's gradient to the pixel that the output came from.</summary>
    /// <param name="geometry">The windows.</param>
    /// <param name="indices">What the forward pass told, of one map.</param>
    /// <param name="outputGradient">dy, of one map.</param>
    /// <param name="inputGradient">dx, of one map; added to.</param>
    /// <exception cref="ArgumentException">Spans do not fit.</exception>
    public static void Backward(in PoolGeometry geometry, ReadOnlySpan<int> indices, ReadOnlySpan<float> outputGradient, Span<float> inputGradient)
    {
        geometry.Check(inputGradient.Length, Math.Min(outputGradient.Length, indices.Length), 0, 0);
        int channels = geometry.Channels;
        int elements = geometry.OutElements;
        for (int i = 0; i < elements; i += channels)
        {
            for (int c = 0; c < channels; c++)
            {
                int pixel = indices[i + c];
                if (pixel >= 0)
                {
                    inputGradient[(pixel * channels) + c] += outputGradient[i + c];
                }
            }
        }
    }

    /// <summary>The same, value by value.</summary>
    internal static void Reference<T>(in PoolGeometry geometry, ReadOnlySpan<T> input, Span<T> output)
        where T : IFloatingPointIeee754<T>
    {
        for (int i = 0; i < geometry.OutElements; i++)
        {
            int c = i % geometry.Channels;
            int ox = i / geometry.Channels % geometry.Columns.Output;
            PoolWindow rows = geometry.Rows.Window(i / geometry.Channels / geometry.Columns.Output);
            PoolWindow columns = geometry.Columns.Window(ox);
            T best = T.NegativeInfinity;
            for (int tap = 0; tap < rows.Count * columns.Count; tap++)
            {
                int y = rows.First + (tap / columns.Count * rows.Step);
                int x = columns.First + (tap % columns.Count * columns.Step);
                best = T.Max(best, input[(((y * geometry.Columns.Input) + x) * geometry.Channels) + c]);
            }

            output[i] = best;
        }
    }
}
