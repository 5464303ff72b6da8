using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.Layout;

/// <summary>Turns the rows of a matrix into columns.</summary>
internal static class Transposition
{
    // A square of this side is read and written within the nearest cache.
    private const int Side = 16;

    /// <summary>target[c, r] = source[r, c].</summary>
    /// <param name="source">[rows, columns], row-major.</param>
    /// <param name="rows">Rows of the source.</param>
    /// <param name="columns">Columns of the source.</param>
    /// <param name="target">[columns, rows], row-major; not the source.</param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public static void Run(ReadOnlySpan<float> source, int rows, int columns, Span<float> target)
    {
        long length = (long)rows * columns;
        if (rows < 0 || columns < 0 || source.Length != length || target.Length != length)
        {
            throw new ArgumentException($"The matrices have {source.Length} and {target.Length} elements; expected {rows} × {columns}.");
        }

        ref float from = ref MemoryMarshal.GetReference(source);
        ref float to = ref MemoryMarshal.GetReference(target);
        for (int row = 0; row < rows; row += Side)
        {
            int height = Math.Min(Side, rows - row);
            for (int column = 0; column < columns; column++)
            {
                // Rows row to row + height and the column lie within the matrix, whose size both spans were checked to have.
                ref float x = ref Unsafe.Add(ref from, ((nint)row * columns) + column);
                ref float y = ref Unsafe.Add(ref to, ((nint)column * rows) + row);
                for (nint i = 0; i < height; i++)
                {
                    Unsafe.Add(ref y, i) = x;
                    x = ref Unsafe.Add(ref x, columns);
                }
            }
        }
    }
}
