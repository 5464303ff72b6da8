using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Normalization;
using ManagedDyn.Engine.Kernels.Reduction;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Group normalisation (Wu and He, "Group normalization", ECCV 2018): statistics over the pixels and a group of channels of each sample. One group
/// is layer normalisation of the map, as many as channels is instance normalisation.
/// </summary>
public static class GroupNormOperator
{
    /// <summary>y = activation(γ (x − mean) / √(variance + ε) + β). Differentiable in x, γ and β.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, …, C].</param>
    /// <param name="groups">The number of groups, which divides C.</param>
    /// <param name="weight">γ, [C]; no tensor: 1.</param>
    /// <param name="bias">β, [C]; no tensor: 0.</param>
    /// <param name="epsilon">ε, above 0.</param>
    /// <param name="activation">What follows.</param>
    /// <returns>y, of the shape of x.</returns>
    /// <exception cref="ArgumentException">Shapes do not fit, or the groups do not divide the channels.</exception>
    public static Tensor GroupNorm(
        this Context context, Tensor input, int groups, Tensor weight = default, Tensor bias = default, float epsilon = 1e-5f,
        Activation activation = Activation.None)
    {
        if (input.Shape.Rank < 2 || input.Shape.ProductFrom(1) == 0)
        {
            throw new ArgumentException($"The input has shape {input.Shape}; expected [N, …, channels].", nameof(input));
        }

        int channels = input.Shape[-1];
        if (groups < 1 || channels % groups != 0)
        {
            throw new ArgumentException($"{groups} groups were asked of {channels} channels; expected a divisor.", nameof(groups));
        }

        if (!(epsilon > 0f && float.IsFinite(epsilon)))
        {
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "The epsilon of a normalisation must be above 0.");
        }

        Check(weight, channels, nameof(weight));
        Check(bias, channels, nameof(bias));
        int samples = input.Shape[0];
        Tensor output = context.Workspace.Rent(input.Shape);

        // For each sample: mean, variance, scale and shift of each channel.
        Tensor statistics = context.Workspace.Rent(new Shape(Math.Max(1, samples), 4, channels));
        int chunks = new RowChunks(input.Shape.ProductFrom(1) / channels, channels).Count;
        Tensor scratch = context.Workspace.Rent(new Shape(Math.Max(1, samples), chunks, 2 * channels));
        context.Workers.Run(samples, new ForwardWork(input, groups, weight, bias, epsilon, activation, statistics, scratch, output));
        context.Workspace.Recycle(scratch.Storage);
        if (context.Records(input) || context.Records(weight) || context.Records(bias))
        {
            context.Tape!.Record(new Entry(context, input, groups, weight, bias, epsilon, activation, statistics, output));
        }
        else
        {
            context.Workspace.Recycle(statistics);
        }

