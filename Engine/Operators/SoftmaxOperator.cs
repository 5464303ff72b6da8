using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Reduction;
using ManagedDyn.Engine.Kernels.Softmax;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Softmax and its logarithm over the last dimension, with a temperature.</summary>
public static class SoftmaxOperator
{
    /// <summary>p_c = exp(z_c / T) / Σ_k exp(z_k / T).</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">z, […, classes].</param>
    /// <param name="temperature">T, above 0.</param>
    /// <returns>p, of the shape of z.</returns>
    /// <exception cref="ArgumentException">There are no classes, or the temperature is not above 0.</exception>
    public static Tensor Softmax(this Context context, Tensor input, float temperature = 1f) => Run(context, input, temperature, isLog: false);

    /// <summary>log p_c = z_c / T − log Σ_k exp(z_k / T).</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">z, […, classes].</param>
    /// <param name="temperature">T, above 0.</param>
    /// <returns>log p, of the shape of z.</returns>
    /// <exception cref="ArgumentException">There are no classes, or the temperature is not above 0.</exception>
    public static Tensor LogSoftmax(this Context context, Tensor input, float temperature = 1f) => Run(context, input, temperature, isLog: true);

    private static Tensor Run(Context context, Tensor input, float temperature, bool isLog)
    {
        LossCheck.Rows(input, nameof(input));
        LossCheck.Temperature(temperature);
        Tensor output = context.Workspace.Rent(input.Shape);
        RowChunks chunks = new(input.Shape.RowCount, input.Shape[-1]);
        context.Workers.Run(chunks.Count, new ForwardWork(input, temperature, isLog, output, chunks));
        if (context.Records(input))
        {
            context.Tape!.Record(new Entry(context, input, temperature, isLog, output));
        }

        return output;
    }

    private sealed class Entry(Context context, Tensor input, float temperature, bool isLog, Tensor output) : TapeEntry(output)
    {
        public override void Backward(Gradients gradients)
        {
            RowChunks chunks = new(input.Shape.RowCount, input.Shape[-1]);
            Tensor gradient = gradients.Of(output);
            Tensor target = gradients.Into(input, out bool accumulate);
            context.Workers.Run(chunks.Count, new BackwardWork(output, gradient, temperature, isLog, target, accumulate, chunks));
        }
    }

    private readonly struct ForwardWork(Tensor input, float temperature, bool isLog, Tensor output, RowChunks chunks) : IParallelWork
    {
        public void Execute(int part)
        {
            int classes = input.Shape[-1];
            for (int row = chunks.From(part); row < chunks.To(part); row++)
            {
                ReadOnlySpan<float> logits = input.Span.Slice(row * classes, classes);
                Span<float> result = output.Span.Slice(row * classes, classes);
                if (isLog)
                {
                    SoftmaxRow.LogProbabilities(logits, temperature, result);
                }
                else
                {
                    SoftmaxRow.Probabilities(logits, temperature, result);
                }
            }
        }
    }

    private readonly struct BackwardWork(
        Tensor output, Tensor gradient, float temperature, bool isLog, Tensor target, bool accumulate, RowChunks chunks) : IParallelWork
    {
        public void Execute(int part)
        {
            int classes = output.Shape[-1];
            for (int row = chunks.From(part); row < chunks.To(part); row++)
            {
                ReadOnlySpan<float> result = output.Span.Slice(row * classes, classes);
                ReadOnlySpan<float> upstream = gradient.Span.Slice(row * classes, classes);
                Span<float> place = target.Span.Slice(row * classes, classes);
                if (isLog)
                {
                    SoftmaxRow.LogBackward(result, upstream, temperature, place, accumulate);
                }
                else
                {
                    SoftmaxRow.Backward(result, upstream, temperature, place, accumulate);
                }
            }
        }
    }
}
