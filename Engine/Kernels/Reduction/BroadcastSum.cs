using System;
using System.Numerics;
using System.Runtime.InteropServices;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Kernels.Reduction;

/// <summary>
/// Sums an array [outer, middle, inner] over its middle: the step by which a gradient is brought back to the shape of an operand that was
/// repeated. The middle is cut into chunks of fixed size, whose sums meet along a <see cref="FixedTree"/>: the bits depend on the shape alone.
/// </summary>
public static class BroadcastSum
{
    // Sums of one chunk are single chains: long enough to keep the number of partial sums small, short enough to spread over threads.
    private const int ChunkElements = 8192;
    private const int SmallestChunk = 16;

    /// <summary>The number of chunks that the middle is cut into.</summary>
    /// <param name="middle">The extent summed over.</param>
    /// <param name="inner">The extent inside of it.</param>
    public static int Chunks(int middle, int inner)
    {
        int size = ChunkSize(inner);
        return Math.Max(1, (int)(((long)middle + size - 1) / size));
    }

    /// <summary>The elements of one chunk's sum, rounded up so that neighbouring ones do not share a cache line.</summary>
    /// <param name="inner">The extent inside of the middle.</param>
    public static int PartLength(int inner) =>
        (inner + Storage<float>.PaddingElements - 1) / Storage<float>.PaddingElements * Storage<float>.PaddingElements;

    /// <summary>Sums one chunk of the middle.</summary>
    /// <param name="source">Shape [middle, inner], row-major.</param>
    /// <param name="middle">The extent summed over.</param>
    /// <param name="inner">The extent inside of it.</param>
    /// <param name="chunk">From 0 to <see cref="Chunks"/>, exclusive.</param>
    /// <param name="sums">Shape [inner], overwritten.</param>
    /// <exception cref="ArgumentException">A span does not fit.</exception>
    public static void Sum(ReadOnlySpan<float> source, int middle, int inner, int chunk, Span<float> sums)
    {
        if (source.Length != (long)middle * inner || sums.Length != inner)
        {
            throw new ArgumentException($"There are {source.Length} values and {sums.Length} sums; expected {middle} x {inner} and {inner}.");
        }

        int size = ChunkSize(inner);
        int from = chunk * size;
        int to = Math.Min(middle, from + size);
        if (inner == 1)
        {
            sums[0] = SumRow(source[from..to]);
            return;
        }

        ref float target = ref MemoryMarshal.GetReference(sums);
        sums.Clear();
        for (int row = from; row < to; row++)
        {
            ReadOnlySpan<float> values = source.Slice(row * inner, inner);
            ref float value = ref MemoryMarshal.GetReference(values);
            int i = 0;

            // Whole vectors only: i + Count never passes the row, which is as long as the sums.
            for (; i <= inner - Vector<float>.Count; i += Vector<float>.Count)
            {
                (Vector.LoadUnsafe(ref target, (nuint)i) + Vector.LoadUnsafe(ref value, (nuint)i)).StoreUnsafe(ref target, (nuint)i);
            }

            for (; i < inner; i++)
            {
                sums[i] += values[i];
            }
        }
    }

    /// <summary>The same sums as plain chains, in any precision.</summary>
    internal static void Reference<T>(ReadOnlySpan<T> source, int outer, int middle, int inner, Span<T> sums)
        where T : IFloatingPointIeee754<T>
    {
        for (int o = 0; o < outer; o++)
        {
            for (int i = 0; i < inner; i++)
            {
                T sum = T.Zero;
                for (int m = 0; m < middle; m++)
                {
                    sum += source[(((o * middle) + m) * inner) + i];
                }

                sums[(o * inner) + i] = sum;
            }
        }
    }

    private static int ChunkSize(int inner) => Math.Max(SmallestChunk, ChunkElements / Math.Max(inner, 1));

    // Four vectors of sums, so that additions of one chain do not wait for each other.
    private static float SumRow(ReadOnlySpan<float> values)
    {
        Vector<float> s0 = Vector<float>.Zero;
        Vector<float> s1 = Vector<float>.Zero;
        Vector<float> s2 = Vector<float>.Zero;
        Vector<float> s3 = Vector<float>.Zero;
        int width = Vector<float>.Count;
        int i = 0;
        for (; i <= values.Length - (4 * width); i += 4 * width)
        {
            s0 += new Vector<float>(values[i..]);
            s1 += new Vector<float>(values[(i + width)..]);
            s2 += new Vector<float>(values[(i + (2 * width))..]);
            s3 += new Vector<float>(values[(i + (3 * width))..]);
        }

        for (; i <= values.Length - width; i += width)
        {
            s0 += new Vector<float>(values[i..]);
        }

        float rest = 0;
        for (; i < values.Length; i++)
        {
            rest += values[i];
        }

        return Vector.Sum(s0 + s1 + (s2 + s3)) + rest;
    }
}
