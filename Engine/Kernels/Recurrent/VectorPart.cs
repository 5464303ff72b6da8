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

    /// <summary>x + (s + b), or x + s where there is no b, at one place of each; it lies within them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Sum(ref float input, ref float hidden, ref float bias, bool hasBias, nint at)
    {
        Vector<float> sum = Vector.LoadUnsafe(ref hidden, (nuint)at);
        sum = hasBias ? sum + Vector.LoadUnsafe(ref bias, (nuint)at) : sum;
        return Vector.LoadUnsafe(ref input, (nuint)at) + sum;
    }

    /// <summary>What is behind the whole vectors of each gate, to a vector each.</summary>
    /// <param name="gates">Gates of the width, or nothing.</param>
    /// <param name="width">Elements of a gate.</param>
    /// <param name="whole">Elements in whole vectors.</param>
    /// <param name="parts">A vector for each gate.</param>
    public static void CopyRest(ReadOnlySpan<float> gates, int width, int whole, Span<float> parts)
    {
        for (int start = whole; start < gates.Length; start += width)
        {
            gates.Slice(start, width - whole).CopyTo(parts);
            parts = parts[Vector<float>.Count..];
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
