using System;

namespace ManagedDyn.Engine.Kernels.Trees;

/// <summary>
/// The probabilities with which a sample comes to the nodes of a complete binary tree whose inner nodes send it right with probability p and left with
/// 1 − p. Nodes are numbered breadth first from 0: node i has the children 2i + 1 (left) and 2i + 2 (right), leaves come last, left to right.
/// </summary>
internal static class TreeReach
{
    /// <summary>r₀ = 1, r_{2i+1} = r_i (1 − p_i), r_{2i+2} = r_i p_i.</summary>
    /// <param name="right">p of each inner node.</param>
    /// <param name="reach">r of each node, inner ones and leaves: twice as many and one more.</param>
    public static void Forward(ReadOnlySpan<float> right, Span<float> reach)
    {
        Check(right.Length, reach.Length, nameof(reach));
        reach[0] = 1;
        for (int i = 0; i < right.Length; i++)
        {
            reach[(2 * i) + 1] = reach[i] * (1 - right[i]);
            reach[(2 * i) + 2] = reach[i] * right[i];
        }
    }

    /// <summary>The gradient of p: with G_i = g_i + (1 − p_i) G_{2i+1} + p_i G_{2i+2} it is r_i (G_{2i+2} − G_{2i+1}).</summary>
    /// <param name="right">p of each inner node.</param>
    /// <param name="reach">r of each node.</param>
    /// <param name="gradient">g of each node.</param>
    /// <param name="scratch">As many as there are nodes; it is overwritten.</param>
    /// <param name="target">The gradient of p.</param>
    /// <param name="accumulate">Whether it is added to what is there.</param>
    public static void Backward(ReadOnlySpan<float> right, ReadOnlySpan<float> reach, ReadOnlySpan<float> gradient, Span<float> scratch, Span<float> target, bool accumulate)
    {
        Check(right.Length, reach.Length, nameof(reach));
        Check(right.Length, gradient.Length, nameof(gradient));
        Check(right.Length, scratch.Length, nameof(scratch));
        Check(target.Length, reach.Length, nameof(target));
        gradient.CopyTo(scratch);
        for (int i = right.Length - 1; i >= 0; i--)
        {
            float left = scratch[(2 * i) + 1];
            float other = scratch[(2 * i) + 2];
            scratch[i] += ((1 - right[i]) * left) + (right[i] * other);
            float value = reach[i] * (other - left);
            target[i] = accumulate ? target[i] + value : value;
        }
    }

    private static void Check(int inner, int nodes, string name)
    {
        if (nodes != (2 * inner) + 1)
        {
            throw new ArgumentException($"There is room for {nodes} nodes of a tree of {inner} inner nodes; expected {(2 * inner) + 1}.", name);
        }
    }
}
