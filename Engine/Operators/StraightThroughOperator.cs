using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Hard decisions forward that pass gradients back as if they were soft: straight-through estimators (Bengio, Léonard and Courville,
/// "Estimating or propagating gradients through stochastic neurons", 2013).
/// </summary>
public static class StraightThroughOperator
{
    /// <summary>y = 1 where x &gt; threshold, else 0. The gradient passes unchanged, or only where x is near the threshold.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, of any shape.</param>
    /// <param name="threshold">From where on a decision is 1.</param>
    /// <param name="window">The gradient passes where |x − threshold| is at most this; infinite: everywhere.</param>
    public static Tensor StraightThrough(this Context context, Tensor input, float threshold = 0.5f, float window = float.PositiveInfinity)
    {
        ArgumentNullException.ThrowIfNull(context);
        Tensor output = context.Workspace.Rent(input.Shape);
        ReadOnlySpan<float> from = input.Span;
        Span<float> to = output.Span;
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = from[i] > threshold ? 1 : 0;
        }

        if (context.Records(input))
        {
            context.Tape!.Record(new Entry(input, output, threshold, window));
        }

        return output;
    }

    /// <summary>y = 1 at the largest element of each row (the first of equals), else 0. The gradient passes unchanged.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, …, k]; rows are along the last dimension.</param>
    /// <exception cref="ArgumentException">There is no last dimension or it is empty.</exception>
    public static Tensor StraightThroughArgMax(this Context context, Tensor input)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (input.Shape.Rank == 0 || input.Shape[-1] == 0)
        {
            throw new ArgumentException($"The input has shape {input.Shape}; expected rows of at least one element.", nameof(input));
        }

        Tensor output = context.Workspace.RentZeros(input.Shape);
        int length = input.Shape[-1];
        for (int start = 0; start < input.Count; start += length)
        {
            ReadOnlySpan<float> row = input.Span.Slice(start, length);
            int best = 0;
            for (int i = 1; i < row.Length; i++)
            {
                best = row[i] > row[best] ? i : best;
            }

            output.Span[start + best] = 1;
        }

        if (context.Records(input))
        {
            context.Tape!.Record(new Entry(input, output, 0, float.PositiveInfinity));
        }

        return output;
    }

    private sealed class Entry(Tensor input, Tensor output, float threshold, float window) : TapeEntry(output)
    {
        private readonly Tensor _output = output;

        public override void Backward(Gradients gradients)
        {
            ReadOnlySpan<float> gradient = gradients.Of(_output).Span;
            Span<float> target = gradients.Into(input, out bool accumulate).Span;
            ReadOnlySpan<float> values = input.Span;
            for (int i = 0; i < target.Length; i++)
            {
                float passed = MathF.Abs(values[i] - threshold) <= window ? gradient[i] : 0;
                target[i] = accumulate ? target[i] + passed : passed;
            }
        }
    }
}
