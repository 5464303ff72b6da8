using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Multi-head attention (Vaswani et al., NeurIPS 2017): softmax(q·kᵀ/√d)·v in each head, between linear projections. Built from other operators,
/// which bring their gradients and count their MACs.
/// </summary>
public static class AttentionOperator
{
    /// <summary>Attention of queries to keys, with PyTorch's weights.</summary>
    /// <param name="context">The context.</param>
    /// <param name="query">[N, L, E].</param>
    /// <param name="memory">What keys and values are made from, [N, S, E]; for self-attention the query again.</param>
    /// <param name="inputWeight">The projections of query, key and value one after the other, [3 · E, E].</param>
    /// <param name="inputBias">[3 · E]; none: zeros.</param>
    /// <param name="outputWeight">[E, E].</param>
    /// <param name="outputBias">[E]; none: zeros.</param>
    /// <param name="heads">The number of heads, which divides E.</param>
    /// <param name="attention">The weights of the keys, [N, heads, L, S]; each row adds up to 1.</param>
    /// <param name="keys">The keys that are attended to, a row over S for each sample, none of them empty; none: all.</param>
    /// <param name="isCausal">Whether query i attends to keys up to i only.</param>
    /// <returns>[N, L, E].</returns>
    /// <exception cref="ArgumentException">The shapes, the heads or the selection do not fit.</exception>
    public static Tensor MultiHeadAttention(
        this Context context,
        Tensor query,
        Tensor memory,
        Tensor inputWeight,
        Tensor inputBias,
        Tensor outputWeight,
        Tensor outputBias,
        int heads,
        out Tensor attention,
        Selection keys = default,
        bool isCausal = false)
    {
        Check(query, memory, inputWeight, heads, keys);
        int width = query.Shape[2];
        if (!keys.IsAll && context.Tape is null)
        {
            Tensor chosen = SelectedAttention.Mix(
                context, context.Scale(Heads(context, query, inputWeight, inputBias, 0, heads), 1f / MathF.Sqrt(width / heads)), memory,
                inputWeight, inputBias, keys, isCausal, out attention);
            return context.Linear(context.Transpose(chosen, 1, 2).Reshape(query.Shape), outputWeight, outputBias);
        }

        Tensor q = Heads(context, query, inputWeight, inputBias, 0, heads);
        Tensor k = Heads(context, memory, inputWeight, inputBias, 1, heads);
        Tensor v = Heads(context, memory, inputWeight, inputBias, 2, heads);
        Tensor scores = context.MatMul(context.Scale(q, 1f / MathF.Sqrt(width / heads)), k, transposesRight: true);
        if (!keys.IsAll)
        {
            // While a tape records, keys that are not selected are computed too and get no weight: their gradients need no rule of their own.
            // ln 1 = 0 where a key counts, ln 0 = −∞ where it does not.
            Tensor shift = context.Log(context.MaskOf(keys));
            scores = context.Add(scores, shift.Reshape(new Shape(keys.Rows, 1, 1, keys.Universe)));
        }

        if (isCausal)
        {
            scores = context.Add(scores, Future(context, query.Shape[1], memory.Shape[1]));
        }

        attention = context.Softmax(scores);
        Tensor mixed = context.Transpose(context.MatMul(attention, v), 1, 2).Reshape(query.Shape);
        return context.Linear(mixed, outputWeight, outputBias);
    }

    // One of the three projections, [N, length, E], as [N, heads, length, E / heads].
    private static Tensor Heads(Context context, Tensor input, Tensor weight, Tensor bias, int part, int heads)
    {
        int width = input.Shape[2];
        Tensor partBias = bias.Exists ? bias.Rows(part * width, width) : default;
        Tensor projected = context.Linear(input, weight.Rows(part * width, width), partBias);
        return context.Transpose(projected.Reshape(new Shape(input.Shape[0], input.Shape[1], heads, width / heads)), 1, 2);
    }

    private static Tensor Future(Context context, int queries, int keys)
    {
        Tensor shift = context.Workspace.RentZeros(new Shape(queries, keys));
        for (int i = 0; i < queries; i++)
        {
            shift.Span.Slice(i * keys, keys)[Math.Min(i + 1, keys)..].Fill(float.NegativeInfinity);
        }

        return shift;
    }

    private static void Check(Tensor query, Tensor memory, Tensor inputWeight, int heads, Selection keys)
    {
        Shape q = query.Shape;
        Shape m = memory.Shape;
        if (q.Rank != 3 || m.Rank != 3 || m[0] != q[0] || m[2] != q[2])
        {
            throw new ArgumentException($"The query has shape {q} and the memory {m}; expected [N, L, E] and [N, S, E].", nameof(memory));
        }

        if (heads < 1 || q[2] % heads != 0)
        {
            throw new ArgumentException($"There are {heads} heads for a width of {q[2]}; expected a divisor of it.", nameof(heads));
        }

        if (inputWeight.Shape != new Shape(checked(3 * q[2]), q[2]))
        {
            throw new ArgumentException($"The input weight has shape {inputWeight.Shape}; expected [{3 * q[2]}, {q[2]}].", nameof(inputWeight));
        }

        if (keys.IsAll)
        {
            return;
        }

        if (keys.Rows != q[0] || keys.Universe != m[1])
        {
            throw new ArgumentException($"The keys are {keys}; expected {q[0]} rows of {m[1]}.", nameof(keys));
        }

        for (int row = 0; row < keys.Rows; row++)
        {
            if (keys.RowCount(row) == 0)
            {
                throw new ArgumentException($"Sample {row} has no key to attend to; expected at least one.", nameof(keys));
            }
        }
    }
}
