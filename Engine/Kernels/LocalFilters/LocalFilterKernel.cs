using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Layout;

namespace ManagedDyn.Engine.Kernels.LocalFilters;

/// <summary>
/// Local filtering of one sample, y[p, c] = Σ over taps t of filter[p, group(c), t] · x[pixel(p, t), c]: a pixel's channels are one contiguous vector,
/// so that a tap is one multiply-add a vector. Each output is one chain over the taps inside the map, ascending.
/// </summary>
public static class LocalFilterKernel
{
    private interface IFilterRead
    {
        /// <summary>Whether each channel has a value of its own, side by side; otherwise one value serves all.</summary>
        static abstract bool IsByChannel { get; }
    }

    /// <summary>The scratch that a call needs, in elements.</summary>
    /// <param name="geometry">The geometry.</param>
    public static int ScratchLength(in LocalFilterGeometry geometry) =>
        Broadcasts(in geometry) || IsByChannel(in geometry) ? 0 : geometry.Maps.Taps * geometry.Channels;

    /// <summary>Computes some output rows.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="input">[InHeight, InWidth, Channels].</param>
    /// <param name="filters">[OutHeight, OutWidth, filter values], or one pixel's when they are shared.</param>
    /// <param name="output">[OutHeight, OutWidth, Channels]; the rows asked for are written.</param>
    /// <param name="firstRow">The first output row.</param>
    /// <param name="endRow">The one behind the last.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements, of any content.</param>
    /// <exception cref="ArgumentException">A span or the range does not fit; nothing has been written.</exception>
    public static void Forward(
        in LocalFilterGeometry geometry, ReadOnlySpan<float> input, ReadOnlySpan<float> filters, Span<float> output, int firstRow, int endRow, Span<float> scratch)
    {
        geometry.Check(input.Length, filters.Length, output.Length);
        geometry.CheckRows(firstRow, endRow);
        if (scratch.Length < ScratchLength(in geometry))
        {
            throw new ArgumentException($"The scratch has {scratch.Length} elements; expected at least {ScratchLength(in geometry)}.", nameof(scratch));
        }

        int channels = geometry.Channels;
        int length = geometry.FilterLength;
        bool broadcasts = Broadcasts(in geometry);
        bool isByChannel = !broadcasts && IsByChannel(in geometry);
        Span<float> spread = scratch[..ScratchLength(in geometry)];
        ConvolutionGeometry maps = geometry.Maps;
        for (int y = firstRow; y < endRow; y++)
        {
            int row = y / geometry.Scale;
            for (int x = 0, column = 0, repeats = 0; x < geometry.OutWidth; x++, repeats++)
            {
                if (repeats == geometry.Scale)
                {
                    (column, repeats) = (column + 1, 0);
                }

                int pixel = (y * geometry.OutWidth) + x;
                TapWindow window = new(in maps, row, column);
                ReadOnlySpan<float> own = geometry.IsShared ? filters : filters.Slice(pixel * length, length);
                Span<float> target = output.Slice(pixel * channels, channels);
                if (broadcasts)
                {
                    int width = channels / maps.Groups;
                    for (int group = 0; group < maps.Groups; group++)
                    {
                        Channels<OneForAll>(
                            in window, input, own[(group * geometry.GroupStep)..], geometry.TapStep, target, group * width, (group + 1) * width);
                    }
                }
                else if (isByChannel)
                {
                    Channels<OneEach>(in window, input, own, channels, target, 0, channels);
                }
                else
                {
                    Spread(in geometry, own, spread);
                    Channels<OneEach>(in window, input, spread, channels, target, 0, channels);
                }
            }
        }
    }

    // Whether a group's channels fill at least a vector, or there is only one group.
    internal static bool Broadcasts(in LocalFilterGeometry geometry) =>
        geometry.Maps.Groups == 1 || geometry.Channels / geometry.Maps.Groups >= Vector<float>.Count;

    // Whether a tap's filter values lie side by side as the channels do.
    internal static bool IsByChannel(in LocalFilterGeometry geometry) =>
        geometry.Maps.Groups == geometry.Channels && (geometry.Layout == FilterLayout.TapsFirst || geometry.Maps.Taps == 1);

