using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Gating;

/// <summary>
/// The arithmetic of adaptive computation time for one unit (a sample or a pixel): the weight of a step, and the weighted sum of states. Relaxed and hard
/// forms both go through it, so that they agree bit for bit.
/// </summary>
public static class HaltingKernel
{
    /// <summary>
    /// The weight of a step: its score h, or what is left of 1 when the unit halts here, because the sum of scores reaches 1 − ε or no step follows.
    /// </summary>
    /// <param name="sum">The sum of scores of the steps before; grows by h unless the unit halts.</param>
    /// <param name="score">h; not looked at in the last step.</param>
    /// <param name="isLast">Whether no step follows.</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="weight">The weight.</param>
    /// <returns>Whether the unit halts.</returns>
    public static bool Step(ref float sum, float score, bool isLast, float epsilon, out float weight)
    {
        if (isLast || sum + score >= 1 - epsilon)
        {
            weight = 1 - sum;
            return true;
        }

        weight = score;
        sum += score;
        return false;
    }

    /// <summary>output ← weight · state for the first step, output ← output + weight · state for those that follow.</summary>
    /// <param name="weight">The step's weight.</param>
    /// <param name="state">The step's state.</param>
    /// <param name="output">As long as the state.</param>
    /// <param name="isFirst">Whether it is the first step.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Accumulate(float weight, ReadOnlySpan<float> state, Span<float> output, bool isFirst)
    {
        if (state.Length != output.Length)
        {
            throw new ArgumentException($"A state of {state.Length} values was to be added to {output.Length}.", nameof(state));
        }

        int i = 0;
        Vector<float> factor = new(weight);
        for (; i <= output.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> values = new(state[i..]);
            Vector<float> sum = isFirst ? factor * values : Vector.MultiplyAddEstimate(factor, values, new Vector<float>(output[i..]));
            sum.CopyTo(output[i..]);
        }

        for (; i < output.Length; i++)
        {
            output[i] = isFirst ? weight * state[i] : float.MultiplyAddEstimate(weight, state[i], output[i]);
        }
    }

    /// <summary>Σ a·b, in double precision and in order.</summary>
    /// <param name="left">a.</param>
    /// <param name="right">b, as long as a.</param>
    public static double Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        double sum = 0;
        for (int i = 0; i < left.Length; i++)
        {
            sum += (double)left[i] * right[i];
        }

        return sum;
    }
}