        return output;
    }

    private static void Check(Tensor parameter, int channels, string what)
    {
        if (parameter.Exists && parameter.Shape != new Shape(channels))
        {
            throw new ArgumentException($"The {what} of a normalisation has shape {parameter.Shape}; expected [{channels}].", what);
        }
    }

    private readonly struct ForwardWork(
        Tensor input, int groups, Tensor weight, Tensor bias, float epsilon, Activation activation, Tensor statistics, Tensor scratch, Tensor output)
        : IParallelWork
    {
        public void Execute(int part)
        {
            int channels = input.Shape[-1];
            ReadOnlySpan<float> map = input.Rows(part, 1).Span;
            Span<float> own = statistics.Rows(part, 1).Span;
            Span<float> mean = own[..channels];
            Span<float> variance = own.Slice(channels, channels);
            Span<float> scale = own.Slice(2 * channels, channels);
            Span<float> shift = own.Slice(3 * channels, channels);
            GroupMoments.Run(map, channels, groups, scratch.Rows(part, 1).Span, mean, variance);
            BatchNormFold.Run(weight.Exists ? weight.Span : default, bias.Exists ? bias.Span : default, mean, variance, epsilon, scale, shift);
            ChannelAffine.Forward(map, scale, shift, activation, output.Rows(part, 1).Span);
        }
    }

    private sealed class Entry(
        Context context, Tensor input, int groups, Tensor weight, Tensor bias, float epsilon, Activation activation, Tensor statistics, Tensor output)
        : TapeEntry(output)
    {
        public override void Backward(Gradients gradients)
        {
            int channels = input.Shape[-1];
            int samples = input.Shape[0];
            Tensor gradient = gradients.Of(output);
            Tensor sums = context.Workspace.RentZeros(new Shape(Math.Max(1, samples), 5, channels));
            bool flows = Gradients.Flows(input);
            bool accumulate = false;
            Tensor target = flows ? gradients.Into(input, out accumulate) : default;
            context.Workers.Run(
                samples, new BackwardWork(input, groups, weight, epsilon, activation, statistics, gradient, sums, target, accumulate));

            // Rows 0 and 1 of each sample are its shares of dβ and dγ.
            FixedTree.Sum(sums.Span, sums.Shape[0], 5 * channels, 0, 2 * channels);
            Add(gradients, bias, sums.Span[..channels]);
            Add(gradients, weight, sums.Span.Slice(channels, channels));
            context.Workspace.Recycle(sums.Storage);
        }

        private static void Add(Gradients gradients, Tensor parameter, ReadOnlySpan<float> values)
        {
            if (Gradients.Flows(parameter))
            {
                Span<float> target = gradients.Into(parameter, out bool accumulate).Span;
                for (int i = 0; i < target.Length; i++)
                {
                    target[i] = accumulate ? target[i] + values[i] : values[i];
                }
            }
        }
    }

    private readonly struct BackwardWork(
        Tensor input, int groups, Tensor weight, float epsilon, Activation activation, Tensor statistics, Tensor gradient, Tensor sums,
        Tensor target, bool accumulate) : IParallelWork
    {
        public void Execute(int part)
        {
            int channels = input.Shape[-1];
            ReadOnlySpan<float> own = statistics.Rows(part, 1).Span;
            ReadOnlySpan<float> map = input.Rows(part, 1).Span;
            ChannelGradient operands = new()
            {
                Input = map,
                OutputGradient = gradient.Rows(part, 1).Span,
                Mean = own[..channels],
                Scale = own.Slice(2 * channels, channels),
                Shift = own.Slice(3 * channels, channels),
                Activation = activation,
            };
            Span<float> total = sums.Rows(part, 1).Span;
            int pixels = map.Length / channels;
            Sum(operands, pixels, total);
            Span<float> direct = total.Slice(2 * channels, channels);
            Span<float> slope = total.Slice(3 * channels, channels);
            Span<float> offset = total.Slice(4 * channels, channels);
            int size = channels / groups;
            for (int first = 0; first < channels; first += size)
            {
                double sum = 0;
                double products = 0;
                for (int c = first; c < first + size; c++)
                {
                    double factor = weight.Exists ? weight.Span[c] : 1f;
                    sum += factor * total[c];
                    products += factor * total[channels + c];
                }

                double inverse = 1 / Math.Sqrt(own[channels + first] + (double)epsilon);
                double share = inverse / ((double)pixels * size);
                own.Slice((2 * channels) + first, size).CopyTo(direct[first..]);
                slope.Slice(first, size).Fill((float)(-share * inverse * inverse * products));
                offset.Slice(first, size).Fill((float)(-share * sum));
                for (int c = first; c < first + size; c++)
                {
                    total[channels + c] *= (float)inverse;
                }
            }

            if (target.Exists)
            {
                operands.Spread(0, pixels, direct, slope, offset, target.Rows(part, 1).Span, accumulate);
            }
        }

        // Chunk after chunk: long chains of additions would lose what is small.
        private static void Sum(in ChannelGradient operands, int pixels, Span<float> total)
        {
            int channels = operands.Mean.Length;
            RowChunks chunks = new(pixels, channels);
            Span<float> chunkSums = total.Slice(2 * channels, 2 * channels);
            for (int chunk = 0; chunk < chunks.Count; chunk++)
            {
                operands.Sums(chunks.From(chunk), chunks.To(chunk), chunkSums);
                for (int c = 0; c < 2 * channels; c++)
                {
                    total[c] += chunkSums[c];
                }
            }
        }
    }
}
