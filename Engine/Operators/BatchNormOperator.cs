using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Normalization;
using ManagedDyn.Engine.Kernels.Reduction;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Batch normalisation over all dimensions but the last (Ioffe and Szegedy, "Batch Normalization", ICML 2015), with a ReLU if asked for:
/// y = γ (x − mean) / √(variance + ε) + β.
/// </summary>
public static class BatchNormOperator
{
    private const int ElementsPerChunk = 1 << 15;
    private const int MaximumChunks = 32;

    /// <summary>
    /// Normalises with the batch's own statistics, and moves the running ones by momentum (variance unbiased, as PyTorch does).
    /// Differentiable in input, γ and β.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[…, C].</param>
    /// <param name="gamma">[C].</param>
    /// <param name="beta">[C].</param>
    /// <param name="runningMean">[C]; updated.</param>
    /// <param name="runningVariance">[C]; updated.</param>
    /// <param name="momentum">The share of the batch in the new running statistics.</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="relu">Whether negative values become 0.</param>
    /// <exception cref="ArgumentException">Shapes do not fit, or there is one row only.</exception>
    public static Tensor BatchNormTrain(
        this Context context, Tensor input, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVariance, float momentum, float epsilon, bool relu = false)
    {
        int channels = CheckShapes(input, gamma, beta, runningMean, runningVariance);
        int rows = input.Count / channels;
        if (rows < 2)
        {
            throw new ArgumentException($"Batch statistics need at least two rows; the input has shape {input.Shape}.", nameof(input));
        }

        Tensor output = context.Workspace.Rent(input.Shape);

        // mean, 1 / √(variance + ε), scale and shift: the backward pass needs the first two.
        Tensor statistics = context.Workspace.Rent(new Shape(4, channels));
        using (context.Workspace.Enter())
        {
            int chunks = ChunkCount(rows, channels);
            Tensor parts = context.Workspace.Rent(new Shape(chunks, 2 * channels));
            Tensor pivot = context.Workspace.Rent(new Shape(channels));
            input.Span[..channels].CopyTo(pivot.Span);
            context.Workers.Run(chunks, new MomentsWork(input, pivot, parts, rows));
            FixedTree.Sum(parts.Span, chunks, 2 * channels);
            Finish(parts.Span, pivot.Span, rows, epsilon, gamma.Span, beta.Span, statistics.Span, runningMean.Span, runningVariance.Span, momentum);
            context.Workers.Run(chunks, new ApplyWork(input, statistics.Rows(2, 1), statistics.Rows(3, 1), output, rows, relu));
        }

        if (context.Records(input) || context.Records(gamma) || context.Records(beta))
        {
            context.Tape!.Record(new Entry(context, input, gamma, beta, statistics, output, relu));
        }

        return output;
    }

    /// <summary>Normalises with given statistics, folded into one scale and one shift a channel: y = x · scale + shift. Not differentiable.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[…, C].</param>
    /// <param name="scale">[C].</param>
    /// <param name="shift">[C].</param>
    /// <param name="relu">Whether negative values become 0.</param>
    /// <exception cref="InvalidOperationException">A tape records and a gradient would be lost.</exception>
    public static Tensor ScaleShift(this Context context, Tensor input, Tensor scale, Tensor shift, bool relu = false)
    {
        int channels = CheckShapes(input, scale, shift, scale, shift);
        if (context.Records(input) || context.Records(scale) || context.Records(shift))
        {
            throw new InvalidOperationException("Normalisation with frozen statistics records nothing on the tape, but one of its operands requires a gradient.");
        }

        Tensor output = context.Workspace.Rent(input.Shape);
        int rows = input.Count / channels;
        context.Workers.Run(ChunkCount(rows, channels), new ApplyWork(input, scale, shift, output, rows, relu));
        return output;
    }

    private static int ChunkCount(int rows, int channels) =>
        (int)Math.Clamp((long)rows * channels / ElementsPerChunk, 1, Math.Min(MaximumChunks, Math.Max(1, rows)));

    private static (int Start, int Length) Part(int part, int chunks, int rows, int channels)
    {
        int start = (int)((long)rows * part / chunks);
        int end = (int)((long)rows * (part + 1) / chunks);
        return (start * channels, (end - start) * channels);
    }

    private static void Finish(
        ReadOnlySpan<float> sums, ReadOnlySpan<float> pivot, int rows, float epsilon, ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta,
        Span<float> statistics, Span<float> runningMean, Span<float> runningVariance, float momentum)
    {
        int channels = pivot.Length;
        for (int c = 0; c < channels; c++)
        {
            float offset = sums[c] / rows;
            float mean = pivot[c] + offset;
            float variance = MathF.Max(0f, (sums[channels + c] / rows) - (offset * offset));
            float inverse = 1f / MathF.Sqrt(variance + epsilon);
            statistics[c] = mean;
            statistics[channels + c] = inverse;
            statistics[(2 * channels) + c] = gamma[c] * inverse;
            statistics[(3 * channels) + c] = beta[c] - (mean * gamma[c] * inverse);
            float unbiased = variance * rows / (rows - 1);
            runningMean[c] += momentum * (mean - runningMean[c]);
            runningVariance[c] += momentum * (unbiased - runningVariance[c]);
        }
    }

