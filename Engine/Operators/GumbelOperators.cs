using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Random decisions that gradients flow through (Jang, Gu and Poole, ICLR 2017; the binary form as in Verelst and Tuytelaars, "Dynamic
/// convolutions", CVPR 2020). With noise of zeros they are the soft decision itself.
/// </summary>
public static class GumbelOperators
{
    /// <summary>y = 1 / (1 + exp(−(x + noise)/T)) for each element; hard decisions are <see cref="StraightThroughOperator.StraightThrough"/> of it.</summary>
    /// <param name="context">The context.</param>
    /// <param name="logits">x, of any shape.</param>
    /// <param name="noise">Of x's shape, usually logistic; no gradient flows into it.</param>
    /// <param name="temperature">T, above 0.</param>
    /// <exception cref="ArgumentException">The shapes differ or T is not above 0.</exception>
    public static Tensor GumbelSigmoid(this Context context, Tensor logits, Tensor noise, float temperature)
    {
        Check(context, logits, noise, temperature);
        Tensor output = context.Workspace.Rent(logits.Shape);
        ReadOnlySpan<float> scores = logits.Span;
        ReadOnlySpan<float> offsets = noise.Span;
        Span<float> to = output.Span;
        for (int i = 0; i < to.Length; i++)
        {
            // The exponential is of a value of at most 0 and cannot overflow.
            float score = (scores[i] + offsets[i]) / temperature;
            float exponential = MathF.Exp(-MathF.Abs(score));
            to[i] = (score >= 0 ? 1 : exponential) / (1 + exponential);
        }

        if (context.Records(logits))
        {
            context.Tape!.Record(new SigmoidEntry(logits, output, temperature));
        }

        return output;
    }

    /// <summary>
    /// y = softmax((x + noise)/T) along the last dimension; hard decisions are <see cref="StraightThroughOperator.StraightThroughArgMax"/> of it.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="logits">x, [N, …, k].</param>
    /// <param name="noise">Of x's shape, usually Gumbel; no gradient flows into it.</param>
    /// <param name="temperature">T, above 0.</param>
    /// <exception cref="ArgumentException">The shapes differ or T is not above 0.</exception>
    public static Tensor GumbelSoftmax(this Context context, Tensor logits, Tensor noise, float temperature)
    {
        Check(context, logits, noise, temperature);
        if (logits.Shape.Rank == 0 || logits.Shape[-1] == 0)
        {
            throw new ArgumentException($"The logits have shape {logits.Shape}; expected rows of at least one element.", nameof(logits));
        }

        Tensor output = context.Workspace.Rent(logits.Shape);
        int length = logits.Shape[-1];
        for (int start = 0; start < logits.Count; start += length)
        {
            Softmax(logits.Span.Slice(start, length), noise.Span.Slice(start, length), temperature, output.Span.Slice(start, length));
        }

        if (context.Records(logits))
        {
            context.Tape!.Record(new SoftmaxEntry(logits, output, temperature));
        }

        return output;
    }

    private static void Softmax(ReadOnlySpan<float> logits, ReadOnlySpan<float> noise, float temperature, Span<float> output)
    {
        float largest = float.NegativeInfinity;
        for (int i = 0; i < output.Length; i++)
        {
            output[i] = (logits[i] + noise[i]) / temperature;
            largest = MathF.Max(largest, output[i]);
        }

        float sum = 0;
        foreach (ref float value in output)
        {
            value = MathF.Exp(value - largest);
            sum += value;
        }

        foreach (ref float value in output)
        {
            value /= sum;
        }
    }

    private static void Check(Context context, Tensor logits, Tensor noise, float temperature)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (logits.Shape != noise.Shape)
        {
            throw new ArgumentException($"The noise has shape {noise.Shape}; expected that of the logits, {logits.Shape}.", nameof(noise));
        }

        if (!(temperature > 0 && float.IsFinite(temperature)))
        {
            throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "Expected a temperature above 0.");
        }
    }

    private sealed class SigmoidEntry(Tensor logits, Tensor output, float temperature) : TapeEntry(output)
    {
        private readonly Tensor _output = output;

        public override void Backward(Gradients gradients)
        {
            ReadOnlySpan<float> gradient = gradients.Of(_output).Span;
            ReadOnlySpan<float> values = _output.Span;
            Span<float> target = gradients.Into(logits, out bool accumulate).Span;
            for (int i = 0; i < target.Length; i++)
            {
                float slope = gradient[i] * values[i] * (1 - values[i]) / temperature;
                target[i] = accumulate ? target[i] + slope : slope;
            }
        }
    }

    private sealed class SoftmaxEntry(Tensor logits, Tensor output, float temperature) : TapeEntry(output)
    {
        private readonly Tensor _output = output;

        public override void Backward(Gradients gradients)
        {
            ReadOnlySpan<float> gradient = gradients.Of(_output).Span;
            ReadOnlySpan<float> values = _output.Span;
            Span<float> target = gradients.Into(logits, out bool accumulate).Span;
            int length = logits.Shape[-1];
            for (int start = 0; start < target.Length; start += length)
            {
                float mean = 0;
                for (int i = start; i < start + length; i++)
                {
                    mean += gradient[i] * values[i];
                }

                for (int i = start; i < start + length; i++)
                {
                    float slope = values[i] * (gradient[i] - mean) / temperature;
                    target[i] = accumulate ? target[i] + slope : slope;
                }
            }
        }
    }
}
