using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Elementwise;

/// <summary>
/// A differentiable function of two numbers, applied to the elements of two tensors that meet. Implement it as a readonly struct: loops are
/// then compiled for it, with no call in them.
/// </summary>
public interface IPairFunction
{
    /// <summary>y = f(a, b), lane by lane: a lane's result must depend on that lane alone.</summary>
    /// <param name="a">The left arguments.</param>
    /// <param name="b">The right arguments.</param>
    Vector<float> Value(Vector<float> a, Vector<float> b);

    /// <summary>g · ∂y/∂a, lane by lane.</summary>
    /// <param name="gradient">g, the gradient with respect to the value.</param>
    /// <param name="a">The left arguments.</param>
    /// <param name="b">The right arguments.</param>
    Vector<float> LeftGradient(Vector<float> gradient, Vector<float> a, Vector<float> b);

    /// <summary>g · ∂y/∂b, lane by lane.</summary>
    /// <param name="gradient">g, the gradient with respect to the value.</param>
    /// <param name="a">The left arguments.</param>
    /// <param name="b">The right arguments.</param>
    Vector<float> RightGradient(Vector<float> gradient, Vector<float> a, Vector<float> b);

    /// <summary>f(a, b) by the plainest formula, in any precision: what tests compare with.</summary>
    /// <typeparam name="T">The number type.</typeparam>
    /// <param name="a">The left argument.</param>
    /// <param name="b">The right argument.</param>
    T Reference<T>(T a, T b)
        where T : IFloatingPointIeee754<T>;
}
