using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.Gating;

/// <summary>Scales the channels of rows in place, y[r, c] ← y[r, c]·f[c]: what gates of channels do to a map that nobody else reads.</summary>
public static class RowScaleKernel
{
    /// <summary>y[r, c] ← y[r, c]·f[c]; each product is rounded by itself, so an element's bits do not depend on where it stands.</summary>
    /// <param name="rows">y, whole rows side by side.</param>
    /// <param name="factors">f, one for each channel.</param>
    /// <exception cref="ArgumentException">The rows are not whole.</exception>
    public static void Run(Span<float> rows, ReadOnlySpan<float> factors)
    {
        int channels = factors.Length;
        if (channels == 0 ? rows.Length != 0 : rows.Length % channels != 0)
        {
            throw new ArgumentException($"There are {rows.Length} values; expected whole rows of {channels}.", nameof(rows));
        }

        // Column by column of vectors, so that a factor is read once and rows are all that is counted.
        int whole = channels / Vector<float>.Count * Vector<float>.Count;
        ref float first = ref MemoryMarshal.GetReference(rows);
        for (int c = 0; c < whole; c += Vector<float>.Count)
        {
            // A whole vector of a whole row.
            Vector<float> factor = new(factors[c..]);
            for (nint at = c; at < rows.Length; at += channels)
            {
                (Vector.LoadUnsafe(ref Unsafe.Add(ref first, at)) * factor).StoreUnsafe(ref Unsafe.Add(ref first, at));
            }
        }

        for (; whole < channels && rows.Length > 0; rows = rows[channels..])
        {
            int c = whole;
            for (; c < channels; c++)
            {
                rows[c] *= factors[c];
            }
        }
    }
}
