using System;

namespace ManagedDyn.Engine.Kernels.Normalization;

/// <summary>Checks of operands laid out as [rows, channels], made once before loops that read without them.</summary>
internal static class RowCheck
{
    /// <summary>Checks that a range of rows, or of places in a list of rows, lies within an operand.</summary>
    public static void Rows(int length, int channels, ReadOnlySpan<int> list, int from, int to)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        int rows = length / channels;
        int places = list.IsEmpty ? rows : list.Length;
        if (from < 0 || to <= from || to > places)
        {
            throw new ArgumentException($"Rows {from} to {to} were asked for; expected a range within 0 to {places} that is not empty.");
        }

        foreach (int row in list.IsEmpty ? list : list[from..to])
        {
            if ((uint)row >= (uint)rows)
            {
                throw new ArgumentException($"A list of rows has {row}; expected 0 to {rows - 1}.");
            }
        }
    }

    /// <summary>Checks that an operand is long enough.</summary>
    public static void Length(int length, long expected, string what)
    {
        if (length < expected)
        {
            throw new ArgumentException($"{length} {what} were given; expected at least {expected}.");
        }
    }
}
