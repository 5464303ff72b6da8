using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.MatrixMultiply;
using ManagedDyn.Engine.Kernels.Softmax;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Self-attention between its projections, for inference: heads are read where they lie, and each is scored, weighed and mixed while it is near.</summary>
public static class ProjectedAttention
{
    /// <summary>softmax(q·kᵀ/√d)·v in each head: the bits of <see cref="AttentionOperator.MultiHeadAttention"/> between its linear layers.</summary>
    /// <param name="context">The context; it has no tape.</param>
    /// <param name="projected">Queries, keys and values of each token one after the other, [N, L, 3 · E]; the queries are scaled in place.</param>
    /// <param name="heads">The number of heads, which divides E.</param>
    /// <param name="attention">The weights of the keys, [N, heads, L, L].</param>
    /// <returns>[N, L, E].</returns>
    /// <exception cref="ArgumentException">The shape does not fit.</exception>
    /// <exception cref="InvalidOperationException">A tape records.</exception>
    public static Tensor MixHeads(this Context context, Tensor projected, int heads, out Tensor attention)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Tape is not null)
        {
            throw new InvalidOperationException("Attention that leaves nothing for gradients was asked for while a tape records.");
        }

        if (heads < 1 || projected.Shape.Rank != 3 || projected.Shape[2] % (3 * heads) != 0)
        {
            throw new ArgumentException($"The projections have shape {projected.Shape} for {heads} heads; expected [N, L, 3 · E] with E a multiple of the heads.", nameof(projected));
        }

        context.ThrowIfCancelled();
        (int samples, int length, int width) = (projected.Shape[0], projected.Shape[1], projected.Shape[2] / 3);
        attention = context.Workspace.Rent(new Shape(samples, heads, length, length));
        Tensor output = context.Workspace.Rent(new Shape(samples, length, width));
        HeadWork work = new(projected, heads, length, width, attention, output);
        Tensor scratch = context.Workspace.Rent(new Shape(samples * heads, work.ScratchLength));
        context.Workers.Run(samples * heads, work with { Scratch = scratch });
        context.Workspace.Recycle(scratch.Storage);
        if (samples > 0)
        {
            long macs = 2L * length * length * width;
            context.Count(samples, macs, macs);
        }

        return output;
    }

    private readonly record struct HeadWork(Tensor Projected, int Heads, int Length, int Width, Tensor Attention, Tensor Output) : IParallelWork
    {
        public Tensor Scratch { get; init; }

        public int ScratchLength => Math.Max(PlainMultiply.ScratchLength(Scores), PlainMultiply.ScratchLength(Mixing));

        private MultiplyShape Scores => new(Length, Width / Heads, Length) { LeftStride = 3 * Width, RightStride = 3 * Width, TransposesRight = true };

        private MultiplyShape Mixing => new(Length, Length, Width / Heads) { RightStride = 3 * Width, OutputStride = Width };

        public void Execute(int part)
        {
            (int sample, int head) = (part / Heads, part % Heads);
            int scratchLength = Scratch.Shape[1];
            int depth = Width / Heads;
            Span<float> all = Projected.Span.Slice(sample * Length * 3 * Width, Length * 3 * Width)[(head * depth)..];
            Span<float> weights = Attention.Span.Slice(part * Length * Length, Length * Length);
            Span<float> scratch = Scratch.Span.Slice(part * scratchLength, scratchLength);
            float factor = 1f / MathF.Sqrt(depth);
            for (int token = 0; token < Length; token++)
            {
                Span<float> query = all.Slice(token * 3 * Width, depth);
                System.Numerics.Tensors.TensorPrimitives.Multiply(query, factor, query);
            }

            Epilogue none = default;
            PlainMultiply.Multiply(Scores, all, all[Width..], weights, in none, scratch);
            if (Length > 0)
            {
                SoftmaxRow.ProbabilitiesOfRows(weights, Length);
            }

            Span<float> mixed = Output.Span.Slice(sample * Length * Width, Length * Width)[(head * depth)..];
            PlainMultiply.Multiply(Mixing, weights, all[(2 * Width)..], mixed, in none, scratch);
        }
    }
}
