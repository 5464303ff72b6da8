using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Elementwise;

/// <summary>
/// A differentiable function of one number, applied to each element of a tensor. Implement it as a readonly struct: loops are then compiled
/// for it, with no call in them.
/// </summary>
public interface IElementFunction
{
    /// <summary>y = f(x), lane by lane: a lane's result must depend on that lane alone.</summary>
    /// <param name="x">The arguments.</param>
    Vector<float> Value(Vector<float> x);

    /// <summary>dy/dx, lane by lane.</summary>
    /// <param name="x">The arguments.</param>
    /// <param name="y">The values at these arguments.</param>
    Vector<float> Slope(Vector<float> x, Vector<float> y);

    /// <summary>f(x) by the plainest formula, in any precision: what tests compare with.</summary>
    /// <typeparam name="T">The number type.</typeparam>
    /// <param name="x">The argument.</param>
    T Reference<T>(T x)
        where T : IFloatingPointIeee754<T>;
}
