using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Attending;

/// <summary>
/// A differentiable function of an element of a map, y = f(x; s, p₁ … p_P), where s belongs to the pixel and the p to the channel. Implement it
/// as a readonly struct: loops are then compiled for it.
/// </summary>
internal interface IChannelFunction
{
    /// <summary>y, lane by lane: a lane's result must depend on that lane alone.</summary>
    /// <param name="x">Channels side by side of one pixel.</param>
    /// <param name="weight">s in every lane; 1 where a map has none.</param>
    /// <param name="parameters">p₁ … p_P of these channels.</param>
    Vector<float> Value(Vector<float> x, Vector<float> weight, ReadOnlySpan<Vector<float>> parameters);

    /// <summary>g · ∂y/∂x; adds g · ∂y/∂pᵢ to the sums and tells g · ∂y/∂s. Where x, g and all p are 0 all of it must be 0.</summary>
    /// <param name="x">Channels side by side of one pixel.</param>
    /// <param name="weight">s in every lane.</param>
    /// <param name="parameters">p₁ … p_P of these channels.</param>
    /// <param name="gradient">g.</param>
    /// <param name="sums">A sum for each parameter.</param>
    /// <param name="weightGradient">g · ∂y/∂s, to be summed over the channels.</param>
    Vector<float> Gradient(
        Vector<float> x, Vector<float> weight, ReadOnlySpan<Vector<float>> parameters, Vector<float> gradient, Span<Vector<float>> sums, out Vector<float> weightGradient);

    /// <summary>y by the plainest formula, in any precision: what tests compare with.</summary>
    /// <typeparam name="T">The number type.</typeparam>
    /// <param name="x">x.</param>
    /// <param name="weight">s.</param>
    /// <param name="parameters">p₁ … p_P.</param>
    T Reference<T>(T x, T weight, ReadOnlySpan<T> parameters)
        where T : IFloatingPointIeee754<T>;
}
