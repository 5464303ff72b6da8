using System;
using System.Numerics;

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

        for (; rows.Length > 0; rows = rows[channels..])
        {
            int c = 0;
            for (; c <= channels - Vector<float>.Count; c += Vector<float>.Count)
            {
                (new Vector<float>(rows[c..]) * new Vector<float>(factors[c..])).CopyTo(rows[c..]);
            }

            for (; c < channels; c++)
            {
                rows[c] *= factors[c];
            }
        }
    }
}
