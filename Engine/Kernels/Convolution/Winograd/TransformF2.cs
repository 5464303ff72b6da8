using System.Numerics;
using System.Runtime.CompilerServices;

namespace ManagedDyn.Engine.Kernels.Convolution.Winograd;

/// <summary>F(2, 3) at the points 0, 1, −1 and ∞.</summary>
/// <remarks>References are used without bounds checks: each method touches as many vectors as its interface says, a step apart.</remarks>
internal readonly struct TransformF2 : IWinogradTransform
{
    public static int Outputs => 2;

    public static int Points => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Input(ref float from, nint fromStep, ref float to, nint toStep)
    {
        Vector<float> d0 = Vector.LoadUnsafe(ref from);
        Vector<float> d1 = Vector.LoadUnsafe(ref Unsafe.Add(ref from, fromStep));
        Vector<float> d2 = Vector.LoadUnsafe(ref Unsafe.Add(ref from, 2 * fromStep));
        Vector<float> d3 = Vector.LoadUnsafe(ref Unsafe.Add(ref from, 3 * fromStep));
        (d0 - d2).StoreUnsafe(ref to);
        (d2 + d1).StoreUnsafe(ref Unsafe.Add(ref to, toStep));
        (d2 - d1).StoreUnsafe(ref Unsafe.Add(ref to, 2 * toStep));
        (d3 - d1).StoreUnsafe(ref Unsafe.Add(ref to, 3 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Weight(ref float from, nint fromStep, ref float to, nint toStep)
    {
        Vector<float> g0 = Vector.LoadUnsafe(ref from);
        Vector<float> g1 = Vector.LoadUnsafe(ref Unsafe.Add(ref from, fromStep));
        Vector<float> g2 = Vector.LoadUnsafe(ref Unsafe.Add(ref from, 2 * fromStep));
        Vector<float> outer = (g0 + g2) * new Vector<float>(0.5f);
        Vector<float> middle = g1 * new Vector<float>(0.5f);
        g0.StoreUnsafe(ref to);
        (outer + middle).StoreUnsafe(ref Unsafe.Add(ref to, toStep));
        (outer - middle).StoreUnsafe(ref Unsafe.Add(ref to, 2 * toStep));
        g2.StoreUnsafe(ref Unsafe.Add(ref to, 3 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Output(ref float from, nint fromStep, ref float to, nint toStep)
    {
        Vector<float> p1 = Vector.LoadUnsafe(ref Unsafe.Add(ref from, fromStep));
        Vector<float> p2 = Vector.LoadUnsafe(ref Unsafe.Add(ref from, 2 * fromStep));
        (Vector.LoadUnsafe(ref from) + p1 + p2).StoreUnsafe(ref to);
        (p1 - p2 + Vector.LoadUnsafe(ref Unsafe.Add(ref from, 3 * fromStep))).StoreUnsafe(ref Unsafe.Add(ref to, toStep));
    }
}