    /// <summary>A pixel's filter as [tap][channel].</summary>
    internal static void Spread(in LocalFilterGeometry geometry, ReadOnlySpan<float> filter, Span<float> spread)
    {
        int channels = geometry.Channels;
        int width = channels / geometry.Maps.Groups;
        if (width == 1 && geometry.Layout == FilterLayout.GroupsFirst)
        {
            Transposition.Run(filter, channels, geometry.Maps.Taps, spread);
            return;
        }

        for (int tap = 0; tap < geometry.Maps.Taps; tap++)
        {
            Span<float> row = spread.Slice(tap * channels, channels);
            int at = tap * geometry.TapStep;
            for (int first = 0; first < channels; first += width, at += geometry.GroupStep)
            {
                row.Slice(first, width).Fill(filter[at]);
            }
        }
    }

    // The channels from first to end of one pixel.
    private static void Channels<TRead>(
        in TapWindow window, ReadOnlySpan<float> input, ReadOnlySpan<float> filter, int tapStep, Span<float> target,
        int first, int end)
        where TRead : struct, IFilterRead
    {
        int width = Vector<float>.Count;
        int c = first;

        // Whole vectors lie within first..end of a pixel: four at a time, then two, one, and the last moved back to end with the channels (what it
        // computes again comes out the same).
        ref float to = ref MemoryMarshal.GetReference(target);
        for (; c <= end - (4 * width); c += 4 * width)
        {
            Four<TRead>(in window, ref MemoryMarshal.GetReference(input), ref MemoryMarshal.GetReference(filter), tapStep, ref to, c);
        }

        for (; c <= end - (2 * width); c += 2 * width)
        {
            Two<TRead>(in window, ref MemoryMarshal.GetReference(input), ref MemoryMarshal.GetReference(filter), tapStep, ref to, c);
        }

        for (; c < end && end - first >= width; c += width)
        {
            c = Math.Min(c, end - width);
            One<TRead>(in window, ref MemoryMarshal.GetReference(input), ref MemoryMarshal.GetReference(filter), tapStep, ref to, c);
        }

        if (c < end)
        {
            Few<TRead>(in window, input, filter, tapStep, target, c, end - c);
        }
    }

