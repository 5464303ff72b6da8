using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>Channels that are computed together, in one register. Every channel is the same chain of multiply-adds, whatever the width.</summary>
internal interface IDepthwiseVector<TSelf>
    where TSelf : struct, IDepthwiseVector<TSelf>
{
    /// <summary>Channels, one or two vectors of the usual width.</summary>
    static abstract int Width { get; }

    static abstract TSelf Load(ref float source);

    /// <summary>value · weight + sum.</summary>
    static abstract TSelf MultiplyAdd(TSelf value, TSelf weight, TSelf sum);

    static abstract void Store(TSelf value, ref float target);
}

/// <summary>A vector of the usual width.</summary>
internal readonly struct DepthwiseVector(Vector<float> value) : IDepthwiseVector<DepthwiseVector>
{
    private readonly Vector<float> _value = value;

    public static int Width => Vector<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DepthwiseVector Load(ref float source) => new(Vector.LoadUnsafe(ref source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DepthwiseVector MultiplyAdd(DepthwiseVector value, DepthwiseVector weight, DepthwiseVector sum) =>
        new(Vector.MultiplyAddEstimate(value._value, weight._value, sum._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(DepthwiseVector value, ref float target) => value._value.StoreUnsafe(ref target);
}

/// <summary>Two of them in one register, where the processor has such: half the instructions, and each line of the cache is asked for once.</summary>
internal readonly struct WideDepthwiseVector(Vector512<float> value) : IDepthwiseVector<WideDepthwiseVector>
{
    private readonly Vector512<float> _value = value;

    public static bool IsSupported => Vector512.IsHardwareAccelerated && 2 * Vector<float>.Count == Vector512<float>.Count;

    public static int Width => Vector512<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDepthwiseVector Load(ref float source) => new(Vector512.LoadUnsafe(ref source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDepthwiseVector MultiplyAdd(WideDepthwiseVector value, WideDepthwiseVector weight, WideDepthwiseVector sum) =>
        new(Vector512.MultiplyAddEstimate(value._value, weight._value, sum._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(WideDepthwiseVector value, ref float target) => value._value.StoreUnsafe(ref target);
}
