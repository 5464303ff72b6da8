using System;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace ManagedDyn.Engine.Kernels.Recurrent;

/// <summary>Reads and writes a vector of a row, or what is left of the row: the last elements get the arithmetic of all others.</summary>
internal static class VectorPart
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Load(ReadOnlySpan<float> row, int start) =>
        start <= row.Length - Vector<float>.Count ? new Vector<float>(row[start..]) : LoadRest(row[start..]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector<float> values, Span<float> row, int start)
    {
        if (start <= row.Length - Vector<float>.Count)
        {
            values.CopyTo(row[start..]);
        }
        else
        {
            StoreRest(values, row[start..]);
        }
    }

    private static Vector<float> LoadRest(ReadOnlySpan<float> rest)
    {
        Span<float> scratch = stackalloc float[Vector<float>.Count];
        scratch.Clear();
        rest.CopyTo(scratch);
        return new Vector<float>(scratch);
    }

    private static void StoreRest(Vector<float> values, Span<float> rest)
    {
        Span<float> scratch = stackalloc float[Vector<float>.Count];
        values.CopyTo(scratch);
        scratch[..rest.Length].CopyTo(rest);
    }
}
