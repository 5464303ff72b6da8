using System;
using System.Numerics;
using System.Numerics.Tensors;

namespace ManagedDyn.Engine.Kernels.Gathering;

/// <summary>
/// Copies or adds rows by a list of their numbers. Rows of one list entry after the other are moved in the list's order, so that several rows
/// added to one place give the same bits always.
/// </summary>
public static class RowMove
{
    /// <summary>target[i] = (or +=) source[indices[i]].</summary>
    /// <param name="source">Rows of the width given.</param>
    /// <param name="width">The elements of a row.</param>
    /// <param name="indices">Row numbers of the source, in any order, also repeated.</param>
    /// <param name="target">As many rows as there are indices.</param>
    /// <param name="add">Whether to add.</param>
    /// <exception cref="ArgumentException">A span does not hold whole rows, or has too few.</exception>
    public static void Gather(ReadOnlySpan<float> source, int width, ReadOnlySpan<int> indices, Span<float> target, bool add)
    {
        Check(target.Length, width, indices.Length);
        for (int i = 0; i < indices.Length; i++)
        {
            Move(source.Slice(indices[i] * width, width), target.Slice(i * width, width), add);
        }
    }

    /// <summary>target[indices[i]] = (or +=) source[i]; other rows stay as they are.</summary>
    /// <param name="source">As many rows as there are indices.</param>
    /// <param name="width">The elements of a row.</param>
    /// <param name="indices">Row numbers of the target, in any order; repeated ones are added up, or the last is kept.</param>
    /// <param name="target">Rows of the width given.</param>
    /// <param name="add">Whether to add.</param>
    /// <exception cref="ArgumentException">A span does not hold whole rows, or has too few.</exception>
    public static void Scatter(ReadOnlySpan<float> source, int width, ReadOnlySpan<int> indices, Span<float> target, bool add)
    {
        Check(source.Length, width, indices.Length);
        for (int i = 0; i < indices.Length; i++)
        {
            Move(source.Slice(i * width, width), target.Slice(indices[i] * width, width), add);
        }
    }

    /// <summary>Sets the rows that a sorted list does not name to zero.</summary>
    /// <param name="width">The elements of a row.</param>
    /// <param name="indices">Ascending row numbers that stay.</param>
    /// <param name="target">Rows of the width given.</param>
    public static void ClearOthers(int width, ReadOnlySpan<int> indices, Span<float> target)
    {
        int next = 0;
        foreach (int index in indices)
        {
            target[(next * width)..(index * width)].Clear();
            next = index + 1;
        }

        target[(next * width)..].Clear();
    }

    /// <summary>Copies (or adds) the rows that a sorted list does not name from one array to the same places of another.</summary>
    /// <param name="source">Rows of the width given.</param>
    /// <param name="width">The elements of a row.</param>
    /// <param name="indices">Ascending row numbers that are left out.</param>
    /// <param name="target">As long as the source.</param>
    /// <param name="add">Whether to add.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void MoveOthers(ReadOnlySpan<float> source, int width, ReadOnlySpan<int> indices, Span<float> target, bool add)
    {
        if (source.Length != target.Length)
        {
            throw new ArgumentException($"There are {source.Length} source and {target.Length} target elements; expected the same number.", nameof(target));
        }

        int next = 0;
        foreach (int index in indices)
        {
            Move(source[(next * width)..(index * width)], target[(next * width)..(index * width)], add);
            next = index + 1;
        }

        Move(source[(next * width)..], target[(next * width)..], add);
    }

    /// <summary>Element by element: target[i] = source[indices[i]] for scatter false, target[indices[i]] = source[i] for true; or adds.</summary>
    internal static void Reference<T>(ReadOnlySpan<T> source, int width, ReadOnlySpan<int> indices, Span<T> target, bool scatter, bool add)
        where T : INumberBase<T>
    {
        for (int i = 0; i < indices.Length; i++)
        {
            for (int j = 0; j < width; j++)
            {
                int from = ((scatter ? i : indices[i]) * width) + j;
                int to = ((scatter ? indices[i] : i) * width) + j;
                target[to] = add ? target[to] + source[from] : source[from];
            }
        }
    }

    private static void Move(ReadOnlySpan<float> source, Span<float> target, bool add)
    {
        if (add)
        {
            // An addition rounds the same in any of the algorithms for short and long spans.
            TensorPrimitives.Add(target, source, target);
        }
        else
        {
            source.CopyTo(target);
        }
    }

    private static void Check(int length, int width, int rows)
    {
        if (length != (long)width * rows)
        {
            throw new ArgumentException($"There are {length} elements for {rows} rows; expected {width} a row.");
        }
    }
}
