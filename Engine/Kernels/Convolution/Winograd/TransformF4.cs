using System.Numerics;
using System.Runtime.CompilerServices;

namespace ManagedDyn.Engine.Kernels.Convolution.Winograd;

/// <summary>F(4, 3) at the points 0, 1, −1, 2, −2 and ∞.</summary>
/// <remarks>References are used without bounds checks: each method touches as many vectors as its interface says, a step apart.</remarks>
internal readonly struct TransformF4 : IWinogradTransform
{
    public static int Outputs => 4;

    public static int Points => 6;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Input(ref float from, nint fromStep, ref float to, nint toStep)
    {
        Vector<float> d0 = Vector.LoadUnsafe(ref from);
        Vector<float> d1 = Vector.LoadUnsafe(ref Unsafe.Add(ref from, fromStep));
        Vector<float> d2 = Vector.LoadUnsafe(ref Unsafe.Add(ref from, 2 * fromStep));
        Vector<float> d3 = Vector.LoadUnsafe(ref Unsafe.Add(ref from, 3 * fromStep));
        Vector<float> d4 = Vector.LoadUnsafe(ref Unsafe.Add(ref from, 4 * fromStep));
        Vector<float> d5 = Vector.LoadUnsafe(ref Unsafe.Add(ref from, 5 * fromStep));
        Vector<float> even = Vector.MultiplyAddEstimate(d2, new Vector<float>(-4f), d4);
        Vector<float> odd = Vector.MultiplyAddEstimate(d1, new Vector<float>(-4f), d3);
        Vector<float> evenTwo = d4 - d2;
        Vector<float> oddTwo = d3 - d1;
        Vector<float> first = Vector.MultiplyAddEstimate(d0 - d2, new Vector<float>(4f), evenTwo);
        Vector<float> last = Vector.MultiplyAddEstimate(d1 - d3, new Vector<float>(4f), d5 - d3);
        first.StoreUnsafe(ref to);
        (even + odd).StoreUnsafe(ref Unsafe.Add(ref to, toStep));
        (even - odd).StoreUnsafe(ref Unsafe.Add(ref to, 2 * toStep));
        Vector.MultiplyAddEstimate(oddTwo, new Vector<float>(2f), evenTwo).StoreUnsafe(ref Unsafe.Add(ref to, 3 * toStep));
        Vector.MultiplyAddEstimate(oddTwo, new Vector<float>(-2f), evenTwo).StoreUnsafe(ref Unsafe.Add(ref to, 4 * toStep));
        last.StoreUnsafe(ref Unsafe.Add(ref to, 5 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Weight(ref float from, nint fromStep, ref float to, nint toStep)
    {
        Vector<float> g0 = Vector.LoadUnsafe(ref from);
        Vector<float> g1 = Vector.LoadUnsafe(ref Unsafe.Add(ref from, fromStep));
        Vector<float> g2 = Vector.LoadUnsafe(ref Unsafe.Add(ref from, 2 * fromStep));
        Vector<float> outer = (g0 + g2) * new Vector<float>(-1f / 6f);
        Vector<float> middle = g1 * new Vector<float>(1f / 6f);
        Vector<float> outerTwo = Vector.MultiplyAddEstimate(g0, new Vector<float>(1f / 24f), g2 * new Vector<float>(1f / 6f));
        Vector<float> middleTwo = g1 * new Vector<float>(1f / 12f);
        (g0 * new Vector<float>(0.25f)).StoreUnsafe(ref to);
        (outer - middle).StoreUnsafe(ref Unsafe.Add(ref to, toStep));
        (outer + middle).StoreUnsafe(ref Unsafe.Add(ref to, 2 * toStep));
        (outerTwo + middleTwo).StoreUnsafe(ref Unsafe.Add(ref to, 3 * toStep));
        (outerTwo - middleTwo).StoreUnsafe(ref Unsafe.Add(ref to, 4 * toStep));
        g2.StoreUnsafe(ref Unsafe.Add(ref to, 5 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Output(ref float from, nint fromStep, ref float to, nint toStep)
    {
        Vector<float> p1 = Vector.LoadUnsafe(ref Unsafe.Add(ref from, fromStep));
        Vector<float> p2 = Vector.LoadUnsafe(ref Unsafe.Add(ref from, 2 * fromStep));
        Vector<float> p3 = Vector.LoadUnsafe(ref Unsafe.Add(ref from, 3 * fromStep));
        Vector<float> p4 = Vector.LoadUnsafe(ref Unsafe.Add(ref from, 4 * fromStep));
        Vector<float> even = p1 + p2;
        Vector<float> odd = p1 - p2;
        Vector<float> evenTwo = p3 + p4;
        Vector<float> oddTwo = p3 - p4;
        (Vector.LoadUnsafe(ref from) + even + evenTwo).StoreUnsafe(ref to);
        Vector.MultiplyAddEstimate(oddTwo, new Vector<float>(2f), odd).StoreUnsafe(ref Unsafe.Add(ref to, toStep));
        Vector.MultiplyAddEstimate(evenTwo, new Vector<float>(4f), even).StoreUnsafe(ref Unsafe.Add(ref to, 2 * toStep));
        Vector<float> last = Vector.LoadUnsafe(ref Unsafe.Add(ref from, 5 * fromStep)) + odd;
        Vector.MultiplyAddEstimate(oddTwo, new Vector<float>(8f), last).StoreUnsafe(ref Unsafe.Add(ref to, 3 * toStep));
    }
}
