using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Images in another size, as PyTorch's interpolate gives them (no smoothing before shrinking). Each output pixel is a weighted sum of input
/// pixels; the gradient goes back with the same weights.
/// </summary>
public static class ResizeOperator
{
    /// <summary>Gives images another size.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, C].</param>
    /// <param name="height">The new height, at least 1.</param>
    /// <param name="width">The new width, at least 1.</param>
    /// <param name="mode">How values between pixels are found.</param>
    /// <param name="alignCorners">Whether the centres of the corner pixels meet, instead of the images' edges; means nothing for nearest.</param>
    /// <returns>[N, height, width, C].</returns>
    /// <exception cref="ArgumentException">The tensor is no image, or has no pixels.</exception>
    public static Tensor Resize(this Context context, Tensor input, int height, int width, ResizeMode mode = ResizeMode.Bilinear, bool alignCorners = false)
    {
        Shape shape = input.Shape;
        if (shape.Rank != 4 || shape[1] < 1 || shape[2] < 1)
        {
            throw new ArgumentException($"Shape {shape} was to be resized; expected images [N, H, W, C] with pixels.", nameof(input));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        int taps = ResizeAxis.Taps(mode);
        Tensor output = context.Workspace.Rent(new Shape(shape[0], height, width, shape[3]));
        Plan plan = new(context, height * taps, width * taps, taps);
        ResizeAxis.Compute(mode, alignCorners, shape[1], height, plan.Rows, plan.RowWeights);
        ResizeAxis.Compute(mode, alignCorners, shape[2], width, plan.Columns, plan.ColumnWeights);
        int rowsPerPart = Math.Max(1, ElementParts.Length / Math.Max(1, width * shape[3] * taps));
        int rows = shape[0] * height;
        context.Workers.Run((rows + rowsPerPart - 1) / rowsPerPart, new ForwardWork(plan, input, output, rowsPerPart));
        if (context.Records(input))
        {
            context.Tape!.Record(new Entry(context, plan, input, output));
        }

        return output;
    }

    // Positions and weights of both directions, in the workspace: rows first.
    private readonly struct Plan(Context context, int rows, int columns, int taps)
    {
        private readonly Storage<int> _positions = context.Workspace.RentIntegers(rows + columns);
        private readonly Tensor _weights = context.Workspace.Rent(new Shape(rows + columns));
        private readonly int _rows = rows;
        private readonly int _columns = columns;

        public int Taps { get; } = taps;

        public Span<int> Rows => _positions.Slice(0, _rows);

        public Span<int> Columns => _positions.Slice(_rows, _columns);

        public Span<float> RowWeights => _weights.Span[.._rows];

        public Span<float> ColumnWeights => _weights.Span[_rows..];
    }

    private readonly struct ForwardWork(Plan plan, Tensor input, Tensor output, int rowsPerPart) : IParallelWork
    {
        public void Execute(int part)
        {
            int height = output.Shape[1];
            int taps = plan.Taps;
            int rowElements = output.Shape.ProductFrom(2);
            int imageElements = input.Shape.ProductFrom(1);
            int last = Math.Min(output.Shape[0] * height, (part + 1) * rowsPerPart);
            for (int row = part * rowsPerPart; row < last; row++)
            {
                int y = row % height * taps;
                Kernels.Sampling.Resize.Forward(
                    input.Span.Slice(row / height * imageElements, imageElements),
                    input.Shape[2],
                    input.Shape[3],
                    plan.Rows.Slice(y, taps),
                    plan.RowWeights.Slice(y, taps),
                    plan.Columns,
                    plan.ColumnWeights,
                    output.Span.Slice(row * rowElements, rowElements));
            }
        }
    }

    private readonly struct BackwardWork(Plan plan, Tensor outputGradient, Tensor inputGradient) : IParallelWork
    {
        // A part is a whole image: its output rows share input pixels.
        public void Execute(int part)
        {
            int height = outputGradient.Shape[1];
            int taps = plan.Taps;
            int rowElements = outputGradient.Shape.ProductFrom(2);
            int imageElements = inputGradient.Shape.ProductFrom(1);
            for (int row = 0; row < height; row++)
            {
                Kernels.Sampling.Resize.Backward(
                    outputGradient.Span.Slice(((part * height) + row) * rowElements, rowElements),
                    inputGradient.Shape[2],
                    inputGradient.Shape[3],
                    plan.Rows.Slice(row * taps, taps),
                    plan.RowWeights.Slice(row * taps, taps),
                    plan.Columns,
                    plan.ColumnWeights,
                    inputGradient.Span.Slice(part * imageElements, imageElements));
            }
        }
    }

    private sealed class Entry(Context context, Plan plan, Tensor input, Tensor output) : TapeEntry(output)
    {
        public override void Backward(Gradients gradients)
        {
            Tensor gradient = gradients.Of(output);
            Tensor target = gradients.Into(input, out bool accumulate);
            if (!accumulate)
            {
                target.Span.Clear();
            }

            context.Workers.Run(input.Shape[0], new BackwardWork(plan, gradient, target));
        }
    }
}
