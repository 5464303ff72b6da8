using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Optimizing;

/// <summary>
/// One step of stochastic gradient descent with momentum μ (Sutskever et al., ICML 2013, in PyTorch's form): g ← s·g + λ·p, m ← μ·m + g,
/// p ← p − η·(g + μ·m) with Nesterov's momentum and p ← p − η·m without.
/// </summary>
public static class MomentumUpdate
{
    /// <summary>Updates values and momentum.</summary>
    /// <param name="values">p.</param>
    /// <param name="gradients">g, as long as the values.</param>
    /// <param name="momentum">m, as long as the values; unused and may be empty when μ is 0.</param>
    /// <param name="rate">η.</param>
    /// <param name="scale">s.</param>
    /// <param name="decay">λ.</param>
    /// <param name="inertia">μ.</param>
    /// <param name="isNesterov">Whether the momentum is Nesterov's.</param>
    /// <exception cref="ArgumentException">The lengths differ or are no multiple of the vector width.</exception>
    public static void Run(Span<float> values, ReadOnlySpan<float> gradients, Span<float> momentum, float rate, float scale, float decay, float inertia, bool isNesterov)
    {
        VectorCheck.Lengths(values.Length, gradients.Length, inertia == 0 ? values.Length : momentum.Length);
        Vector<float> minusRate = new(-rate);
        Vector<float> scaling = new(scale);
        Vector<float> decaying = new(decay);
        Vector<float> keep = new(inertia);
        for (int i = 0; i < values.Length; i += Vector<float>.Count)
        {
            Vector<float> value = new(values[i..]);
            Vector<float> step = Vector.MultiplyAddEstimate(decaying, value, scaling * new Vector<float>(gradients[i..]));
            if (inertia != 0)
            {
                Vector<float> moved = Vector.MultiplyAddEstimate(keep, new Vector<float>(momentum[i..]), step);
                moved.CopyTo(momentum[i..]);
                step = isNesterov ? Vector.MultiplyAddEstimate(keep, moved, step) : moved;
            }

            Vector.MultiplyAddEstimate(minusRate, step, value).CopyTo(values[i..]);
        }
    }

    /// <summary>The same, value by value.</summary>
    internal static void Reference<T>(Span<T> values, ReadOnlySpan<T> gradients, Span<T> momentum, T rate, T scale, T decay, T inertia, bool isNesterov)
        where T : IFloatingPointIeee754<T>
    {
        for (int i = 0; i < values.Length; i++)
        {
            T step = (scale * gradients[i]) + (decay * values[i]);
            if (inertia != T.Zero)
            {
                momentum[i] = (inertia * momentum[i]) + step;
                step = isNesterov ? step + (inertia * momentum[i]) : momentum[i];
            }

            values[i] -= rate * step;
        }
    }
}
