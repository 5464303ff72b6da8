using System;
using System.Numerics;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.Gathering;

/// <summary>
/// Compares rows with what they were, takes over those that changed and lists them. With a threshold of 0 a row has changed when any of its bits has; with
/// a larger one when any element differs by more, so that rows which are kept stay within the threshold of the truth however many steps go by.
/// </summary>
public static class ChangedRows
{
    /// <summary>Compares all rows of two arrays.</summary>
    /// <param name="current">What the rows are now.</param>
    /// <param name="width">Elements of a row, at least 1.</param>
    /// <param name="threshold">At least 0.</param>
    /// <param name="kept">As long: what they were; changed rows are overwritten.</param>
    /// <param name="changed">Takes the numbers of the changed rows, ascending; room for all.</param>
    /// <returns>How many have changed.</returns>
    /// <exception cref="ArgumentException">The lengths do not fit; nothing has been written.</exception>
    public static int Update(ReadOnlySpan<float> current, int width, float threshold, Span<float> kept, Span<int> changed)
    {
        Check(current.Length, width, threshold);
        if (kept.Length != current.Length || changed.Length < current.Length / width)
        {
            throw new ArgumentException($"There are {kept.Length} kept elements and room for {changed.Length} rows; expected {current.Length} and {current.Length / width}.");
        }

        int count = 0;
        int start = 0;
        while (start < current.Length)
        {
            int at = start + FirstChange(current[start..], kept[start..], threshold);
            if (at == current.Length)
            {
                break;
            }

            int row = at / width;
            current.Slice(row * width, width).CopyTo(kept.Slice(row * width, width));
            changed[count++] = row;
            start = (row + 1) * width;
        }

        return count;
    }

    /// <summary>Compares listed rows.</summary>
    /// <param name="current">What the listed rows are now, one after another.</param>
    /// <param name="width">Elements of a row, at least 1.</param>
    /// <param name="rows">Their numbers among the kept rows, ascending.</param>
    /// <param name="threshold">At least 0.</param>
    /// <param name="kept">All rows as they were; changed ones are overwritten.</param>
    /// <param name="changed">Takes the numbers of the changed rows, ascending; room for as many as are listed.</param>
    /// <returns>How many have changed.</returns>
    /// <exception cref="ArgumentException">The lengths do not fit; nothing has been written.</exception>
    public static int Update(ReadOnlySpan<float> current, int width, ReadOnlySpan<int> rows, float threshold, Span<float> kept, Span<int> changed)
    {
        Check(current.Length, width, threshold);
        if (current.Length != (long)width * rows.Length || changed.Length < rows.Length)
        {
            throw new ArgumentException($"There are {current.Length} elements and room for {changed.Length} rows; expected {rows.Length} rows of {width}.");
        }

        int count = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            ReadOnlySpan<float> now = current.Slice(i * width, width);
            Span<float> place = kept.Slice(rows[i] * width, width);
            if (FirstChange(now, place, threshold) < width)
            {
                now.CopyTo(place);
                changed[count++] = rows[i];
            }
        }

        return count;
    }

    /// <summary>Where two arrays begin to differ, element by element: the reference.</summary>
    internal static int FirstChangeReference(ReadOnlySpan<float> left, ReadOnlySpan<float> right, float threshold)
    {
        for (int i = 0; i < left.Length; i++)
        {
            bool isSame = threshold == 0
                ? BitConverter.SingleToInt32Bits(left[i]) == BitConverter.SingleToInt32Bits(right[i])
                : MathF.Abs(left[i] - right[i]) <= threshold;
            if (!isSame)
            {
                return i;
            }
        }

        return left.Length;
    }

    private static int FirstChange(ReadOnlySpan<float> left, ReadOnlySpan<float> right, float threshold)
    {
        if (threshold == 0)
        {
            // As integers: zeros of both signs differ, and what is no number equals itself. A float and an integer are of one size, so lengths stay.
            return MemoryMarshal.Cast<float, int>(left).CommonPrefixLength(MemoryMarshal.Cast<float, int>(right));
        }

        Vector<float> bound = new(threshold);
        int lanes = Vector<float>.Count;
        int i = 0;
        for (; i <= left.Length - lanes; i += lanes)
        {
            Vector<float> difference = Vector.Abs(new Vector<float>(left[i..]) - new Vector<float>(right[i..]));
            if (!Vector.LessThanOrEqualAll(difference, bound))
            {
                break;
            }
        }

        return i + FirstChangeReference(left[i..], right[i..], threshold);
    }

    private static void Check(int length, int width, float threshold)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        if (length % width != 0 || !(threshold >= 0))
        {
            throw new ArgumentException($"There are {length} elements in rows of {width} and a threshold of {threshold}; expected whole rows and a threshold of at least 0.");
        }
    }
}
