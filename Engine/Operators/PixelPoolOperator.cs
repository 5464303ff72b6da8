using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Attending;
using ManagedDyn.Engine.Kernels.Reduction;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>The largest value and the mean over the channels of each pixel: what attention over pixels looks at.</summary>
public static class PixelPoolOperator
{
    /// <summary>The largest value and the mean of x · a at each pixel; of equal largest values the first takes the gradient.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, …, C].</param>
    /// <param name="channels">a, [N, C]; no tensor: 1.</param>
    /// <returns>[N, …, 2]: the largest value, and the mean.</returns>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Tensor MaximumAndMeanOfPixels(this Context context, Tensor input, Tensor channels = default)
    {
        Shape shape = input.Shape;
        if (shape.Rank < 3 || shape.ProductFrom(1) == 0)
        {
            throw new ArgumentException($"The input has shape {shape}; expected [N, …, channels] with pixels.", nameof(input));
        }

        if (channels.Exists && channels.Shape != new Shape(shape[0], shape[-1]))
        {
            throw new ArgumentException($"The factors of channels have shape {channels.Shape}; expected [{shape[0]}, {shape[-1]}].", nameof(channels));
        }

        Tensor output = context.Workspace.Rent(shape.With(-1, 2));
        RowChunks chunks = new(shape.ProductFrom(1) / shape[-1], shape[-1]);
        context.Workers.Run(shape[0] * chunks.Count, new ForwardWork(input, channels, output, chunks));
        if (context.Records(input) || context.Records(channels))
        {
            context.Tape!.Record(new Entry(context, input, channels, output));
        }

        return output;
    }

    private readonly struct ForwardWork(Tensor input, Tensor scale, Tensor output, RowChunks chunks) : IParallelWork
    {
        public void Execute(int part)
        {
            int sample = part / chunks.Count;
            int chunk = part - (sample * chunks.Count);
            int channels = input.Shape[-1];
            int first = (sample * chunks.Rows) + chunks.From(chunk);
            int rows = chunks.To(chunk) - chunks.From(chunk);
            PixelPooling.Forward(
                input.Span.Slice(first * channels, rows * channels),
                channels,
                scale.Exists ? scale.Rows(sample, 1).Span : default,
                output.Span.Slice(2 * first, 2 * rows));
        }
    }

    private readonly struct BackwardWork(Tensor input, Tensor scale, Tensor output, Tensor gradient, Tensor target, bool accumulate, Tensor scaleTarget) : IParallelWork
    {
        public void Execute(int part) => PixelPooling.Backward(
            input.Rows(part, 1).Span,
            input.Shape[-1],
            scale.Exists ? scale.Rows(part, 1).Span : default,
            output.Rows(part, 1).Span,
            gradient.Rows(part, 1).Span,
            target.Exists ? target.Rows(part, 1).Span : default,
            accumulate,
            scaleTarget.Exists ? scaleTarget.Rows(part, 1).Span : default);
    }

    private sealed class Entry(Context context, Tensor input, Tensor scale, Tensor output) : TapeEntry(output)
    {
        private readonly Tensor _output = output;

        public override void Backward(Gradients gradients)
        {
            Tensor gradient = gradients.Of(_output);
            bool accumulate = false;
            Tensor target = Gradients.Flows(input) ? gradients.Into(input, out accumulate) : default;
            Tensor scaleTarget = default;
            if (scale.Exists && Gradients.Flows(scale))
            {
                scaleTarget = gradients.Into(scale, out bool adds);
                if (!adds)
                {
                    scaleTarget.Span.Clear();
                }
            }

            context.Workers.Run(input.Shape[0], new BackwardWork(input, scale, _output, gradient, target, accumulate, scaleTarget));
        }
    }
}
