using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Attending;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Two numbers of each channel of a map, found in one pass: what attention over channels looks at.</summary>
public static class ChannelPoolOperator
{
    /// <summary>The mean and the largest value of each channel; of equal largest values the first takes the gradient.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, …, C].</param>
    /// <returns>[N, 2, C]: the means, and the largest values.</returns>
    /// <exception cref="ArgumentException">The input has no pixels.</exception>
    public static Tensor MeanAndMaximumPool(this Context context, Tensor input) => Run(context, input, isDeviation: false, 0f);

    /// <summary>The mean and the deviation √(variance + ε) of each channel; the variance is the unbiased one, and 0 for a single pixel.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, …, C].</param>
    /// <param name="epsilon">ε, above 0: the slope of the root has no bound at 0.</param>
    /// <returns>[N, 2, C]: the means, and the deviations.</returns>
    /// <exception cref="ArgumentException">The input has no pixels.</exception>
    public static Tensor MeanAndDeviationPool(this Context context, Tensor input, float epsilon = 1e-5f)
    {
        if (!(epsilon > 0f && float.IsFinite(epsilon)))
        {
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "The epsilon of a deviation must be above 0.");
        }

        return Run(context, input, isDeviation: true, epsilon);
    }

    private static Tensor Run(Context context, Tensor input, bool isDeviation, float epsilon)
    {
        if (input.Shape.Rank < 3 || input.Shape.ProductFrom(1) == 0)
        {
            throw new ArgumentException($"The input has shape {input.Shape}; expected [N, …, channels] with pixels.", nameof(input));
        }

        Tensor output = context.Workspace.Rent(new Shape(input.Shape[0], 2, input.Shape[-1]));
        context.Workers.Run(input.Shape[0], new ForwardWork(input, isDeviation, epsilon, output));
        if (context.Records(input))
        {
            context.Tape!.Record(new Entry(context, input, isDeviation, output));
        }

        return output;
    }

    // The sums of a sample go in one order: a sample is the smallest part.
    private readonly struct ForwardWork(Tensor input, bool isDeviation, float epsilon, Tensor output) : IParallelWork
    {
        public void Execute(int part)
        {
            int channels = input.Shape[-1];
            ReadOnlySpan<float> map = input.Rows(part, 1).Span;
            Span<float> both = output.Rows(part, 1).Span;
            if (isDeviation)
            {
                ChannelPooling.MeanAndDeviation(map, channels, epsilon, both[..channels], both[channels..]);
            }
            else
            {
                ChannelPooling.MeanAndMaximum(map, channels, both[..channels], both[channels..]);
            }
        }
    }

    private readonly struct BackwardWork(Tensor input, bool isDeviation, Tensor output, Tensor gradient, Tensor target, bool accumulate) : IParallelWork
    {
        public void Execute(int part)
        {
            int channels = input.Shape[-1];
            ReadOnlySpan<float> map = input.Rows(part, 1).Span;
            ReadOnlySpan<float> both = output.Rows(part, 1).Span;
            ReadOnlySpan<float> slopes = gradient.Rows(part, 1).Span;
            Span<float> result = target.Rows(part, 1).Span;
            if (isDeviation)
            {
                ChannelPooling.MeanAndDeviationBackward(map, channels, both[..channels], both[channels..], slopes[..channels], slopes[channels..], accumulate, result);
            }
            else
            {
                ChannelPooling.MeanAndMaximumBackward(map, channels, both[channels..], slopes[..channels], slopes[channels..], accumulate, result);
            }
        }
    }

    private sealed class Entry(Context context, Tensor input, bool isDeviation, Tensor output) : TapeEntry(output)
    {
        private readonly Tensor _output = output;

        public override void Backward(Gradients gradients)
        {
            Tensor gradient = gradients.Of(_output);
            Tensor target = gradients.Into(input, out bool accumulate);
            context.Workers.Run(input.Shape[0], new BackwardWork(input, isDeviation, _output, gradient, target, accumulate));
        }
    }
}
