using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Trees;

/// <summary>
/// Finds the leaf that a sample most likely comes to in a complete binary tree with decisions p = 1 / (1 + exp(−β(w·x + b))) for the right child, and
/// computes only the decisions that this takes: the node of the highest probability is opened until it is a leaf. No other leaf can be more likely, as
/// probabilities only fall on the way down. A tree that is sure of itself opens one node a level.
/// </summary>
internal static class TreeSearch
{
    /// <summary>The most likely leaf; of equals the leftmost.</summary>
    /// <param name="input">x, the features of one sample.</param>
    /// <param name="weight">w of each inner node, breadth first, [nodes, features].</param>
    /// <param name="bias">b of each inner node.</param>
    /// <param name="beta">β, above 0.</param>
    /// <param name="numbers">Scratch for as many numbers as there are leaves.</param>
    /// <param name="reach">Scratch for as many probabilities as there are leaves.</param>
    /// <param name="probability">The probability of the leaf found.</param>
    /// <param name="opened">How many decisions were computed.</param>
    /// <returns>The leaf, from 0, left to right.</returns>
    public static int Run(
        ReadOnlySpan<float> input, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, float beta, Span<int> numbers, Span<float> reach, out float probability, out int opened)
    {
        int inner = bias.Length;
        if (!BitOperations.IsPow2(inner + 1) || weight.Length != (long)inner * input.Length || numbers.Length != inner + 1 || reach.Length != inner + 1)
        {
            throw new ArgumentException(
                $"A tree of {inner} decisions over {input.Length} features was given {weight.Length} weights and room for {numbers.Length} and {reach.Length} nodes; expected 2^depth − 1 decisions, {(long)inner * input.Length} weights and room for {inner + 1}.", nameof(weight));
        }

        int depth = BitOperations.Log2((uint)(inner + 1));
        int count = 1;
        numbers[0] = 0;
        reach[0] = 1;
        opened = 0;
        while (true)
        {
            int best = 0;
            for (int i = 1; i < count; i++)
            {
                if (reach[i] > reach[best] || (reach[i] == reach[best] && FirstLeaf(numbers[i], depth) < FirstLeaf(numbers[best], depth)))
                {
                    best = i;
                }
            }

            int node = numbers[best];
            if (node >= inner)
            {
                probability = reach[best];
                return node - inner;
            }

            opened++;
            float score = beta * (Dot(input, weight.Slice(node * input.Length, input.Length)) + bias[node]);
            float exponential = MathF.Exp(-MathF.Abs(score));
            float right = (score >= 0 ? 1 : exponential) / (1 + exponential);
            float outer = reach[best];
            numbers[best] = (2 * node) + 1;
            reach[best] = outer * (1 - right);
            numbers[count] = (2 * node) + 2;
            reach[count++] = outer * right;
        }
    }

    /// <summary>x·w over vectors side by side, always in the same order: the four sums of a decision hide what one chain would wait for.</summary>
    public static float Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        int width = Vector<float>.Count;
        Vector<float> first = default, second = default, third = default, fourth = default;
        int i = 0;
        for (; i <= left.Length - (4 * width); i += 4 * width)
        {
            first = Vector.MultiplyAddEstimate(new Vector<float>(left[i..]), new Vector<float>(right[i..]), first);
            second = Vector.MultiplyAddEstimate(new Vector<float>(left[(i + width)..]), new Vector<float>(right[(i + width)..]), second);
            third = Vector.MultiplyAddEstimate(new Vector<float>(left[(i + (2 * width))..]), new Vector<float>(right[(i + (2 * width))..]), third);
            fourth = Vector.MultiplyAddEstimate(new Vector<float>(left[(i + (3 * width))..]), new Vector<float>(right[(i + (3 * width))..]), fourth);
        }

        for (; i < left.Length; i += width)
        {
            int lanes = Math.Min(width, left.Length - i);
            first = Vector.MultiplyAddEstimate(PartialVector.Load(left, i, lanes, 0), PartialVector.Load(right, i, lanes, 0), first);
        }

        return Vector.Sum((first + second) + (third + fourth));
    }

    private static int FirstLeaf(int node, int depth)
    {
        int level = BitOperations.Log2((uint)(node + 1));
        return (node + 1 - (1 << level)) << (depth - level);
    }
}
