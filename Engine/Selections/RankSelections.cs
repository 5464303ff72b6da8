using System;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Selections;

/// <summary>Selections of the highest scores.</summary>
public static class RankSelections
{
    /// <summary>
    /// Selects the k highest scores of each row. Of equal scores the one with the lower index comes first; what is no number ranks below all
    /// numbers; 0 and −0 are equal.
    /// </summary>
    /// <param name="workspace">Where the selection lives.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="universe">The number of scores of a row.</param>
    /// <param name="scores">[rows, universe], row-major.</param>
    /// <param name="count">k, from 0 to the universe.</param>
    /// <exception cref="ArgumentException">The number of scores is not rows · universe, or k is out of range.</exception>
    public static Selection SelectTop(this Workspace workspace, int rows, int universe, ReadOnlySpan<float> scores, int count)
    {
        if (rows < 0 || universe < 0 || scores.Length != (long)rows * universe)
        {
            throw new ArgumentException($"There are {scores.Length} scores; expected {rows} rows of {universe}.", nameof(scores));
        }

        if (count < 0 || count > universe)
        {
            throw new ArgumentException($"The {count} highest of {universe} scores were asked for; expected 0 to {universe}.", nameof(count));
        }

        SelectionWriter writer = new(workspace, rows, universe, checked(rows * count));
        if (count > 0)
        {
            // Keys in a heap with the worst at the root: one key for each place, so the order is total and ties are decided by the index.
            Span<long> heap = count <= 128 ? stackalloc long[128] : new long[count];
            for (int row = 0; row < rows; row++)
            {
                Collect(scores.Slice(row * universe, universe), heap[..count]);
                foreach (long key in heap[..count])
                {
                    writer.Add(Index(key));
                }

                writer.Current.Sort();
                writer.EndRow();
            }
        }
        else
        {
            for (int row = 0; row < rows; row++)
            {
                writer.EndRow();
            }
        }

        return writer.Finish();
    }

    private static void Collect(ReadOnlySpan<float> scores, Span<long> heap)
    {
        for (int i = 0; i < heap.Length; i++)
        {
            heap[i] = Key(scores[i], i);
        }

        for (int i = (heap.Length / 2) - 1; i >= 0; i--)
        {
            Sink(heap, i);
        }

        for (int i = heap.Length; i < scores.Length; i++)
        {
            long key = Key(scores[i], i);
            if (key > heap[0])
            {
                heap[0] = key;
                Sink(heap, 0);
            }
        }
    }

    // The score in the upper half, as an integer that orders as the numbers do; in the lower half the index, the lower the higher.
    private static long Key(float score, int index)
    {
        int bits = BitConverter.SingleToInt32Bits(score == 0 ? 0f : score);
        int order = float.IsNaN(score) ? int.MinValue : bits < 0 ? int.MinValue - bits : bits;
        return ((long)order << 32) | (uint)(int.MaxValue - index);
    }

    private static int Index(long key) => int.MaxValue - (int)(uint)key;

    private static void Sink(Span<long> heap, int at)
    {
        while (true)
        {
            int child = (2 * at) + 1;
            if (child >= heap.Length)
            {
                return;
            }

            if (child + 1 < heap.Length && heap[child + 1] < heap[child])
            {
                child++;
            }

            if (heap[at] <= heap[child])
            {
                return;
            }

            (heap[at], heap[child]) = (heap[child], heap[at]);
            at = child;
        }
    }
}
