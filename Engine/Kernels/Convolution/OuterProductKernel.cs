using System.Numerics;
using System.Runtime.CompilerServices;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// The inner loops of every weight gradient: a tile of a few input channels by two vectors of output channels stays in registers while
/// a list of pixel pairs is walked, and each pair adds the outer product of its input channels and its output gradients.
/// </summary>
/// <remarks>
/// The list holds two offsets a pair: where the pixel's input channels start, and where its row of the packed output gradients starts.
/// Each element of the tile is one chain of multiply-adds in list order, continued from what <c>sums</c> holds, so cutting the list
/// changes no bit. Callers guarantee: <c>pairs</c> holds 2 · count offsets; from each first offset there are as many floats as the
/// tile has rows behind <c>input</c> (of a second tile: as many as that has, <c>second</c> floats further on); from each second offset there
/// are two vectors behind <c>gradients</c>; <c>sums</c> holds rows · two vectors. Nothing else is read or written.
/// </remarks>
internal static class OuterProductKernel
{
    /// <summary>Six input channels by two vectors: twelve accumulators, two vectors of gradients and a broadcast fill 15 registers.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Six(ref float input, ref float gradients, ref int pairs, nint count, ref float sums)
    {
        nuint lanes = (nuint)Vector<float>.Count;
        Vector<float> s00 = Vector.LoadUnsafe(ref sums, 0 * lanes), s01 = Vector.LoadUnsafe(ref sums, 1 * lanes);
        Vector<float> s10 = Vector.LoadUnsafe(ref sums, 2 * lanes), s11 = Vector.LoadUnsafe(ref sums, 3 * lanes);
        Vector<float> s20 = Vector.LoadUnsafe(ref sums, 4 * lanes), s21 = Vector.LoadUnsafe(ref sums, 5 * lanes);
        Vector<float> s30 = Vector.LoadUnsafe(ref sums, 6 * lanes), s31 = Vector.LoadUnsafe(ref sums, 7 * lanes);
        Vector<float> s40 = Vector.LoadUnsafe(ref sums, 8 * lanes), s41 = Vector.LoadUnsafe(ref sums, 9 * lanes);
        Vector<float> s50 = Vector.LoadUnsafe(ref sums, 10 * lanes), s51 = Vector.LoadUnsafe(ref sums, 11 * lanes);
        for (nint i = 0; i < 2 * count; i += 2)
        {
            ref float x = ref Unsafe.Add(ref input, Unsafe.Add(ref pairs, i));
            ref float g = ref Unsafe.Add(ref gradients, Unsafe.Add(ref pairs, i + 1));
            Vector<float> g0 = Vector.LoadUnsafe(ref g);
            Vector<float> g1 = Vector.LoadUnsafe(ref g, lanes);
            Vector<float> v = new(x);
            s00 = Vector.MultiplyAddEstimate(v, g0, s00);
            s01 = Vector.MultiplyAddEstimate(v, g1, s01);
            v = new(Unsafe.Add(ref x, 1));
            s10 = Vector.MultiplyAddEstimate(v, g0, s10);
            s11 = Vector.MultiplyAddEstimate(v, g1, s11);
            v = new(Unsafe.Add(ref x, 2));
            s20 = Vector.MultiplyAddEstimate(v, g0, s20);
            s21 = Vector.MultiplyAddEstimate(v, g1, s21);
            v = new(Unsafe.Add(ref x, 3));
            s30 = Vector.MultiplyAddEstimate(v, g0, s30);
            s31 = Vector.MultiplyAddEstimate(v, g1, s31);
            v = new(Unsafe.Add(ref x, 4));
            s40 = Vector.MultiplyAddEstimate(v, g0, s40);
            s41 = Vector.MultiplyAddEstimate(v, g1, s41);
            v = new(Unsafe.Add(ref x, 5));
            s50 = Vector.MultiplyAddEstimate(v, g0, s50);
            s51 = Vector.MultiplyAddEstimate(v, g1, s51);
        }
        s00.StoreUnsafe(ref sums, 0 * lanes);
        s01.StoreUnsafe(ref sums, 1 * lanes);
        s10.StoreUnsafe(ref sums, 2 * lanes);
        s11.StoreUnsafe(ref sums, 3 * lanes);
        s20.StoreUnsafe(ref sums, 4 * lanes);
        s21.StoreUnsafe(ref sums, 5 * lanes);
        s30.StoreUnsafe(ref sums, 6 * lanes);
        s31.StoreUnsafe(ref sums, 7 * lanes);
        s40.StoreUnsafe(ref sums, 8 * lanes);
        s41.StoreUnsafe(ref sums, 9 * lanes);
        s50.StoreUnsafe(ref sums, 10 * lanes);
        s51.StoreUnsafe(ref sums, 11 * lanes);
    }

