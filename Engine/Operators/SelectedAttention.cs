using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.MatrixMultiply;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Attention to selected keys, for inference: only these are projected, scored and mixed. The bits are those of attention to all keys in which
/// the others get no weight, because the softmax runs over rows of full width and a product with a weight of 0 adds nothing.
/// </summary>
internal static class SelectedAttention
{
    /// <summary>softmax(q · kᵀ) · v over the selected keys of each sample.</summary>
    /// <param name="context">The context; it has no tape.</param>
    /// <param name="query">Scaled queries, [N, heads, L, D].</param>
    /// <param name="memory">What keys and values are made from, [N, S, E].</param>
    /// <param name="inputWeight">The projections of query, key and value, [3 · E, E].</param>
    /// <param name="inputBias">[3 · E]; none: zeros.</param>
    /// <param name="keys">The keys, a row over S for each sample.</param>
    /// <param name="isCausal">Whether query i attends to keys up to i only.</param>
    /// <param name="attention">The weights of the keys, [N, heads, L, S]; 0 where a key is not selected.</param>
    /// <returns>[N, heads, L, D].</returns>
    public static Tensor Mix(
        Context context, Tensor query, Tensor memory, Tensor inputWeight, Tensor inputBias, Selection keys, bool isCausal, out Tensor attention)
    {
        Shape shape = query.Shape;
        (int samples, int heads, int length) = (shape[0], shape[1], shape[2]);
        Tensor k = Project(context, memory, inputWeight, inputBias, 1, keys);
        Tensor v = Project(context, memory, inputWeight, inputBias, 2, keys);
        Tensor scores = context.Workspace.Rent(new Shape(samples, heads, length, keys.Universe));
        scores.Span.Fill(float.NegativeInfinity);
        for (int sample = 0; sample < samples; sample++)
        {
            Score(context, query.Rows(sample, 1), k, scores.Rows(sample, 1), keys, sample, isCausal);
        }

        attention = context.Softmax(scores);
        Tensor mixed = context.Workspace.Rent(shape);
        for (int sample = 0; sample < samples; sample++)
        {
            MixSample(context, attention.Rows(sample, 1), v, mixed.Rows(sample, 1), keys, sample);
        }

        return mixed;
    }

    private static Tensor Project(Context context, Tensor memory, Tensor weight, Tensor bias, int part, Selection keys)
    {
        int width = memory.Shape[2];
        Conv2dSelection rows = new() { Pixels = keys, CompactPixels = true };
        return context.Linear(memory, weight.Rows(part * width, width), bias.Exists ? bias.Rows(part * width, width) : default, in rows);
    }

    private static void Score(Context context, Tensor query, Tensor k, Tensor scores, Selection keys, int sample, bool isCausal)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        ReadOnlySpan<int> chosen = keys.Row(sample);
        (int heads, int length, int depth) = (query.Shape[1], query.Shape[2], query.Shape[3]);
        Tensor own = ByHead(context, k, keys, sample, heads);
        Tensor compact = context.Workspace.Rent(new Shape(heads, length, chosen.Length));
        MultiplyShape product = new(length, depth, chosen.Length) { TransposesRight = true };
        MultiplyWork.Run(context, in product, heads, query, own, compact, accumulate: false);
        Span<float> from = compact.Span;
        Span<float> to = scores.Span;
        for (int row = 0; row < heads * length; row++)
        {
            for (int i = 0; i < chosen.Length && (!isCausal || chosen[i] <= row % length); i++)
            {
                to[(row * keys.Universe) + chosen[i]] = from[(row * chosen.Length) + i];
            }
        }

        // Scores and the mixing that follows.
        long perKey = 2L * heads * length * depth;
        context.CountRow(sample, perKey * chosen.Length, perKey * keys.Universe);
    }

    private static void MixSample(Context context, Tensor attention, Tensor v, Tensor mixed, Selection keys, int sample)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        ReadOnlySpan<int> chosen = keys.Row(sample);
        (int heads, int length, int depth) = (mixed.Shape[1], mixed.Shape[2], mixed.Shape[3]);
        Tensor own = ByHead(context, v, keys, sample, heads);
        Tensor compact = context.Workspace.Rent(new Shape(heads, length, chosen.Length));
        Span<float> from = attention.Span;
        Span<float> to = compact.Span;
        for (int row = 0; row < heads * length; row++)
        {
            for (int i = 0; i < chosen.Length; i++)
            {
                to[(row * chosen.Length) + i] = from[(row * keys.Universe) + chosen[i]];
            }
        }

        MultiplyShape product = new(length, chosen.Length, depth);
        MultiplyWork.Run(context, in product, heads, compact, own, mixed, accumulate: false);
    }

    // A sample's rows of [selected keys, E] as [heads, keys, D].
    private static Tensor ByHead(Context context, Tensor projected, Selection keys, int sample, int heads)
    {
        int count = keys.RowCount(sample);
        Tensor own = projected.Rows(keys.Offsets[sample], count);
        return context.Transpose(own.Reshape(new Shape(1, count, heads, projected.Shape[1] / heads)), 1, 2);
    }
}
