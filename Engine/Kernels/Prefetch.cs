using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace ManagedDyn.Engine.Kernels;

/// <summary>
/// Asks for memory before it is read. Weights that come from the last cache or from memory are read once in a row: there the processor's own
/// look-ahead, which stops at each page, leaves the multiply–adds waiting, by up to half of the time where few rows share the weights.
/// </summary>
internal static class Prefetch
{
    /// <summary>Asks for the cache line some elements ahead. It is a hint: nothing is read, so the place need not exist.</summary>
    /// <param name="place">Where the reader is.</param>
    /// <param name="elements">How far ahead.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Line(ref float place, nint elements)
    {
        if (Sse.IsSupported)
        {
            // The address may be stale when the collector moves the array in between: then the hint is for nothing, and no harm is done.
            Sse.Prefetch0((float*)Unsafe.AsPointer(ref place) + elements);
        }
    }

    /// <summary>As <see cref="Line"/>, but for the second cache: what is read later than the first one would keep it.</summary>
    /// <param name="place">Where the reader is.</param>
    /// <param name="elements">How far ahead.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void LaterLine(ref float place, nint elements)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch1((float*)Unsafe.AsPointer(ref place) + elements);
        }
    }
}