    /// <summary>Five input channels by two vectors: ten chains still hide the latency of a multiply-add, eight just fail to.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Five(ref float input, ref float gradients, ref int pairs, nint count, ref float sums)
    {
        nuint lanes = (nuint)Vector<float>.Count;
        Vector<float> s00 = Vector.LoadUnsafe(ref sums, 0 * lanes), s01 = Vector.LoadUnsafe(ref sums, 1 * lanes);
        Vector<float> s10 = Vector.LoadUnsafe(ref sums, 2 * lanes), s11 = Vector.LoadUnsafe(ref sums, 3 * lanes);
        Vector<float> s20 = Vector.LoadUnsafe(ref sums, 4 * lanes), s21 = Vector.LoadUnsafe(ref sums, 5 * lanes);
        Vector<float> s30 = Vector.LoadUnsafe(ref sums, 6 * lanes), s31 = Vector.LoadUnsafe(ref sums, 7 * lanes);
        Vector<float> s40 = Vector.LoadUnsafe(ref sums, 8 * lanes), s41 = Vector.LoadUnsafe(ref sums, 9 * lanes);
        for (nint i = 0; i < 2 * count; i += 2)
        {
            ref float x = ref Unsafe.Add(ref input, Unsafe.Add(ref pairs, i));
            ref float g = ref Unsafe.Add(ref gradients, Unsafe.Add(ref pairs, i + 1));
            Vector<float> g0 = Vector.LoadUnsafe(ref g);
            Vector<float> g1 = Vector.LoadUnsafe(ref g, lanes);
            Vector<float> v = new(x);
            s00 = Vector.MultiplyAddEstimate(v, g0, s00);
            s01 = Vector.MultiplyAddEstimate(v, g1, s01);
            v = new(Unsafe.Add(ref x, 1));
            s10 = Vector.MultiplyAddEstimate(v, g0, s10);
            s11 = Vector.MultiplyAddEstimate(v, g1, s11);
            v = new(Unsafe.Add(ref x, 2));
            s20 = Vector.MultiplyAddEstimate(v, g0, s20);
            s21 = Vector.MultiplyAddEstimate(v, g1, s21);
            v = new(Unsafe.Add(ref x, 3));
            s30 = Vector.MultiplyAddEstimate(v, g0, s30);
            s31 = Vector.MultiplyAddEstimate(v, g1, s31);
            v = new(Unsafe.Add(ref x, 4));
            s40 = Vector.MultiplyAddEstimate(v, g0, s40);
            s41 = Vector.MultiplyAddEstimate(v, g1, s41);
        }
        s00.StoreUnsafe(ref sums, 0 * lanes);
        s01.StoreUnsafe(ref sums, 1 * lanes);
        s10.StoreUnsafe(ref sums, 2 * lanes);
        s11.StoreUnsafe(ref sums, 3 * lanes);
        s20.StoreUnsafe(ref sums, 4 * lanes);
        s21.StoreUnsafe(ref sums, 5 * lanes);
        s30.StoreUnsafe(ref sums, 6 * lanes);
        s31.StoreUnsafe(ref sums, 7 * lanes);
        s40.StoreUnsafe(ref sums, 8 * lanes);
        s41.StoreUnsafe(ref sums, 9 * lanes);
    }

