using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Losses;
using ManagedDyn.Engine.Kernels.Reduction;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Losses that compare each prediction with its own target.</summary>
public static class ElementLossOperator
{
    /// <summary>−t log σ(x) − (1 − t) log (1 − σ(x)) of logits x, without overflow. Differentiable in both operands.</summary>
    /// <param name="context">The context.</param>
    /// <param name="logits">x.</param>
    /// <param name="targets">t, of the same shape, 0 to 1.</param>
    /// <param name="reduction">What becomes of the elements' losses.</param>
    /// <returns>[1], or a loss for each element when they stay apart.</returns>
    /// <exception cref="ArgumentException">Shapes differ, or a target is not in 0 to 1.</exception>
    public static Tensor BinaryCrossEntropy(
        this Context context, Tensor logits, Tensor targets, LossReduction reduction = LossReduction.Mean)
    {
        LossCheck.Same(logits, targets, nameof(targets));
        LossCheck.Within(targets.Span, 0f, 1f, "target");
        return Run<LogisticLoss>(context, logits, targets, reduction);
    }

    /// <summary>(x − t)². Differentiable in both operands.</summary>
    /// <param name="context">The context.</param>
    /// <param name="predictions">x.</param>
    /// <param name="targets">t, of the same shape.</param>
    /// <param name="reduction">What becomes of the elements' losses.</param>
    /// <returns>[1], or a loss for each element when they stay apart.</returns>
    /// <exception cref="ArgumentException">Shapes differ, or a target is not finite.</exception>
    public static Tensor MeanSquaredError(
        this Context context, Tensor predictions, Tensor targets, LossReduction reduction = LossReduction.Mean)
    {
        LossCheck.Same(predictions, targets, nameof(targets));
        LossCheck.Finite(targets.Span, "target");
        return Run<SquaredError>(context, predictions, targets, reduction);
    }

    private static Tensor Run<TLoss>(Context context, Tensor x, Tensor t, LossReduction reduction)
        where TLoss : struct, IElementLoss
    {
        bool apart = reduction == LossReduction.None;
        float scale = reduction == LossReduction.Mean ? 1f / Math.Max(1, x.Count) : 1f;
        Tensor output = context.Workspace.Rent(apart ? x.Shape : new Shape(1));
        RowChunks chunks = new(x.Count, 1);
        if (apart)
        {
            context.Workers.Run(chunks.Count, new WriteWork<TLoss>(x, t, output, chunks));
        }
        else
        {
            Tensor parts = context.Workspace.Rent(new Shape(Math.Max(1, chunks.Count)));
            context.Workers.Run(chunks.Count, new SumWork<TLoss>(x, t, parts, chunks));
            double sum = 0;
            foreach (float part in parts.Span[..chunks.Count])
            {
                sum += part;
            }

            output.Span[0] = (float)(sum * scale);
            context.Workspace.Recycle(parts.Storage);
        }

        if (context.Records(x) || context.Records(t))
        {
            context.Tape!.Record(new Entry<TLoss>(context, x, t, apart ? 1f : scale, apart, output));
        }

        return output;
    }

    private readonly struct SumWork<TLoss>(Tensor x, Tensor t, Tensor parts, RowChunks chunks) : IParallelWork
        where TLoss : struct, IElementLoss
    {
        public void Execute(int part) =>
            parts.Span[part] = (float)ElementLoss.Sum<TLoss>(x.Span[chunks.From(part)..chunks.To(part)], t.Span[chunks.From(part)..chunks.To(part)]);
    }

    private readonly struct WriteWork<TLoss>(Tensor x, Tensor t, Tensor output, RowChunks chunks) : IParallelWork
        where TLoss : struct, IElementLoss
    {
        public void Execute(int part)
        {
            Range range = chunks.From(part)..chunks.To(part);
            ElementLoss.Write<TLoss>(x.Span[range], t.Span[range], output.Span[range]);
        }
    }

    private sealed class Entry<TLoss>(Context context, Tensor x, Tensor t, float scale, bool apart, Tensor output) : TapeEntry(output)
        where TLoss : struct, IElementLoss
    {
        public override void Backward(Gradients gradients)
        {
            Tensor gradient = gradients.Of(output);
            for (int operand = 0; operand < 2; operand++)
            {
                Tensor input = operand == 0 ? x : t;
                if (Gradients.Flows(input))
                {
                    Tensor target = gradients.Into(input, out bool accumulate);
                    RowChunks chunks = new(x.Count, 1);
                    context.Workers.Run(
                        chunks.Count, new GradientWork<TLoss>(operand == 1, x, t, gradient, apart, scale, target, accumulate, chunks));
                }
            }
        }
    }

    private readonly struct GradientWork<TLoss>(
        bool byTarget, Tensor x, Tensor t, Tensor gradient, bool apart, float scale, Tensor target, bool accumulate, RowChunks chunks)
        : IParallelWork
        where TLoss : struct, IElementLoss
    {
        public void Execute(int part)
        {
            Range range = chunks.From(part)..chunks.To(part);
            ElementLoss.Gradient<TLoss>(
                byTarget, x.Span[range], t.Span[range], apart ? gradient.Span[range] : gradient.Span, !apart, scale, target.Span[range], accumulate);
        }
    }
}
