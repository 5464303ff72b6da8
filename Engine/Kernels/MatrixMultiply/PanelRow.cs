using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ManagedDyn.Engine.Kernels.MatrixMultiply;

/// <summary>
/// The sums or weights of one row of a panel, in registers. <see cref="BlockKernel"/> is one body for all; every column is the same chain of
/// multiply–adds in each.
/// </summary>
internal interface IPanelRow<TSelf>
    where TSelf : struct, IPanelRow<TSelf>
{
    /// <summary>Columns, a multiple of the vector's.</summary>
    static abstract int Width { get; }

    /// <summary>Reads a row.</summary>
    /// <param name="source">The first panel's columns.</param>
    /// <param name="distance">Elements from one panel to the next, where the row goes over several.</param>
    static abstract TSelf Load(ref float source, nint distance);

    /// <summary>Asks the processor for a row that is read soon.</summary>
    /// <param name="source">A row that is read now.</param>
    /// <param name="ahead">Elements from it to the one asked for.</param>
    /// <param name="distance">Elements from one panel to the next, where the row goes over several.</param>
    static abstract void Prefetch(ref float source, nint ahead, nint distance);

    /// <summary>Asks the processor for a row that is read later, for the second cache.</summary>
    /// <param name="source">A row that is read now.</param>
    /// <param name="ahead">Elements from it to the one asked for.</param>
    /// <param name="distance">Elements from one panel to the next, where the row goes over several.</param>
    static abstract void PrefetchLater(ref float source, nint ahead, nint distance);

    /// <summary>factor · weights + sums.</summary>
    static abstract TSelf MultiplyAdd(ref float factor, TSelf weights, TSelf sums);

    /// <summary>Writes all columns side by side.</summary>
    static abstract void Store(TSelf sums, ref float target);
}

