using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Reduction;

/// <summary>The largest value of each column of [rows, inner], and the first row that has it; NaN is larger than everything.</summary>
public static class AxisMaximum
{
    /// <summary>Finds the largest values.</summary>
    /// <param name="input">x, [rows, inner], at least one row.</param>
    /// <param name="inner">Elements of a row.</param>
    /// <param name="values">Receives the largest of each column; empty: not asked for.</param>
    /// <param name="rows">Receives the row that each comes from; empty: not asked for.</param>
    /// <exception cref="ArgumentException">Spans do not fit.</exception>
    public static void Run(ReadOnlySpan<float> input, int inner, Span<float> values, Span<int> rows)
    {
        if (inner < 1 || input.Length == 0 || input.Length % inner != 0 || (!values.IsEmpty && values.Length < inner) || (!rows.IsEmpty && rows.Length < inner))
        {
            throw new ArgumentException($"The largest of rows of {inner} were asked of {input.Length} values, for {values.Length} values and {rows.Length} rows.");
        }

        int length = input.Length / inner;
        Span<int> lanes = stackalloc int[Vector<int>.Count];
        for (int c = 0; c < inner; c += Vector<float>.Count)
        {
            int count = Math.Min(Vector<float>.Count, inner - c);
            if (inner == 1)
            {
                int place = Index(input);
                (values.IsEmpty ? [] : values[..1]).Fill(input[place]);
                (rows.IsEmpty ? [] : rows[..1]).Fill(place);
                return;
            }

            Vector<float> best = PartialVector.Load(input, c, count);
            Vector<int> where = Vector<int>.Zero;
            for (int row = 1; row < length; row++)
            {
                Vector<float> value = PartialVector.Load(input, (row * inner) + c, count);
                Vector<int> wins = Vector.GreaterThan(value, best) | (~Vector.Equals(value, value) & Vector.Equals(best, best));
                best = Vector.ConditionalSelect(wins, value, best);
                where = Vector.ConditionalSelect(wins, new Vector<int>(row), where);
            }

            if (!values.IsEmpty)
            {
                PartialVector.Store(best, values.Slice(c, count));
            }

            if (!rows.IsEmpty)
            {
                where.CopyTo(lanes);
                lanes[..count].CopyTo(rows[c..]);
            }
        }
    }

    /// <summary>The first place of the largest value; of the first NaN if there is one.</summary>
    /// <param name="values">At least one.</param>
    /// <exception cref="ArgumentException">There are no values.</exception>
    public static int Index(ReadOnlySpan<float> values)
    {
        if (values.IsEmpty)
        {
            throw new ArgumentException("The largest of no values was asked for.", nameof(values));
        }

        int place = 0;
        for (int i = 1; i < values.Length && !float.IsNaN(values[place]); i++)
        {
            if (values[i] > values[place] || float.IsNaN(values[i]))
            {
                place = i;
            }
        }

        return place;
    }
}
