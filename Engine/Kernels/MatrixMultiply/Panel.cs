using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.MatrixMultiply;

/// <summary>
/// The packed form of a right-hand matrix [depth, columns]: panels of <see cref="Width"/> columns, each [depth, Width] row-major, one after
/// another; columns that the last panel has too many are zero.
/// </summary>
public static class Panel
{
    /// <summary>Columns of one panel: two vectors.</summary>
    public static int Width => 2 * Vector<float>.Count;

    /// <summary>The number of panels of a matrix.</summary>
    /// <param name="columns">Its columns.</param>
    public static int Count(int columns) => (columns + Width - 1) / Width;

    /// <summary>The length of the packed form.</summary>
    /// <param name="depth">Rows of the matrix: the length of each sum.</param>
    /// <param name="columns">Columns of the matrix.</param>
    /// <exception cref="OverflowException">The packed form would have more than 2³¹ − 1 elements.</exception>
    public static int Length(int depth, int columns) => checked(Count(columns) * depth * Width);

    /// <summary>Packs a row-major matrix.</summary>
    /// <param name="matrix">[depth, columns], row-major.</param>
    /// <param name="depth">Its rows.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="packed"><see cref="Length"/> elements, all written.</param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public static void Pack(ReadOnlySpan<float> matrix, int depth, int columns, Span<float> packed)
    {
        Check(matrix, depth, columns, packed);
        int width = Width;
        for (int column = 0; column < columns; column += width)
        {
            int count = Math.Min(width, columns - column);
            Span<float> panel = packed.Slice(column * depth, depth * width);
            for (int k = 0; k < depth; k++)
            {
                Span<float> row = panel.Slice(k * width, width);
                matrix.Slice((k * columns) + column, count).CopyTo(row);
                row[count..].Clear();
            }
        }
    }

    /// <summary>Packs a matrix that is given transposed, as the weights of a linear layer are.</summary>
    /// <param name="transposed">[columns, depth], row-major.</param>
    /// <param name="depth">Rows of the matrix: the length of each sum.</param>
    /// <param name="columns">Columns of the matrix.</param>
    /// <param name="packed"><see cref="Length"/> elements, all written.</param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public static void PackTransposed(ReadOnlySpan<float> transposed, int depth, int columns, Span<float> packed)
    {
        Check(transposed, depth, columns, packed);
        int width = Width;
        for (int column = 0; column < columns; column += width)
        {
            int count = Math.Min(width, columns - column);
            Span<float> panel = packed.Slice(column * depth, depth * width);
            if (count < width)
            {
                panel.Clear();
            }

            for (int j = 0; j < count; j++)
            {
                ReadOnlySpan<float> source = transposed.Slice((column + j) * depth, depth);
                for (int k = 0, at = j; k < source.Length; k++, at += width)
                {
                    panel[at] = source[k];
                }
            }
        }
    }

    private static void Check(ReadOnlySpan<float> matrix, int depth, int columns, Span<float> packed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(depth);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        if (matrix.Length != (long)depth * columns)
        {
            throw new ArgumentException($"The matrix has {matrix.Length} elements; expected {depth} × {columns}.", nameof(matrix));
        }

        if (packed.Length != Length(depth, columns))
        {
            throw new ArgumentException($"The packed form has {packed.Length} elements; expected {Length(depth, columns)}.", nameof(packed));
        }
    }
}