    /// <summary>Four input channels by two vectors, for what sixes leave over.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Four(ref float input, ref float gradients, ref int pairs, nint count, ref float sums)
    {
        nuint lanes = (nuint)Vector<float>.Count;
        Vector<float> s00 = Vector.LoadUnsafe(ref sums, 0 * lanes), s01 = Vector.LoadUnsafe(ref sums, 1 * lanes);
        Vector<float> s10 = Vector.LoadUnsafe(ref sums, 2 * lanes), s11 = Vector.LoadUnsafe(ref sums, 3 * lanes);
        Vector<float> s20 = Vector.LoadUnsafe(ref sums, 4 * lanes), s21 = Vector.LoadUnsafe(ref sums, 5 * lanes);
        Vector<float> s30 = Vector.LoadUnsafe(ref sums, 6 * lanes), s31 = Vector.LoadUnsafe(ref sums, 7 * lanes);
        for (nint i = 0; i < 2 * count; i += 2)
        {
            ref float x = ref Unsafe.Add(ref input, Unsafe.Add(ref pairs, i));
            ref float g = ref Unsafe.Add(ref gradients, Unsafe.Add(ref pairs, i + 1));
            Vector<float> g0 = Vector.LoadUnsafe(ref g);
            Vector<float> g1 = Vector.LoadUnsafe(ref g, lanes);
            Vector<float> v = new(x);
            s00 = Vector.MultiplyAddEstimate(v, g0, s00);
            s01 = Vector.MultiplyAddEstimate(v, g1, s01);
            v = new(Unsafe.Add(ref x, 1));
            s10 = Vector.MultiplyAddEstimate(v, g0, s10);
            s11 = Vector.MultiplyAddEstimate(v, g1, s11);
            v = new(Unsafe.Add(ref x, 2));
            s20 = Vector.MultiplyAddEstimate(v, g0, s20);
            s21 = Vector.MultiplyAddEstimate(v, g1, s21);
            v = new(Unsafe.Add(ref x, 3));
            s30 = Vector.MultiplyAddEstimate(v, g0, s30);
            s31 = Vector.MultiplyAddEstimate(v, g1, s31);
        }
        s00.StoreUnsafe(ref sums, 0 * lanes);
        s01.StoreUnsafe(ref sums, 1 * lanes);
        s10.StoreUnsafe(ref sums, 2 * lanes);
        s11.StoreUnsafe(ref sums, 3 * lanes);
        s20.StoreUnsafe(ref sums, 4 * lanes);
        s21.StoreUnsafe(ref sums, 5 * lanes);
        s30.StoreUnsafe(ref sums, 6 * lanes);
        s31.StoreUnsafe(ref sums, 7 * lanes);
    }

