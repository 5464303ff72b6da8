using System;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace ManagedDyn.Engine.Kernels;

/// <summary>
/// Whole vectors for the last elements of a row, fewer than a vector: they get the arithmetic of all others, lane by lane.
/// </summary>
internal static class PartialVector
{
    /// <summary>A vector whose first lanes are some elements; the other lanes hold what follows them, or zero, and mean nothing.</summary>
    /// <param name="source">The elements.</param>
    /// <param name="start">The first.</param>
    /// <param name="count">How many, at most a vector.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Load(ReadOnlySpan<float> source, int start, int count) =>
        start <= source.Length - Vector<float>.Count ? new Vector<float>(source[start..]) : LoadLast(source, start, count);

    /// <summary>A vector whose first lanes are some elements and whose other lanes all hold one value.</summary>
    /// <param name="source">The elements.</param>
    /// <param name="start">The first.</param>
    /// <param name="count">How many, at most a vector.</param>
    /// <param name="others">The value of the other lanes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Load(ReadOnlySpan<float> source, int start, int count, float others) =>
        count == Vector<float>.Count ? new Vector<float>(source[start..]) : Keep(Load(source, start, count), count, others);

    /// <summary>The vector with all lanes but the first ones replaced.</summary>
    /// <param name="vector">The vector.</param>
    /// <param name="count">How many lanes stay.</param>
    /// <param name="others">The value of the other lanes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Keep(Vector<float> vector, int count, float others) => Vector.ConditionalSelect(
        Vector.LessThan(Vector<int>.Indices, new Vector<int>(count)), vector, new Vector<float>(others));

    /// <summary>Stores the first lanes.</summary>
    /// <param name="vector">The vector.</param>
    /// <param name="target">As many elements as lanes are stored, at most all.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector<float> vector, Span<float> target)
    {
        if (target.Length == Vector<float>.Count)
        {
            vector.CopyTo(target);
        }
        else
        {
            StoreLast(vector, target);
        }
    }

    /// <summary>Stores the first lanes; what the target holds behind them stays.</summary>
    /// <param name="vector">The vector.</param>
    /// <param name="target">The elements.</param>
    /// <param name="start">The first that is written.</param>
    /// <param name="count">How many lanes, at most a vector.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector<float> vector, Span<float> target, int start, int count)
    {
        if (start > target.Length - Vector<float>.Count)
        {
            StoreLast(vector, target.Slice(start, count));
            return;
        }

        Span<float> place = target[start..];
        Vector.ConditionalSelect(Vector.LessThan(Vector<int>.Indices, new Vector<int>(count)), vector, new Vector<float>(place)).CopyTo(place);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector<float> LoadLast(ReadOnlySpan<float> source, int start, int count)
    {
        Span<float> lanes = stackalloc float[Vector<float>.Count];
        lanes.Clear();
        source.Slice(start, count).CopyTo(lanes);
        return new Vector<float>(lanes);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StoreLast(Vector<float> vector, Span<float> target)
    {
        Span<float> lanes = stackalloc float[Vector<float>.Count];
        vector.CopyTo(lanes);
        lanes[..target.Length].CopyTo(target);
    }
}
