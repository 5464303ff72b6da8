using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Attending;
using ManagedDyn.Engine.Kernels.Reduction;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// y = activation(f(x; s, p) + r) over a batch of maps, with parameters p for each channel (of each sample or of all) and a weight s for each pixel:
/// the one pass in which attention and dynamic activations touch a map. No MACs are counted.
/// </summary>
internal static class ChannelMapOperator
{
    /// <summary>Applies a function.</summary>
    /// <typeparam name="TFunction">The function.</typeparam>
    /// <param name="context">The context.</param>
    /// <param name="function">f.</param>
    /// <param name="input">x, [N, …, C].</param>
    /// <param name="operands">p.</param>
    /// <param name="weights">s, [N, …, 1]; no tensor: 1.</param>
    /// <param name="residual">r, of x's shape; no tensor: none.</param>
    /// <param name="activation">What follows.</param>
    public static Tensor Run<TFunction>(
        Context context, TFunction function, Tensor input, ChannelOperands operands, Tensor weights, Tensor residual = default, Activation activation = Activation.None)
        where TFunction : struct, IChannelFunction
    {
        Shape shape = input.Shape;
        if (shape.Rank < 2 || shape.ProductFrom(1) == 0)
        {
            throw new ArgumentException($"The input has shape {shape}; expected [N, …, channels].", nameof(input));
        }

        operands.Check(shape[0], shape[-1]);
        if (weights.Exists && weights.Shape != shape.With(-1, 1))
        {
            throw new ArgumentException($"The weights of pixels have shape {weights.Shape}; expected {shape.With(-1, 1)}.", nameof(weights));
        }

        if (residual.Exists && residual.Shape != shape)
        {
            throw new ArgumentException($"The summand has shape {residual.Shape}; expected {shape}.", nameof(residual));
        }

        bool isRecorded = context.Records(input) || context.Records(weights) || operands.AreRecorded(context);
        if ((isRecorded || context.Records(residual)) && (residual.Exists || activation != Activation.None))
        {
            // Step by step, with the same arithmetic, so that each has its gradient.
            Tensor core = Run(context, function, input, operands, weights);
            Tensor sum = residual.Exists ? context.Add(core, residual) : core;
            return activation == Activation.Relu ? context.Relu(sum) : sum;
        }

        Tensor output = context.Workspace.Rent(shape);
        Tensor table = operands.Table(context, shape[0], shape[-1]);
        RowChunks chunks = new(shape.ProductFrom(1) / shape[-1], shape[-1]);
        ForwardWork<TFunction> work = new(function, input, table, weights, residual, activation, output, chunks);
        context.Workers.Run(shape[0] * chunks.Count, in work);
        if (isRecorded)
        {
            context.Tape!.Record(new Entry<TFunction>(context, function, input, operands, table, weights, output));
        }
        else if (operands.Count > 1)
        {
            context.Workspace.Recycle(table);
        }

        return output;
    }

    private static ReadOnlySpan<float> TableOf(Tensor table, int sample) =>
        !table.Exists ? default : table.Shape[0] == 1 ? table.Span : table.Rows(sample, 1).Span;

    private readonly struct ForwardWork<TFunction>(
        TFunction function, Tensor input, Tensor table, Tensor weights, Tensor residual, Activation activation, Tensor output, RowChunks chunks) : IParallelWork
        where TFunction : struct, IChannelFunction
    {
        public void Execute(int part)
        {
            int sample = part / chunks.Count;
            int chunk = part - (sample * chunks.Count);
            int channels = input.Shape[-1];
            int first = (sample * chunks.Rows) + chunks.From(chunk);
            int rows = chunks.To(chunk) - chunks.From(chunk);
            ChannelMap.Forward(
                function,
                input.Span.Slice(first * channels, rows * channels),
                channels,
                TableOf(table, sample),
                weights.Exists ? weights.Span.Slice(first, rows) : default,
                residual.Exists ? residual.Span.Slice(first * channels, rows * channels) : default,
                activation,
                output.Span.Slice(first * channels, rows * channels));
        }
    }

    // A sample is the smallest part: its sums over the pixels go in one order.
    private readonly struct BackwardWork<TFunction>(
        TFunction function,
        Tensor input,
        Tensor table,
        Tensor weights,
        Tensor gradient,
        Tensor inputGradient,
        bool accumulate,
        Tensor tableGradient,
        Tensor weightGradient,
        bool accumulateWeights) : IParallelWork
        where TFunction : struct, IChannelFunction
    {
        public void Execute(int part) => ChannelMap.Backward(
            function,
            input.Rows(part, 1).Span,
            input.Shape[-1],
            TableOf(table, part),
            weights.Exists ? weights.Rows(part, 1).Span : default,
            gradient.Rows(part, 1).Span,
            inputGradient.Exists ? inputGradient.Rows(part, 1).Span : default,
            accumulate,
            tableGradient.Exists ? tableGradient.Rows(part, 1).Span : default,
            weightGradient.Exists ? weightGradient.Rows(part, 1).Span : default,
            accumulateWeights);
    }

    private sealed class Entry<TFunction>(
        Context context, TFunction function, Tensor input, ChannelOperands operands, Tensor table, Tensor weights, Tensor output) : TapeEntry(output)
        where TFunction : struct, IChannelFunction
    {
        private readonly Tensor _output = output;

        public override void Backward(Gradients gradients)
        {
            Shape shape = input.Shape;
            Tensor gradient = gradients.Of(_output);
            bool accumulate = false;
            bool accumulateWeights = false;
            Tensor inputGradient = Gradients.Flows(input) ? gradients.Into(input, out accumulate) : default;
            Tensor weightGradient = weights.Exists && Gradients.Flows(weights) ? gradients.Into(weights, out accumulateWeights) : default;
            Tensor tableGradient = operands.AreRecorded(context) ? context.Workspace.Rent(new Shape(shape[0], operands.Parameters, shape[-1])) : default;
            BackwardWork<TFunction> work = new(
                function, input, table, weights, gradient, inputGradient, accumulate, tableGradient, weightGradient, accumulateWeights);
            context.Workers.Run(shape[0], in work);
            if (tableGradient.Exists)
            {
                Distribute(gradients, tableGradient);
                context.Workspace.Recycle(tableGradient.Storage);
            }
        }

        private void Distribute(Gradients gradients, Tensor tableGradient)
        {
            int channels = tableGradient.Shape[2];
            int row = tableGradient.Shape[1] * channels;
            int place = 0;
            for (int i = 0; i < operands.Count; i++)
            {
                Tensor operand = operands[i];
                int length = ChannelOperands.ParametersOf(operand) * channels;
                if (Gradients.Flows(operand))
                {
                    Span<float> target = gradients.Into(operand, out bool accumulate).Span;
                    if (!accumulate)
                    {
                        target.Clear();
                    }

                    for (int sample = 0; sample < tableGradient.Shape[0]; sample++)
                    {
                        int start = ChannelOperands.IsShared(operand) ? 0 : sample * length;
                        Add(tableGradient.Span.Slice((sample * row) + place, length), target.Slice(start, length));
                    }
                }

                place += length;
            }
        }

        private static void Add(ReadOnlySpan<float> values, Span<float> target)
        {
            for (int i = 0; i < values.Length; i++)
            {
                target[i] += values[i];
            }
        }
    }
}