    private static int CheckShapes(Tensor input, params ReadOnlySpan<Tensor> perChannel)
    {
        if (input.Shape.Rank < 2)
        {
            throw new ArgumentException($"The input has shape {input.Shape}; expected [N, …, channels].", nameof(input));
        }

        int channels = input.Shape[-1];
        foreach (Tensor tensor in perChannel)
        {
            if (tensor.Shape != new Shape(channels))
            {
                throw new ArgumentException($"A parameter or statistic has shape {tensor.Shape}; expected [{channels}] for an input of shape {input.Shape}.");
            }
        }

        return channels;
    }

    private readonly struct MomentsWork(Tensor input, Tensor pivot, Tensor parts, int rows) : IParallelWork
    {
        public void Execute(int part)
        {
            int channels = pivot.Count;
            (int start, int length) = Part(part, parts.Shape[0], rows, channels);
            BatchNormKernel.Moments(input.Span.Slice(start, length), pivot.Span, parts.Span.Slice(part * 2 * channels, 2 * channels));
        }
    }

    private readonly struct ApplyWork(Tensor input, Tensor scale, Tensor shift, Tensor output, int rows, bool relu) : IParallelWork
    {
        public void Execute(int part)
        {
            int channels = scale.Count;
            (int start, int length) = Part(part, ChunkCount(rows, channels), rows, channels);
            BatchNormKernel.Apply(input.Span.Slice(start, length), scale.Span, shift.Span, relu, output.Span.Slice(start, length));
        }
    }

    private readonly struct SumsWork(Tensor input, Tensor output, Tensor gradient, Tensor mean, Tensor parts, int rows, bool relu) : IParallelWork
    {
        public void Execute(int part)
        {
            int channels = mean.Count;
            (int start, int length) = Part(part, parts.Shape[0], rows, channels);
            BatchNormKernel.GradientSums(
                input.Span.Slice(start, length), output.Span.Slice(start, length), gradient.Span.Slice(start, length), mean.Span, relu,
                parts.Span.Slice(part * 2 * channels, 2 * channels));
        }
    }

    private readonly struct InputGradientWork(
        Tensor input, Tensor output, Tensor gradient, Tensor mean, Tensor coefficients, Tensor destination, int rows, bool relu, bool accumulate) : IParallelWork
    {
        public void Execute(int part)
        {
            int channels = mean.Count;
            (int start, int length) = Part(part, ChunkCount(rows, channels), rows, channels);
            BatchNormKernel.InputGradient(
                input.Span.Slice(start, length), output.Span.Slice(start, length), gradient.Span.Slice(start, length), mean.Span, coefficients.Span,
                relu, accumulate, destination.Span.Slice(start, length));
        }
    }

    private sealed class Entry(Context context, Tensor input, Tensor gamma, Tensor beta, Tensor statistics, Tensor output, bool relu) : TapeEntry(output)
    {
        // With x̂ = (x − mean) r and r = 1 / √(variance + ε): dβ = Σ g, dγ = Σ g x̂, dx = γ r (g − dβ / n − x̂ dγ / n).
        public override void Backward(Gradients gradients)
        {
            int channels = gamma.Count;
            int rows = input.Count / channels;
            int chunks = ChunkCount(rows, channels);
            Tensor gradient = gradients.Of(output);
            Tensor mean = statistics.Rows(0, 1).Reshape(gamma.Shape);
            ReadOnlySpan<float> inverse = statistics.Rows(1, 1).Span;
            Tensor parts = context.Workspace.Rent(new Shape(chunks, 2 * channels));
            context.Workers.Run(chunks, new SumsWork(input, output, gradient, mean, parts, rows, relu));
            FixedTree.Sum(parts.Span, chunks, 2 * channels);
            ReadOnlySpan<float> sums = parts.Span[..(2 * channels)];
            if (Gradients.Flows(beta))
            {
                Tensor target = gradients.Into(beta, out bool accumulate);
                for (int c = 0; c < channels; c++)
                {
                    target.Span[c] = sums[c] + (accumulate ? target.Span[c] : 0f);
                }
            }

            if (Gradients.Flows(gamma))
            {
                Tensor target = gradients.Into(gamma, out bool accumulate);
                for (int c = 0; c < channels; c++)
                {
                    target.Span[c] = (sums[channels + c] * inverse[c]) + (accumulate ? target.Span[c] : 0f);
                }
            }

            if (Gradients.Flows(input))
            {
                Tensor coefficients = context.Workspace.Rent(new Shape(3, channels));
                Span<float> values = coefficients.Span;
                for (int c = 0; c < channels; c++)
                {
                    float scale = gamma.Span[c] * inverse[c];
                    values[c] = scale;
                    values[channels + c] = -scale * inverse[c] * inverse[c] * sums[channels + c] / rows;
                    values[(2 * channels) + c] = -scale * sums[c] / rows;
                }

                Tensor target = gradients.Into(input, out bool accumulate);
                context.Workers.Run(chunks, new InputGradientWork(input, output, gradient, mean, coefficients, target, rows, relu, accumulate));
            }
        }
    }
}
