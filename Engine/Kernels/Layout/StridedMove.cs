using System;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.Layout;

/// <summary>Copies, or adds, the elements of one array to the places of another that a <see cref="StridedPlan"/> tells.</summary>
public static class StridedMove
{
    // The side of the squares in which two dimensions are exchanged: a square of either array stays in the nearest cache.
    private const int Tile = 16;

    // Rows up to this long are copied here: a call for each takes longer than they do.
    private const int LongestShortRow = 64;

    /// <summary>target[place] = source[place], or += when adding; several elements added to one place are added in the order of their indices.</summary>
    /// <param name="plan">The places.</param>
    /// <param name="source">The source.</param>
    /// <param name="target">The target; it must not overlap the source. Places outside the plan stay as they are.</param>
    /// <param name="add">Whether to add.</param>
    public static void Run(in StridedPlan plan, ReadOnlySpan<float> source, Span<float> target, bool add)
    {
        if (plan.Count == 0)
        {
            return;
        }

        // Inner loops run over dimension 0 and, where the source is contiguous along another one, over that one too.
        int across = plan.Source(0) == 1 || plan.Target(0) != 1 ? -1 : Contiguous(in plan);
        bool isShort = !add && plan.Rank > 1 && plan.Source(0) == 1 && plan.Target(0) == 1 && plan.Extent(0) <= LongestShortRow;
        int inner = isShort ? 1 : across;
        Span<int> index = stackalloc int[plan.Rank];
        index.Clear();
        int from = plan.SourceStart;
        int to = plan.TargetStart;
        while (true)
        {
            if (isShort)
            {
                ShortRows(in plan, source, from, target, to);
            }
            else if (across > 0)
            {
                Square(in plan, across, source, from, target, to, add);
            }
            else
            {
                Row(in plan, source, from, target, to, add);
            }

            int d = 1;
            for (; d < plan.Rank; d++)
            {
                if (d == inner)
                {
                    continue;
                }

                from += plan.Source(d);
                to += plan.Target(d);
                if (++index[d] < plan.Extent(d))
                {
                    break;
                }

                index[d] = 0;
                from -= plan.Source(d) * plan.Extent(d);
                to -= plan.Target(d) * plan.Extent(d);
            }

            if (d == plan.Rank)
            {
                return;
            }
        }
    }

    /// <summary>The same, element by element from the innermost dimension outward.</summary>
    internal static void Reference<T>(in StridedPlan plan, ReadOnlySpan<T> source, Span<T> target, bool add)
        where T : INumberBase<T>
    {
        for (int i = 0; i < plan.Count; i++)
        {
            int rest = i;
            int from = plan.SourceStart;
            int to = plan.TargetStart;
            for (int d = 0; d < plan.Rank; d++)
            {
                from += rest % plan.Extent(d) * plan.Source(d);
                to += rest % plan.Extent(d) * plan.Target(d);
                rest /= plan.Extent(d);
            }

            target[to] = add ? target[to] + source[from] : source[from];
        }
    }

    private static int Contiguous(in StridedPlan plan)
    {
        for (int d = 1; d < plan.Rank; d++)
        {
            if (plan.Source(d) == 1)
            {
                return d;
            }
        }

        return -1;
    }

    private static void Row(in StridedPlan plan, ReadOnlySpan<float> source, int from, Span<float> target, int to, bool add)
    {
        int count = plan.Extent(0);
        int sourceStride = plan.Source(0);
        int targetStride = plan.Target(0);
        if (sourceStride == 1 && targetStride == 1)
        {
            Span<float> row = target.Slice(to, count);
            if (add)
            {
                TensorPrimitives.Add(row, source.Slice(from, count), row);
            }
            else
            {
                source.Slice(from, count).CopyTo(row);
            }
        }
        else if (sourceStride == 0 && targetStride == 1 && !add)
        {
            target.Slice(to, count).Fill(source[from]);
        }
        else
        {
            for (int i = 0; i < count; i++)
            {
                ref float place = ref target[to + (i * targetStride)];
                float value = source[from + (i * sourceStride)];
                place = add ? place + value : value;
            }
        }
    }

    // Rows along dimension 1 that are contiguous in both arrays.
    private static void ShortRows(in StridedPlan plan, ReadOnlySpan<float> source, int from, Span<float> target, int to)
    {
        int width = plan.Extent(0);
        int rows = plan.Extent(1);
        nint sourceStep = plan.Source(1);
        nint targetStep = plan.Target(1);
        CheckRows(source.Length, from, sourceStep, width, rows, nameof(source));
        CheckRows(target.Length, to, targetStep, width, rows, nameof(target));

        // The first row and the last lie within the arrays, and so do those between.
        ref float x = ref Unsafe.Add(ref MemoryMarshal.GetReference(source), from);
        ref float y = ref Unsafe.Add(ref MemoryMarshal.GetReference(target), to);
        nint first = 0;
        nint second = 0;
        if (width >= Vector<float>.Count)
        {
            // The last vector of a row may copy some of its elements again.
            nuint last = (nuint)(width - Vector<float>.Count);
            for (int row = 0; row < rows; row++, first += sourceStep, second += targetStep)
            {
                ref float own = ref Unsafe.Add(ref x, first);
                ref float place = ref Unsafe.Add(ref y, second);
                for (nuint i = 0; i < last; i += (nuint)Vector<float>.Count)
                {
                    Vector.LoadUnsafe(ref own, i).StoreUnsafe(ref place, i);
                }

                Vector.LoadUnsafe(ref own, last).StoreUnsafe(ref place, last);
            }

            return;
        }

        for (int row = 0; row < rows; row++, first += sourceStep, second += targetStep)
        {
            ref float own = ref Unsafe.Add(ref x, first);
            ref float place = ref Unsafe.Add(ref y, second);
            for (nint i = 0; i < width; i++)
            {
                Unsafe.Add(ref place, i) = Unsafe.Add(ref own, i);
            }
        }
    }

    private static void CheckRows(int length, long start, long step, int width, int rows, string name)
    {
        long last = start + (step * (rows - 1));
        if (Math.Min(start, last) < 0 || Math.Max(start, last) + width > length)
        {
            throw new ArgumentException($"Rows of {width} from {start} to {last} were to be moved; expected them within {length} elements.", name);
        }
    }

    private static void Square(in StridedPlan plan, int across, ReadOnlySpan<float> source, int from, Span<float> target, int to, bool add)
    {
        int columns = plan.Extent(0);
        int rows = plan.Extent(across);
        int sourceStride = plan.Source(0);
        int targetStride = plan.Target(across);
        for (int row = 0; row < rows; row += Tile)
        {
            int rowEnd = Math.Min(rows, row + Tile);
            for (int column = 0; column < columns; column += Tile)
            {
                int count = Math.Min(Tile, columns - column);
                for (int r = row; r < rowEnd; r++)
                {
                    Span<float> places = target.Slice(to + (r * targetStride) + column, count);
                    int start = from + r + (column * sourceStride);
                    for (int i = 0; i < places.Length; i++)
                    {
                        float value = source[start + (i * sourceStride)];
                        places[i] = add ? places[i] + value : value;
                    }
                }
            }
        }
    }
}
