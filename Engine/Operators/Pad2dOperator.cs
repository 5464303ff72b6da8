using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace ManagedDyn.Engine.Operators;

/// <summary>Adds a border to the maps of a batch.</summary>
public static class Pad2dOperator
{
    /// <summary>Copies maps into larger ones and fills the border; differentiable.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, height, width, channels].</param>
    /// <param name="top">Rows above, at least 0.</param>
    /// <param name="left">Columns to the left, at least 0.</param>
    /// <param name="bottom">Rows below, at least 0.</param>
    /// <param name="right">Columns to the right, at least 0.</param>
    /// <param name="mode">What the border holds.</param>
    /// <returns>[N, top + height + bottom, left + width + right, channels].</returns>
    /// <exception cref="ArgumentException">The input is no batch of maps, or a reflected border is not smaller than the map.</exception>
    public static Tensor Pad2d(this Context context, Tensor input, int top, int left, int bottom, int right, PaddingMode mode)
    {
        if (input.Shape.Rank != 4)
        {
            throw new ArgumentException($"The input has shape {input.Shape}; expected [N, height, width, channels].", nameof(input));
        }

        CheckBorder(top, bottom, input.Shape[1], mode, "height");
        CheckBorder(left, right, input.Shape[2], mode, "width");
        if (mode == PaddingMode.Zeros)
        {
            return context.Pad(input, [0, top, left, 0], [0, bottom, right, 0]);
        }

        Shape shape = new(input.Shape[0], checked(input.Shape[1] + top + bottom), checked(input.Shape[2] + left + right), input.Shape[3]);
        Tensor output = context.Workspace.Rent(shape);
        Border border = new(input.Shape[1], input.Shape[2], top, left, mode);
        int channels = shape[3];
        for (int row = 0; row < shape.RowCount; row++)
        {
            input.Span.Slice(border.Source(row, shape) * channels, channels).CopyTo(output.Span[(row * channels)..]);
        }

        if (context.Records(input))
        {
            context.Tape!.Record(new Entry(input, output, border));
        }

        return output;
    }

    private static void CheckBorder(int before, int after, int size, PaddingMode mode, string axis)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(before);
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        if (mode is not (PaddingMode.Zeros or PaddingMode.Reflect or PaddingMode.Replicate))
        {
            throw new ArgumentException($"The padding mode is {mode}; expected a named one.", nameof(mode));
        }

        int largest = mode == PaddingMode.Reflect ? size - 1 : mode == PaddingMode.Replicate && size == 0 ? 0 : int.MaxValue;
        if (Math.Max(before, after) > largest)
        {
            throw new ArgumentException($"A border of {before} and {after} in {axis} was asked of a map of {size}; {mode} allows at most {largest}.");
        }
    }

    private readonly struct Border(int height, int width, int top, int left, PaddingMode mode)
    {
        /// <summary>The input's pixel that an output's pixel is a copy of, both counted over the batch.</summary>
        public int Source(int row, in Shape shape)
        {
            int x = Source((row % shape[2]) - left, width);
            int y = Source((row / shape[2] % shape[1]) - top, height);
            return (((row / shape[2] / shape[1] * height) + y) * width) + x;
        }

        private int Source(int at, int size) => mode == PaddingMode.Replicate
            ? Math.Clamp(at, 0, size - 1)
            : at < 0 ? -at : at >= size ? (2 * (size - 1)) - at : at;
    }

    private sealed class Entry(Tensor input, Tensor output, Border border) : TapeEntry(output)
    {
        public override void Backward(Gradients gradients)
        {
            if (!Gradients.Flows(input))
            {
                return;
            }

            Tensor gradient = gradients.Of(Outputs[0]);
            Tensor target = gradients.Into(input, out bool accumulate);
            if (!accumulate)
            {
                target.Span.Clear();
            }

            int channels = input.Shape[3];
            for (int row = 0; row < gradient.Shape.RowCount; row++)
            {
                Span<float> sum = target.Span.Slice(border.Source(row, gradient.Shape) * channels, channels);
                TensorPrimitives.Add(sum, gradient.Span.Slice(row * channels, channels), sum);
            }
        }
    }
}
