using System;
using System.Numerics;
using ManagedDyn.Engine.Kernels.Convolution;

namespace ManagedDyn.Engine.Kernels.Gathering;

/// <summary>Copies or adds the elements of each row that a list names: taking some channels of every pixel side by side, and back.</summary>
public static class ChannelMove
{
    // Wider rows would take too much of the stack for their lanes.
    private const int MaximumVectorWidth = 2048;
    private const int LeastVectorRows = 16;

    /// <summary>compact[r, i] = (or +=) full[r, channels[i]].</summary>
    /// <param name="full">Rows of the width given.</param>
    /// <param name="width">The elements of a full row.</param>
    /// <param name="channels">Element numbers below the width.</param>
    /// <param name="compact">As many rows of one element for each channel listed.</param>
    /// <param name="add">Whether to add.</param>
    /// <exception cref="ArgumentException">The spans do not hold the same number of rows.</exception>
    public static void Gather(ReadOnlySpan<float> full, int width, ReadOnlySpan<int> channels, Span<float> compact, bool add)
    {
        int rows = Rows(full.Length, width, compact.Length, channels.Length);
        int done = 0;
        if (!add && MovesVectors(width, channels, rows))
        {
            Span<int> memory = stackalloc int[ChannelLanes.Length(width)];
            done = WholeRows(compact.Length, channels.Length);
            new ChannelLanes(channels, width, memory).Gather(full[..(done * width)], compact);
        }

        for (int row = done; row < rows; row++)
        {
            ReadOnlySpan<float> from = full.Slice(row * width, width);
            Span<float> to = compact.Slice(row * channels.Length, channels.Length);
            for (int i = 0; i < to.Length; i++)
            {
                float value = from[channels[i]];
                to[i] = add ? to[i] + value : value;
            }
        }
    }

    /// <summary>full[r, channels[i]] = (or +=) compact[r, i]; when not adding, other channels become zero.</summary>
    /// <param name="compact">Rows of one element for each channel listed.</param>
    /// <param name="channels">Distinct element numbers below the width.</param>
    /// <param name="full">As many rows of the width given.</param>
    /// <param name="width">The elements of a full row.</param>
    /// <param name="add">Whether to add.</param>
    /// <exception cref="ArgumentException">The spans do not hold the same number of rows.</exception>
    public static void Scatter(ReadOnlySpan<float> compact, ReadOnlySpan<int> channels, Span<float> full, int width, bool add)
    {
        int rows = Rows(full.Length, width, compact.Length, channels.Length);
        if (!add)
        {
            full.Clear();
        }

        int done = 0;
        if (MovesVectors(width, channels, rows))
        {
            Span<int> memory = stackalloc int[ChannelLanes.Length(width)];
            done = WholeRows(compact.Length, channels.Length);
            new ChannelLanes(channels, width, memory).Scatter(compact, full[..(done * width)], add);
        }

        for (int row = done; row < rows; row++)
        {
            ReadOnlySpan<float> from = compact.Slice(row * channels.Length, channels.Length);
            Span<float> to = full.Slice(row * width, width);
            for (int i = 0; i < from.Length; i++)
            {
                ref float place = ref to[channels[i]];
                place = add ? place + from[i] : from[i];
            }
        }
    }

    /// <summary>The same, element by element.</summary>
    internal static void Reference<T>(ReadOnlySpan<T> source, int width, ReadOnlySpan<int> channels, Span<T> target, int rows, bool scatter)
        where T : INumberBase<T>
    {
        for (int i = 0; i < rows * channels.Length; i++)
        {
            int place = (i / channels.Length * width) + channels[i % channels.Length];
            target[scatter ? place : i] += source[scatter ? i : place];
        }
    }

    // Lanes are found anew at each call, and hold for ascending channels.
    private static bool MovesVectors(int width, ReadOnlySpan<int> channels, int rows)
    {
        if (width < Vector<float>.Count || width > MaximumVectorWidth || rows < LeastVectorRows || channels.IsEmpty)
        {
            return false;
        }

        int previous = -1;
        foreach (int channel in channels)
        {
            if (channel <= previous || channel >= width)
            {
                return false;
            }

            previous = channel;
        }

        return true;
    }

    // The rows after which a whole vector of compact elements is left: the last vector of a row may reach as far.
    private static int WholeRows(int compact, int channels) => Math.Max(0, (compact - Vector<float>.Count) / channels);

    private static int Rows(int full, int width, int compact, int channels)
    {
        int rows = width == 0 ? 0 : full / width;
        if (full != rows * width || compact != (long)rows * channels)
        {
            throw new ArgumentException($"There are {full} elements in rows of {width}, and {compact} in rows of {channels}; expected the same number of rows.");
        }

        return rows;
    }
}