    /// <summary>Two tiles of six input channels by one vector, for a panel whose second vector would be empty; the sums' second vectors stay.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void TwelveNarrow(ref float input, nint second, ref float gradients, ref int pairs, nint count, ref float sums)
    {
        nuint row = 2 * (nuint)Vector<float>.Count;
        Vector<float> s0 = Vector.LoadUnsafe(ref sums, 0 * row), s1 = Vector.LoadUnsafe(ref sums, 1 * row);
        Vector<float> s2 = Vector.LoadUnsafe(ref sums, 2 * row), s3 = Vector.LoadUnsafe(ref sums, 3 * row);
        Vector<float> s4 = Vector.LoadUnsafe(ref sums, 4 * row), s5 = Vector.LoadUnsafe(ref sums, 5 * row);
        Vector<float> s6 = Vector.LoadUnsafe(ref sums, 6 * row), s7 = Vector.LoadUnsafe(ref sums, 7 * row);
        Vector<float> s8 = Vector.LoadUnsafe(ref sums, 8 * row), s9 = Vector.LoadUnsafe(ref sums, 9 * row);
        Vector<float> s10 = Vector.LoadUnsafe(ref sums, 10 * row), s11 = Vector.LoadUnsafe(ref sums, 11 * row);
        for (nint i = 0; i < 2 * count; i += 2)
        {
            ref float x = ref Unsafe.Add(ref input, Unsafe.Add(ref pairs, i));
            ref float z = ref Unsafe.Add(ref x, second);
            Vector<float> g = Vector.LoadUnsafe(ref Unsafe.Add(ref gradients, Unsafe.Add(ref pairs, i + 1)));
            s0 = Vector.MultiplyAddEstimate(new Vector<float>(x), g, s0);
            s1 = Vector.MultiplyAddEstimate(new Vector<float>(Unsafe.Add(ref x, 1)), g, s1);
            s2 = Vector.MultiplyAddEstimate(new Vector<float>(Unsafe.Add(ref x, 2)), g, s2);
            s3 = Vector.MultiplyAddEstimate(new Vector<float>(Unsafe.Add(ref x, 3)), g, s3);
            s4 = Vector.MultiplyAddEstimate(new Vector<float>(Unsafe.Add(ref x, 4)), g, s4);
            s5 = Vector.MultiplyAddEstimate(new Vector<float>(Unsafe.Add(ref x, 5)), g, s5);
            s6 = Vector.MultiplyAddEstimate(new Vector<float>(z), g, s6);
            s7 = Vector.MultiplyAddEstimate(new Vector<float>(Unsafe.Add(ref z, 1)), g, s7);
            s8 = Vector.MultiplyAddEstimate(new Vector<float>(Unsafe.Add(ref z, 2)), g, s8);
            s9 = Vector.MultiplyAddEstimate(new Vector<float>(Unsafe.Add(ref z, 3)), g, s9);
            s10 = Vector.MultiplyAddEstimate(new Vector<float>(Unsafe.Add(ref z, 4)), g, s10);
            s11 = Vector.MultiplyAddEstimate(new Vector<float>(Unsafe.Add(ref z, 5)), g, s11);
        }
        s0.StoreUnsafe(ref sums, 0 * row);
        s1.StoreUnsafe(ref sums, 1 * row);
        s2.StoreUnsafe(ref sums, 2 * row);
        s3.StoreUnsafe(ref sums, 3 * row);
        s4.StoreUnsafe(ref sums, 4 * row);
        s5.StoreUnsafe(ref sums, 5 * row);
        s6.StoreUnsafe(ref sums, 6 * row);
        s7.StoreUnsafe(ref sums, 7 * row);
        s8.StoreUnsafe(ref sums, 8 * row);
        s9.StoreUnsafe(ref sums, 9 * row);
        s10.StoreUnsafe(ref sums, 10 * row);
        s11.StoreUnsafe(ref sums, 11 * row);
    }

    /// <summary>Two tiles of five input channels by one vector.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void TenNarrow(ref float input, nint second, ref float gradients, ref int pairs, nint count, ref float sums)
    {
        nuint row = 2 * (nuint)Vector<float>.Count;
        Vector<float> s0 = Vector.LoadUnsafe(ref sums, 0 * row), s1 = Vector.LoadUnsafe(ref sums, 1 * row);
        Vector<float> s2 = Vector.LoadUnsafe(ref sums, 2 * row), s3 = Vector.LoadUnsafe(ref sums, 3 * row);
        Vector<float> s4 = Vector.LoadUnsafe(ref sums, 4 * row), s5 = Vector.LoadUnsafe(ref sums, 5 * row);
        Vector<float> s6 = Vector.LoadUnsafe(ref sums, 6 * row), s7 = Vector.LoadUnsafe(ref sums, 7 * row);
        Vector<float> s8 = Vector.LoadUnsafe(ref sums, 8 * row), s9 = Vector.LoadUnsafe(ref sums, 9 * row);
        for (nint i = 0; i < 2 * count; i += 2)
        {
            ref float x = ref Unsafe.Add(ref input, Unsafe.Add(ref pairs, i));
            ref float z = ref Unsafe.Add(ref x, second);
            Vector<float> g = Vector.LoadUnsafe(ref Unsafe.Add(ref gradients, Unsafe.Add(ref pairs, i + 1)));
            s0 = Vector.MultiplyAddEstimate(new Vector<float>(x), g, s0);
            s1 = Vector.MultiplyAddEstimate(new Vector<float>(Unsafe.Add(ref x, 1)), g, s1);
            s2 = Vector.MultiplyAddEstimate(new Vector<float>(Unsafe.Add(ref x, 2)), g, s2);
            s3 = Vector.MultiplyAddEstimate(new Vector<float>(Unsafe.Add(ref x, 3)), g, s3);
            s4 = Vector.MultiplyAddEstimate(new Vector<float>(Unsafe.Add(ref x, 4)), g, s4);
            s5 = Vector.MultiplyAddEstimate(new Vector<float>(z), g, s5);
            s6 = Vector.MultiplyAddEstimate(new Vector<float>(Unsafe.Add(ref z, 1)), g, s6);
            s7 = Vector.MultiplyAddEstimate(new Vector<float>(Unsafe.Add(ref z, 2)), g, s7);
            s8 = Vector.MultiplyAddEstimate(new Vector<float>(Unsafe.Add(ref z, 3)), g, s8);
            s9 = Vector.MultiplyAddEstimate(new Vector<float>(Unsafe.Add(ref z, 4)), g, s9);
        }
        s0.StoreUnsafe(ref sums, 0 * row);
        s1.StoreUnsafe(ref sums, 1 * row);
        s2.StoreUnsafe(ref sums, 2 * row);
        s3.StoreUnsafe(ref sums, 3 * row);
        s4.StoreUnsafe(ref sums, 4 * row);
        s5.StoreUnsafe(ref sums, 5 * row);
        s6.StoreUnsafe(ref sums, 6 * row);
        s7.StoreUnsafe(ref sums, 7 * row);
        s8.StoreUnsafe(ref sums, 8 * row);
        s9.StoreUnsafe(ref sums, 9 * row);
    }