/// <summary>The first half of a panel.</summary>
internal readonly struct HalfRow(Vector<float> value) : IPanelRow<HalfRow>
{
    private readonly Vector<float> _value = value;

    public static int Width => Vector<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static HalfRow Load(ref float source, nint distance) => new(Vector.LoadUnsafe(ref source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(ref float source, nint ahead, nint distance) => Kernels.Prefetch.Line(ref source, ahead);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchLater(ref float source, nint ahead, nint distance) => Kernels.Prefetch.LaterLine(ref source, ahead);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static HalfRow MultiplyAdd(ref float factor, HalfRow weights, HalfRow sums) =>
        new(Vector.MultiplyAddEstimate(new Vector<float>(factor), weights._value, sums._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(HalfRow sums, ref float target) => sums._value.StoreUnsafe(ref target);
}

/// <summary>A whole panel in two vectors.</summary>
internal readonly struct FullRow(Vector<float> first, Vector<float> second) : IPanelRow<FullRow>
{
    private readonly Vector<float> _first = first;
    private readonly Vector<float> _second = second;

    public static int Width => 2 * Vector<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FullRow Load(ref float source, nint distance) => new(Vector.LoadUnsafe(ref source), Vector.LoadUnsafe(ref source, (nuint)Vector<float>.Count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(ref float source, nint ahead, nint distance) => Kernels.Prefetch.Line(ref source, ahead);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchLater(ref float source, nint ahead, nint distance) => Kernels.Prefetch.LaterLine(ref source, ahead);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FullRow MultiplyAdd(ref float factor, FullRow weights, FullRow sums)
    {
        Vector<float> x = new(factor);
        return new FullRow(
            Vector.MultiplyAddEstimate(x, weights._first, sums._first), Vector.MultiplyAddEstimate(x, weights._second, sums._second));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(FullRow sums, ref float target)
    {
        sums._first.StoreUnsafe(ref target);
        sums._second.StoreUnsafe(ref target, (nuint)Vector<float>.Count);
    }
}

/// <summary>A whole panel in one vector, where the processor has vectors of twice the width: half the instructions for the same sums.</summary>
internal readonly struct WideRow(Vector512<float> value) : IPanelRow<WideRow>
{
    private readonly Vector512<float> _value = value;

    public static bool IsSupported => Vector512.IsHardwareAccelerated && 2 * Vector<float>.Count == Vector512<float>.Count;

    public static int Width => Vector512<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideRow Load(ref float source, nint distance) => new(Vector512.LoadUnsafe(ref source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(ref float source, nint ahead, nint distance) => Kernels.Prefetch.Line(ref source, ahead);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchLater(ref float source, nint ahead, nint distance) => Kernels.Prefetch.LaterLine(ref source, ahead);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideRow MultiplyAdd(ref float factor, WideRow weights, WideRow sums) =>
        new(Vector512.MultiplyAddEstimate(Vector512.Create(factor), weights._value, sums._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(WideRow sums, ref float target) => sums._value.StoreUnsafe(ref target);
}

/// <summary>Two panels side by side: few rows of one alone would leave the pipelines waiting for their sums.</summary>
internal readonly struct PairRow<TRow>(TRow first, TRow second) : IPanelRow<PairRow<TRow>>
    where TRow : struct, IPanelRow<TRow>
{
    private readonly TRow _first = first;
    private readonly TRow _second = second;

    public static int Width => 2 * TRow.Width;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PairRow<TRow> Load(ref float source, nint distance) =>
        new(TRow.Load(ref source, distance), TRow.Load(ref Unsafe.Add(ref source, distance), distance));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(ref float source, nint ahead, nint distance)
    {
        TRow.Prefetch(ref source, ahead, distance);
        TRow.Prefetch(ref source, ahead + distance, distance);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchLater(ref float source, nint ahead, nint distance)
    {
        TRow.PrefetchLater(ref source, ahead, distance);
        TRow.PrefetchLater(ref source, ahead + distance, distance);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PairRow<TRow> MultiplyAdd(ref float factor, PairRow<TRow> weights, PairRow<TRow> sums) =>
        new(TRow.MultiplyAdd(ref factor, weights._first, sums._first), TRow.MultiplyAdd(ref factor, weights._second, sums._second));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(PairRow<TRow> sums, ref float target)
    {
        TRow.Store(sums._first, ref target);
        TRow.Store(sums._second, ref Unsafe.Add(ref target, TRow.Width));
    }
}

/// <summary>Four panels side by side: sums of few channels spend less of their time between blocks.</summary>
internal readonly struct QuadRow(Vector512<float> first, Vector512<float> second, Vector512<float> third, Vector512<float> fourth) : IPanelRow<QuadRow>
{
    private readonly Vector512<float> _first = first;
    private readonly Vector512<float> _second = second;
    private readonly Vector512<float> _third = third;
    private readonly Vector512<float> _fourth = fourth;

    public static int Width => 4 * Vector512<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static QuadRow Load(ref float source, nint distance) => new(
        Vector512.LoadUnsafe(ref source), Vector512.LoadUnsafe(ref source, (nuint)distance), Vector512.LoadUnsafe(ref source, (nuint)(2 * distance)),
        Vector512.LoadUnsafe(ref source, (nuint)(3 * distance)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(ref float source, nint ahead, nint distance)
    {
        Kernels.Prefetch.Line(ref source, ahead);
        Kernels.Prefetch.Line(ref source, ahead + distance);
        Kernels.Prefetch.Line(ref source, ahead + (2 * distance));
        Kernels.Prefetch.Line(ref source, ahead + (3 * distance));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchLater(ref float source, nint ahead, nint distance)
    {
        Kernels.Prefetch.LaterLine(ref source, ahead);
        Kernels.Prefetch.LaterLine(ref source, ahead + distance);
        Kernels.Prefetch.LaterLine(ref source, ahead + (2 * distance));
        Kernels.Prefetch.LaterLine(ref source, ahead + (3 * distance));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static QuadRow MultiplyAdd(ref float factor, QuadRow weights, QuadRow sums)
    {
        Vector512<float> x = Vector512.Create(factor);
        return new QuadRow(
            Vector512.MultiplyAddEstimate(x, weights._first, sums._first), Vector512.MultiplyAddEstimate(x, weights._second, sums._second),
            Vector512.MultiplyAddEstimate(x, weights._third, sums._third), Vector512.MultiplyAddEstimate(x, weights._fourth, sums._fourth));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(QuadRow sums, ref float target)
    {
        sums._first.StoreUnsafe(ref target);
        sums._second.StoreUnsafe(ref target, (nuint)Vector512<float>.Count);
        sums._third.StoreUnsafe(ref target, (nuint)(2 * Vector512<float>.Count));
        sums._fourth.StoreUnsafe(ref target, (nuint)(3 * Vector512<float>.Count));
    }
}
