using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Reduction;
using ManagedDyn.Engine.Kernels.Softmax;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>The entropy of the softmax over the last dimension, in nats: how undecided each row is.</summary>
public static class SoftmaxEntropyOperator
{
    /// <summary>H_n = −Σ_c p_nc log p_nc with p_n = softmax(z_n).</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">z, [N, …, classes].</param>
    /// <returns>[N, …]; [1] for a single row.</returns>
    /// <exception cref="ArgumentException">There are no classes.</exception>
    public static Tensor SoftmaxEntropy(this Context context, Tensor input)
    {
        LossCheck.Rows(input, nameof(input));
        Tensor output = context.Workspace.Rent(LossCheck.RowShape(input.Shape));
        RowChunks chunks = new(input.Shape.RowCount, input.Shape[-1]);
        context.Workers.Run(chunks.Count, new Work(input, output, default, default, false, chunks));
        if (context.Records(input))
        {
            context.Tape!.Record(new Entry(context, input, output));
        }

        return output;
    }

    private sealed class Entry(Context context, Tensor input, Tensor output) : TapeEntry(output)
    {
        public override void Backward(Gradients gradients)
        {
            RowChunks chunks = new(input.Shape.RowCount, input.Shape[-1]);
            Tensor gradient = gradients.Of(output);
            Tensor target = gradients.Into(input, out bool accumulate);
            context.Workers.Run(chunks.Count, new Work(input, output, gradient, target, accumulate, chunks));
        }
    }

    // Forward without a target, else backward.
    private readonly struct Work(Tensor input, Tensor output, Tensor gradient, Tensor target, bool accumulate, RowChunks chunks) : IParallelWork
    {
        public void Execute(int part)
        {
            int classes = input.Shape[-1];
            for (int row = chunks.From(part); row < chunks.To(part); row++)
            {
                ReadOnlySpan<float> logits = input.Span.Slice(row * classes, classes);
                if (target.Exists)
                {
                    EntropyRow.Backward(logits, output.Span[row], gradient.Span[row], target.Span.Slice(row * classes, classes), accumulate);
                }
                else
                {
                    output.Span[row] = EntropyRow.Forward(logits);
                }
            }
        }
    }
}