    /// <summary>Two tiles of four input channels by one vector.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void EightNarrow(ref float input, nint second, ref float gradients, ref int pairs, nint count, ref float sums)
    {
        nuint row = 2 * (nuint)Vector<float>.Count;
        Vector<float> s0 = Vector.LoadUnsafe(ref sums, 0 * row), s1 = Vector.LoadUnsafe(ref sums, 1 * row);
        Vector<float> s2 = Vector.LoadUnsafe(ref sums, 2 * row), s3 = Vector.LoadUnsafe(ref sums, 3 * row);
        Vector<float> s4 = Vector.LoadUnsafe(ref sums, 4 * row), s5 = Vector.LoadUnsafe(ref sums, 5 * row);
        Vector<float> s6 = Vector.LoadUnsafe(ref sums, 6 * row), s7 = Vector.LoadUnsafe(ref sums, 7 * row);
        for (nint i = 0; i < 2 * count; i += 2)
        {
            ref float x = ref Unsafe.Add(ref input, Unsafe.Add(ref pairs, i));
            ref float z = ref Unsafe.Add(ref x, second);
            Vector<float> g = Vector.LoadUnsafe(ref Unsafe.Add(ref gradients, Unsafe.Add(ref pairs, i + 1)));
            s0 = Vector.MultiplyAddEstimate(new Vector<float>(x), g, s0);
            s1 = Vector.MultiplyAddEstimate(new Vector<float>(Unsafe.Add(ref x, 1)), g, s1);
            s2 = Vector.MultiplyAddEstimate(new Vector<float>(Unsafe.Add(ref x, 2)), g, s2);
            s3 = Vector.MultiplyAddEstimate(new Vector<float>(Unsafe.Add(ref x, 3)), g, s3);
            s4 = Vector.MultiplyAddEstimate(new Vector<float>(z), g, s4);
            s5 = Vector.MultiplyAddEstimate(new Vector<float>(Unsafe.Add(ref z, 1)), g, s5);
            s6 = Vector.MultiplyAddEstimate(new Vector<float>(Unsafe.Add(ref z, 2)), g, s6);
            s7 = Vector.MultiplyAddEstimate(new Vector<float>(Unsafe.Add(ref z, 3)), g, s7);
        }
        s0.StoreUnsafe(ref sums, 0 * row);
        s1.StoreUnsafe(ref sums, 1 * row);
        s2.StoreUnsafe(ref sums, 2 * row);
        s3.StoreUnsafe(ref sums, 3 * row);
        s4.StoreUnsafe(ref sums, 4 * row);
        s5.StoreUnsafe(ref sums, 5 * row);
        s6.StoreUnsafe(ref sums, 6 * row);
        s7.StoreUnsafe(ref sums, 7 * row);
    }
}
