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
        for (int row = 0; row < rows; row++)
        {
            Span<int> chosen = writer.Take(count);
            if (count > 0)
            {
                Collect(scores.Slice(row * universe, universe), chosen);
                chosen.Sort();
            }

            writer.EndRow();
        }

        return writer.Finish();
    }

    // The chosen places in a heap with the worst at the root, where the selection will stand, so that no other memory is needed.
    private static void Collect(ReadOnlySpan<float> scores, Span<int> heap)
    {
        for (int i = 0; i < heap.Length; i++)
        {
            heap[i] = i;
        }

        for (int i = (heap.Length / 2) - 1; i >= 0; i--)
        {
            Sink(scores, heap, i);
        }

        long worst = Key(scores, heap[0]);
        for (int i = heap.Length; i < scores.Length; i++)
        {
            if (Key(scores, i) > worst)
            {
                heap[0] = i;
                Sink(scores, heap, 0);
                worst = Key(scores, heap[0]);
            }
        }
    }

    // The score in the upper half, as an integer that orders as the numbers do; in the lower half the index, the lower the higher. Each place has a
    // key of its own, so the order is total and ties are decided by the index.
    private static long Key(ReadOnlySpan<float> scores, int index)
    {
        float score = scores[index];
        int bits = BitConverter.SingleToInt32Bits(score == 0 ? 0f : score);
        int order = float.IsNaN(score) ? int.MinValue : bits < 0 ? int.MinValue - bits : bits;
        return ((long)order << 32) | (uint)(int.MaxValue - index);
    }

    private static void Sink(ReadOnlySpan<float> scores, Span<int> heap, int at)
    {
        int sinking = heap[at];
        long key = Key(scores, sinking);
        for (int child = (2 * at) + 1; child < heap.Length; child = (2 * at) + 1)
        {
            long least = Key(scores, heap[child]);
            if (child + 1 < heap.Length && Key(scores, heap[child + 1]) is long other && other < least)
            {
                child++;
                least = other;
            }

            if (key <= least)
            {
                break;
            }

            heap[at] = heap[child];
            at = child;
        }

        heap[at] = sinking;
    }
}
