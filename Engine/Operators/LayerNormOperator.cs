using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Normalization;
using ManagedDyn.Engine.Kernels.Reduction;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Layer normalisation over the last dimensions (Ba, Kiros and Hinton, "Layer normalization", 2016).</summary>
public static class LayerNormOperator
{
    /// <summary>y = γ (x − mean) / √(variance + ε) + β, the statistics over the last dimensions of each row. Differentiable in x, γ and β.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, …].</param>
    /// <param name="weight">γ, of the shape of the last dimensions; no tensor: 1.</param>
    /// <param name="bias">β, of the same shape; no tensor: 0.</param>
    /// <param name="dimensions">How many dimensions, from the last, make a row.</param>
    /// <param name="epsilon">ε, above 0.</param>
    /// <returns>y, of the shape of x.</returns>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    public static Tensor LayerNorm(
        this Context context, Tensor input, Tensor weight = default, Tensor bias = default, int dimensions = 1, float epsilon = 1e-5f)
    {
        if (dimensions < 1 || dimensions > input.Shape.Rank || input.Shape.ProductFrom(input.Shape.Rank - dimensions) == 0)
        {
            throw new ArgumentException($"A layer normalisation over {dimensions} dimensions was asked of shape {input.Shape}.", nameof(dimensions));
        }

        if (!(epsilon > 0f && float.IsFinite(epsilon)))
        {
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "The epsilon of a normalisation must be above 0.");
        }

        int width = input.Shape.ProductFrom(input.Shape.Rank - dimensions);
        Check(input.Shape, weight, dimensions, nameof(weight));
        Check(input.Shape, bias, dimensions, nameof(bias));
        int rows = input.Count / width;
        Tensor output = context.Workspace.Rent(input.Shape);
        Tensor statistics = context.Workspace.Rent(new Shape(Math.Max(1, rows), 2));
        RowChunks chunks = new(rows, width);
        context.Workers.Run(chunks.Count, new ForwardWork(input, weight, bias, epsilon, output, statistics, width, chunks));
        if (context.Records(input) || context.Records(weight) || context.Records(bias))
        {
            context.Tape!.Record(new Entry(context, input, weight, bias, statistics, width, output));
        }
        else
        {
            context.Workspace.Recycle(statistics);
        }

        return output;
    }

    private static void Check(Shape input, Tensor parameter, int dimensions, string what)
    {
        bool fits = !parameter.Exists || parameter.Shape.Rank == dimensions;
        for (int i = 1; i <= dimensions && fits && parameter.Exists; i++)
        {
            fits = parameter.Shape[-i] == input[-i];
        }

        if (!fits)
        {
            throw new ArgumentException(
                $"The {what} of a layer normalisation has shape {parameter.Shape}; expected the last {dimensions} of {input}.", what);
        }
    }

    private static ReadOnlySpan<float> Values(Tensor parameter) => parameter.Exists ? parameter.Span : default;

    private readonly struct ForwardWork(
        Tensor input, Tensor weight, Tensor bias, float epsilon, Tensor output, Tensor statistics, int width, RowChunks chunks) : IParallelWork
    {
        public void Execute(int part)
        {
            for (int row = chunks.From(part); row < chunks.To(part); row++)
            {
                (float mean, float inverse) = LayerNormRow.Forward(
                    input.Span.Slice(row * width, width), Values(weight), Values(bias), epsilon, output.Span.Slice(row * width, width));
                statistics.Span[2 * row] = mean;
                statistics.Span[(2 * row) + 1] = inverse;
            }
        }
    }

    private sealed class Entry(Context context, Tensor input, Tensor weight, Tensor bias, Tensor statistics, int width, Tensor output)
        : TapeEntry(output)
    {
        public override void Backward(Gradients gradients)
        {
            Tensor gradient = gradients.Of(output);
            RowChunks chunks = new(input.Count / width, width);
            if (Gradients.Flows(input))
            {
                Tensor target = gradients.Into(input, out bool accumulate);
                context.Workers.Run(chunks.Count, new InputWork(input, weight, gradient, statistics, target, accumulate, width, chunks));
            }

            if (Gradients.Flows(weight) || Gradients.Flows(bias))
            {
                Tensor sums = context.Workspace.RentZeros(new Shape(Math.Max(1, chunks.Count), 2, width));
                context.Workers.Run(chunks.Count, new ParameterWork(input, gradient, statistics, sums, width, chunks));
                FixedTree.Sum(sums.Span, sums.Shape[0], 2 * width);
                Add(gradients, weight, sums.Span[..width]);
                Add(gradients, bias, sums.Span.Slice(width, width));
                context.Workspace.Recycle(sums.Storage);
            }
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

    private readonly struct InputWork(
        Tensor input, Tensor weight, Tensor gradient, Tensor statistics, Tensor target, bool accumulate, int width, RowChunks chunks) : IParallelWork
    {
        public void Execute(int part)
        {
            for (int row = chunks.From(part); row < chunks.To(part); row++)
            {
                LayerNormRow.Backward(
                    input.Span.Slice(row * width, width), Values(weight), gradient.Span.Slice(row * width, width), statistics.Span[2 * row],
                    statistics.Span[(2 * row) + 1], target.Span.Slice(row * width, width), accumulate);
            }
        }
    }

    private readonly struct ParameterWork(Tensor input, Tensor gradient, Tensor statistics, Tensor sums, int width, RowChunks chunks) : IParallelWork
    {
        public void Execute(int part)
        {
            Span<float> own = sums.Rows(part, 1).Span;
            for (int row = chunks.From(part); row < chunks.To(part); row++)
            {
                LayerNormRow.AddParameters(
                    input.Span.Slice(row * width, width), gradient.Span.Slice(row * width, width), statistics.Span[2 * row],
                    statistics.Span[(2 * row) + 1], own[..width], own[width..]);
            }
        }
    }
}
