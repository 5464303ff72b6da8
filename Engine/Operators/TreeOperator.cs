using System;
using System.Numerics;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Trees;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Complete binary trees of soft decisions (Frosst and Hinton, "Distilling a neural network into a soft decision tree", 2017, section 2). Nodes are numbered
/// breadth first from 0, with the children 2i + 1 (left) and 2i + 2 (right) of node i; leaves come last, left to right.
/// </summary>
public static class TreeOperator
{
    private const int RowsAPart = 8;

    /// <summary>
    /// The probabilities of coming to each node: r₀ = 1, r_{2i+1} = r_i (1 − p_i), r_{2i+2} = r_i p_i. Those of the leaves add up to 1. No MACs are counted.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="right">p, the probability of going right at each inner node, [N, 2^depth − 1].</param>
    /// <returns>r, [N, 2^(depth + 1) − 1].</returns>
    /// <exception cref="ArgumentException">The shape is not that of a complete tree.</exception>
    public static Tensor TreeReach(this Context context, Tensor right)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (right.Shape.Rank != 2 || !BitOperations.IsPow2(right.Shape[1] + 1))
        {
            throw new ArgumentException($"The decisions have shape {right.Shape}; expected [N, 2^depth − 1].", nameof(right));
        }

        int inner = right.Shape[1];
        int nodes = checked((2 * inner) + 1);
        Tensor reach = context.Workspace.Rent(right.Shape.With(1, nodes));
        for (int row = 0; row < right.Shape[0]; row++)
        {
            Kernels.Trees.TreeReach.Forward(right.Span.Slice(row * inner, inner), reach.Span.Slice(row * nodes, nodes));
        }

        if (context.Records(right))
        {
            context.Tape!.Record(new Entry(context, right, reach));
        }

        return reach;
    }

    /// <summary>
    /// The leaf of the greatest path probability for each sample, with the decisions p = σ(β(w·x + b)); only the decisions that it takes to know it are
    /// computed and counted: one a level where the tree is sure. Not differentiable.
    /// </summary>
    /// <param name="context">The context. Dense MACs are those of all decisions.</param>
    /// <param name="input">x, [N, features].</param>
    /// <param name="weight">w, [2^depth − 1, features].</param>
    /// <param name="bias">b, [2^depth − 1].</param>
    /// <param name="beta">β, above 0.</param>
    /// <param name="probabilities">Takes the path probability of the leaf, [N]; none: it is not asked for.</param>
    /// <returns>A row for each sample over the 2^depth leaves, with one index.</returns>
    /// <exception cref="ArgumentException">Shapes do not fit each other.</exception>
    public static Selection TreeLeaf(this Context context, Tensor input, Tensor weight, Tensor bias, float beta = 1, Tensor probabilities = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (input.Shape.Rank != 2 || weight.Shape.Rank != 2 || input.Shape[1] != weight.Shape[1] || bias.Shape != new Shape(weight.Shape[0]) || !BitOperations.IsPow2(bias.Count + 1) || bias.Count == 0)
        {
            throw new ArgumentException(
                $"The input has shape {input.Shape}, the weight {weight.Shape}, the bias {bias.Shape}; expected [N, features], [2^depth − 1, features] and [2^depth − 1].", nameof(weight));
        }

        if (!(beta > 0 && float.IsFinite(beta)))
        {
            throw new ArgumentOutOfRangeException(nameof(beta), beta, "Expected an inverse temperature above 0.");
        }

        int samples = input.Shape[0];
        if (probabilities.Exists && probabilities.Shape != new Shape(samples))
        {
            throw new ArgumentException($"There is room for probabilities of shape {probabilities.Shape}; expected [{samples}].", nameof(probabilities));
        }

        context.ThrowIfCancelled();
        int leaves = weight.Shape[0] + 1;
        Storage<int> found = context.Workspace.RentIntegers(Math.Max(1, samples));
        Storage<int> opened = context.Workspace.RentIntegers(Math.Max(1, samples));
        int parts = (samples + RowsAPart - 1) / RowsAPart;
        Storage<int> numbers = context.Workspace.RentIntegers(Math.Max(1, parts * leaves));
        Storage<float> reach = context.Workspace.RentFloats(Math.Max(1, parts * leaves));
        context.Workers.Run(parts, new SearchWork(input, weight, bias, beta, found, opened, numbers, reach, probabilities));
        long features = input.Shape[1];
        SelectionWriter writer = new(context.Workspace, samples, leaves, samples);
        for (int row = 0; row < samples; row++)
        {
            writer.Add(found.Slice(row, 1)[0]);
            writer.EndRow();
            context.CountRow(row, opened.Slice(row, 1)[0] * features, (leaves - 1) * features);
        }

        return writer.Finish();
    }

    private readonly struct SearchWork(
        Tensor input, Tensor weight, Tensor bias, float beta, Storage<int> found, Storage<int> opened, Storage<int> numbers, Storage<float> reach, Tensor probabilities) : IParallelWork
    {
        public void Execute(int part)
        {
            int features = input.Shape[1];
            int leaves = bias.Count + 1;
            int last = Math.Min(input.Shape[0], (part + 1) * RowsAPart);
            for (int row = part * RowsAPart; row < last; row++)
            {
                found.Slice(row, 1)[0] = TreeSearch.Run(
                    input.Span.Slice(row * features, features), weight.Span, bias.Span, beta, numbers.Slice(part * leaves, leaves), reach.Slice(part * leaves, leaves), out float probability, out int count);
                opened.Slice(row, 1)[0] = count;
                if (probabilities.Exists)
                {
                    probabilities.Span[row] = probability;
                }
            }
        }
    }

    private sealed class Entry(Context context, Tensor right, Tensor reach) : TapeEntry(reach)
    {
        private readonly Tensor _reach = reach;

        public override void Backward(Gradients gradients)
        {
            Tensor gradient = gradients.Of(_reach);
            Tensor target = gradients.Into(right, out bool accumulate);
            int inner = right.Shape[1];
            int nodes = _reach.Shape[1];
            Tensor scratch = context.Workspace.Rent(new Shape(nodes));
            for (int row = 0; row < right.Shape[0]; row++)
            {
                Kernels.Trees.TreeReach.Backward(
                    right.Span.Slice(row * inner, inner),
                    _reach.Span.Slice(row * nodes, nodes),
                    gradient.Span.Slice(row * nodes, nodes),
                    scratch.Span,
                    target.Span.Slice(row * inner, inner),
                    accumulate);
            }

            context.Workspace.Recycle(scratch.Storage);
        }
    }
}
