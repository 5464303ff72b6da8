using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Reduction;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Sums, means and variances over neighbouring dimensions, in fixed chunks along a fixed tree.</summary>
public static class ReduceOperator
{
    /// <summary>The sum of all elements.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x.</param>
    /// <returns>[1].</returns>
    public static Tensor Sum(this Context context, Tensor input) => context.Sum(Flat(input), 0);

    /// <summary>The sum over some neighbouring dimensions.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x.</param>
    /// <param name="axis">The first dimension; negative values count from the end.</param>
    /// <param name="count">How many dimensions.</param>
    /// <param name="keep">Whether they stay, with extent 1. A result without dimensions has shape [1] anyway.</param>
    /// <exception cref="ArgumentException">There are no such dimensions, or nothing to reduce.</exception>
    public static Tensor Sum(this Context context, Tensor input, int axis, int count = 1, bool keep = false) =>
        Run(context, input, new AxisRange(input.Shape, axis, count), 1f, default, isSquare: false, keep);

    /// <summary>The mean of all elements.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x.</param>
    /// <returns>[1].</returns>
    public static Tensor Mean(this Context context, Tensor input) => context.Mean(Flat(input), 0);

    /// <summary>The mean over some neighbouring dimensions.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x.</param>
    /// <param name="axis">The first dimension; negative values count from the end.</param>
    /// <param name="count">How many dimensions.</param>
    /// <param name="keep">Whether they stay, with extent 1.</param>
    /// <exception cref="ArgumentException">There are no such dimensions, or nothing to reduce.</exception>
    public static Tensor Mean(this Context context, Tensor input, int axis, int count = 1, bool keep = false)
    {
        AxisRange range = new(input.Shape, axis, count);
        return Run(context, input, range, 1f / range.Length, default, isSquare: false, keep);
    }

    /// <summary>Σ x² over all elements, such as the decay of weights.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x.</param>
    /// <returns>[1].</returns>
    public static Tensor SumOfSquares(this Context context, Tensor input) => context.SumOfSquares(Flat(input), 0);

    /// <summary>Σ x² over some neighbouring dimensions.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x.</param>
    /// <param name="axis">The first dimension; negative values count from the end.</param>
    /// <param name="count">How many dimensions.</param>
    /// <param name="keep">Whether they stay, with extent 1.</param>
    /// <exception cref="ArgumentException">There are no such dimensions, or nothing to reduce.</exception>
    public static Tensor SumOfSquares(this Context context, Tensor input, int axis, int count = 1, bool keep = false) =>
        Run(context, input, new AxisRange(input.Shape, axis, count), 1f, default, isSquare: true, keep);

    /// <summary>The variance Σ (x − mean)² / (n − correction) over some neighbouring dimensions.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x.</param>
    /// <param name="axis">The first dimension; negative values count from the end.</param>
    /// <param name="count">How many dimensions.</param>
    /// <param name="correction">0: the biased variance; 1: the unbiased one.</param>
    /// <param name="keep">Whether the dimensions stay, with extent 1.</param>
    /// <exception cref="ArgumentException">There are no such dimensions, or not more elements than the correction.</exception>
    public static Tensor Variance(this Context context, Tensor input, int axis, int count = 1, int correction = 0, bool keep = false)
    {
        AxisRange range = new(input.Shape, axis, count);
        if (correction is not (0 or 1) || range.Length <= correction)
        {
            throw new ArgumentException($"A variance of {range.Length} values with correction {correction} was asked for; expected 0 or 1, and more values.", nameof(correction));
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor mean = context.Workspace.Rent(new Shape(range.Outer, range.Inner));
        Compute(context, input, range, 1f / range.Length, default, isSquare: false, mean);
        return scope.Keep(Run(context, input, range, 1f / (range.Length - correction), mean, isSquare: true, keep));
    }

    private static Tensor Flat(Tensor input) => input.Reshape(new Shape(input.Count));

    private static Tensor Run(Context context, Tensor input, AxisRange range, float factor, Tensor middle, bool isSquare, bool keep)
    {
        Shape shape = range.Reduced(input.Shape, keep);
        Tensor output = context.Workspace.Rent(shape.Rank == 0 ? new Shape(1) : shape);
        Compute(context, input, range, factor, middle, isSquare, output);
        if (context.Records(input))
        {
            context.Tape!.Record(new ReduceEntry(context, input, range, isSquare ? 2f * factor : factor, middle, isSquare, output));
        }

        return output;
    }

    private static void Compute(Context context, Tensor input, AxisRange range, float factor, Tensor middle, bool isSquare, Tensor output)
    {
        RowChunks chunks = new(range.Length, range.Inner);
        if (chunks.Count <= 1)
        {
            RowChunks outer = new(range.Outer, range.Length * range.Inner);
            context.Workers.Run(outer.Count, new WholeWork(input, range, middle, isSquare, factor, output, outer));
            return;
        }

        Tensor parts = context.Workspace.Rent(new Shape(range.Outer * chunks.Count, range.Inner));
        context.Workers.Run(parts.Shape[0], new ChunkWork(input, range, middle, isSquare, parts, chunks));
        for (int o = 0; o < range.Outer; o++)
        {
            Span<float> sums = parts.Rows(o * chunks.Count, chunks.Count).Span;
            FixedTree.Sum(sums, chunks.Count, range.Inner);
            Span<float> target = output.Span.Slice(o * range.Inner, range.Inner);
            for (int i = 0; i < target.Length; i++)
            {
                target[i] = sums[i] * factor;
            }
        }

        context.Workspace.Recycle(parts.Storage);
    }

    private static ReadOnlySpan<float> Middle(Tensor middle, int outer, int inner) =>
        middle.Exists ? middle.Span.Slice(outer * inner, inner) : default;

    private readonly struct WholeWork(
        Tensor input, AxisRange range, Tensor middle, bool isSquare, float factor, Tensor output, RowChunks chunks) : IParallelWork
    {
        public void Execute(int part)
        {
            int block = range.Length * range.Inner;
            for (int o = chunks.From(part); o < chunks.To(part); o++)
            {
                Span<float> target = output.Span.Slice(o * range.Inner, range.Inner);
                AxisSum.Run(
                    input.Span.Slice(o * block, block), range.Inner, 0, range.Length, Middle(middle, o, range.Inner), isSquare, target);
                for (int i = 0; i < target.Length; i++)
                {
                    target[i] *= factor;
                }
            }
        }
    }

    private readonly struct ChunkWork(Tensor input, AxisRange range, Tensor middle, bool isSquare, Tensor parts, RowChunks chunks) : IParallelWork
    {
        public void Execute(int part)
        {
            int o = part / chunks.Count;
            int chunk = part - (o * chunks.Count);
            int block = range.Length * range.Inner;
            AxisSum.Run(
                input.Span.Slice(o * block, block), range.Inner, chunks.From(chunk), chunks.To(chunk), Middle(middle, o, range.Inner), isSquare,
                parts.Rows(part, 1).Span);
        }
    }
}