    // Every tap of the window is inside the map, so each vector read lies within a pixel's channels; filter and target were cut by the caller.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four<TRead>(
        in TapWindow window, ref float input, ref float filter, int tapStep, ref float target, int channel)
        where TRead : struct, IFilterRead
    {
        int width = Vector<float>.Count;
        Vector<float> s0 = Vector<float>.Zero, s1 = s0, s2 = s0, s3 = s0;
        nint columnStep = window.ColumnStep;
        int columns = window.Columns;
        for (int ky = 0; ky < window.Rows; ky++)
        {
            nint at = ((nint)ky * window.RowStep) + window.Start + channel;
            nint tap = (((nint)ky * window.KernelWidth) + window.FirstTap) * tapStep;
            for (int kx = 0; kx < columns; kx++, at += columnStep, tap += tapStep)
            {
                ref float from = ref Unsafe.Add(ref input, at);
                if (TRead.IsByChannel)
                {
                    ref float weights = ref Unsafe.Add(ref filter, tap + channel);
                    s0 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref from), Vector.LoadUnsafe(ref weights), s0);
                    s1 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref from, (nuint)width), Vector.LoadUnsafe(ref weights, (nuint)width), s1);
                    s2 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref from, (nuint)(2 * width)), Vector.LoadUnsafe(ref weights, (nuint)(2 * width)), s2);
                    s3 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref from, (nuint)(3 * width)), Vector.LoadUnsafe(ref weights, (nuint)(3 * width)), s3);
                }
                else
                {
                    Vector<float> weight = new(Unsafe.Add(ref filter, tap));
                    s0 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref from), weight, s0);
                    s1 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref from, (nuint)width), weight, s1);
                    s2 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref from, (nuint)(2 * width)), weight, s2);
                    s3 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref from, (nuint)(3 * width)), weight, s3);
                }
            }
        }

        s0.StoreUnsafe(ref target, (nuint)channel);
        s1.StoreUnsafe(ref target, (nuint)(channel + width));
        s2.StoreUnsafe(ref target, (nuint)(channel + (2 * width)));
        s3.StoreUnsafe(ref target, (nuint)(channel + (3 * width)));
    }

    // As Four: groups of two vectors, such as the sixteen channels of an involution, are common.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Two<TRead>(
        in TapWindow window, ref float input, ref float filter, int tapStep, ref float target, int channel)
        where TRead : struct, IFilterRead
    {
        int width = Vector<float>.Count;
        Vector<float> s0 = Vector<float>.Zero, s1 = s0;
        nint columnStep = window.ColumnStep;
        int columns = window.Columns;
        for (int ky = 0; ky < window.Rows; ky++)
        {
            nint at = ((nint)ky * window.RowStep) + window.Start + channel;
            nint tap = (((nint)ky * window.KernelWidth) + window.FirstTap) * tapStep;
            for (int kx = 0; kx < columns; kx++, at += columnStep, tap += tapStep)
            {
                ref float from = ref Unsafe.Add(ref input, at);
                if (TRead.IsByChannel)
                {
                    ref float weights = ref Unsafe.Add(ref filter, tap + channel);
                    s0 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref from), Vector.LoadUnsafe(ref weights), s0);
                    s1 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref from, (nuint)width), Vector.LoadUnsafe(ref weights, (nuint)width), s1);
                }
                else
                {
                    Vector<float> weight = new(Unsafe.Add(ref filter, tap));
                    s0 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref from), weight, s0);
                    s1 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref from, (nuint)width), weight, s1);
                }
            }
        }

        s0.StoreUnsafe(ref target, (nuint)channel);
        s1.StoreUnsafe(ref target, (nuint)(channel + width));
    }

    // As Four.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One<TRead>(
        in TapWindow window, ref float input, ref float filter, int tapStep, ref float target, int channel)
        where TRead : struct, IFilterRead
    {
        Vector<float> sum = Vector<float>.Zero;
        nint columnStep = window.ColumnStep;
        int columns = window.Columns;
        for (int ky = 0; ky < window.Rows; ky++)
        {
            nint at = ((nint)ky * window.RowStep) + window.Start + channel;
            nint tap = (((nint)ky * window.KernelWidth) + window.FirstTap) * tapStep;
            for (int kx = 0; kx < columns; kx++, at += columnStep, tap += tapStep)
            {
                Vector<float> weight = TRead.IsByChannel ? Vector.LoadUnsafe(ref filter, (nuint)(tap + channel)) : new Vector<float>(Unsafe.Add(ref filter, tap));
                sum = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref input, (nuint)at), weight, sum);
            }
        }

        sum.StoreUnsafe(ref target, (nuint)channel);
    }

    // Fewer channels than a vector has lanes.
    private static void Few<TRead>(
        in TapWindow window, ReadOnlySpan<float> input, ReadOnlySpan<float> filter, int tapStep, Span<float> target,
        int channel, int count)
        where TRead : struct, IFilterRead
    {
        Vector<float> sum = Vector<float>.Zero;
        for (int ky = 0; ky < window.Rows; ky++)
        {
            int at = (ky * window.RowStep) + window.Start + channel;
            int tap = ((ky * window.KernelWidth) + window.FirstTap) * tapStep;
            for (int kx = 0; kx < window.Columns; kx++, at += window.ColumnStep, tap += tapStep)
            {
                Vector<float> weight = TRead.IsByChannel ? PartialVector.Load(filter, tap + channel, count) : new Vector<float>(filter[tap]);
                sum = Vector.MultiplyAddEstimate(PartialVector.Load(input, at, count), weight, sum);
            }
        }

        PartialVector.Store(sum, target.Slice(channel, count));
    }


    private readonly struct OneForAll : IFilterRead
    {
        public static bool IsByChannel => false;
    }

    private readonly struct OneEach : IFilterRead
    {
        public static bool IsByChannel => true;
    }
}
