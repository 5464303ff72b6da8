using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Reduction;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Dropout (Srivastava et al., JMLR 2014), scaled in training so that inference does nothing.</summary>
public static class DropoutOperator
{
    /// <summary>
    /// In Train mode y = x · k / (1 − p) with k = 0 with probability p, else 1; in Evaluate mode x itself. The noise is looked up by step, sample
    /// and element, so a sample keeps its own wherever it stands in a batch.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, …].</param>
    /// <param name="probability">p, from 0 to below 1.</param>
    /// <param name="noise">The random numbers; one stream for each place in a network.</param>
    /// <returns>y, of the shape of x.</returns>
    /// <exception cref="ArgumentException">The probability is out of its range, or the input is a scalar.</exception>
    public static Tensor Dropout(this Context context, Tensor input, float probability, in RandomStream noise)
    {
        if (!(probability is >= 0f and < 1f))
        {
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "The probability of dropping must be from 0 to below 1.");
        }

        if (input.Shape.Rank == 0)
        {
            throw new ArgumentException($"The input has shape {input.Shape}; expected [N, …].", nameof(input));
        }

        if (context.Mode != Mode.Train || probability == 0f)
        {
            return input;
        }

        Tensor output = context.Workspace.Rent(input.Shape);
        Tensor factors = context.Workspace.Rent(input.Shape);
        int samples = input.Shape[0];
        RowChunks chunks = new(samples, input.Shape.ProductFrom(1));
        context.Workers.Run(chunks.Count, new ForwardWork(context, input, probability, noise, factors, output, chunks));
        if (context.Records(input))
        {
            context.Tape!.Record(new Entry(context, input, factors, output));
        }
        else
        {
            context.Workspace.Recycle(factors);
        }

        return output;
    }

    private readonly struct ForwardWork(
        Context context, Tensor input, float probability, RandomStream noise, Tensor factors, Tensor output, RowChunks chunks) : IParallelWork
    {
        public void Execute(int part)
        {
            float kept = 1f / (1f - probability);
            for (int sample = chunks.From(part); sample < chunks.To(part); sample++)
            {
                Span<float> factor = factors.Rows(sample, 1).Span;
                ReadOnlySpan<float> x = input.Rows(sample, 1).Span;
                Span<float> y = output.Rows(sample, 1).Span;
                noise.FillUniform(factor, context.Step, context.SampleOf(sample));
                for (int i = 0; i < factor.Length; i++)
                {
                    // A choice and not a product: what is dropped is 0 even where x is infinite.
                    factor[i] = factor[i] < probability ? 0f : kept;
                    y[i] = factor[i] == 0f ? 0f : x[i] * kept;
                }
            }
        }
    }

    private sealed class Entry(Context context, Tensor input, Tensor factors, Tensor output) : TapeEntry(output)
    {
        public override void Backward(Gradients gradients)
        {
            Tensor gradient = gradients.Of(output);
            Tensor target = gradients.Into(input, out bool accumulate);
            RowChunks chunks = new(input.Count, 1);
            context.Workers.Run(chunks.Count, new BackwardWork(factors, gradient, target, accumulate, chunks));
        }
    }

    private readonly struct BackwardWork(Tensor factors, Tensor gradient, Tensor target, bool accumulate, RowChunks chunks) : IParallelWork
    {
        public void Execute(int part)
        {
            ReadOnlySpan<float> factor = factors.Span;
            ReadOnlySpan<float> upstream = gradient.Span;
            Span<float> place = target.Span;
            for (int i = chunks.From(part); i < chunks.To(part); i++)
            {
                float value = factor[i] == 0f ? 0f : factor[i] * upstream[i];
                place[i] = accumulate ? place[i] + value : value;
            }
        }
    }
}
