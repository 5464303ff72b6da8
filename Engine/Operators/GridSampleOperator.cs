using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Images read at the places of a grid, as a spatial transformer does (Jaderberg et al., NIPS 2015, section 3.3), as PyTorch's grid_sample.</summary>
public static class GridSampleOperator
{
    /// <summary>y[n, p, c] = x[n, ·, ·, c] at grid[n, p]; differentiable in the images and the grid.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, H, W, C].</param>
    /// <param name="grid">[N, OutHeight, OutWidth, 2]: x, then y, from −1 to 1 over the image.</param>
    /// <param name="mode">How values between pixels are found.</param>
    /// <param name="padding">What a place outside reads.</param>
    /// <param name="alignCorners">Whether −1 and 1 are the centres of the outer pixels instead of their edges.</param>
    /// <returns>[N, OutHeight, OutWidth, C].</returns>
    /// <exception cref="ArgumentException">Shapes do not fit each other.</exception>
    public static Tensor GridSample(
        this Context context, Tensor input, Tensor grid, ResizeMode mode = ResizeMode.Bilinear, GridPadding padding = GridPadding.Zeros, bool alignCorners = false)
    {
        ArgumentNullException.ThrowIfNull(context);
        Shape shape = input.Shape;
        if (shape.Rank != 4 || shape[1] < 1 || shape[2] < 1)
        {
            throw new ArgumentException($"The input has shape {shape}; expected images [N, H, W, C] with pixels.", nameof(input));
        }

        if (grid.Shape.Rank != 4 || grid.Shape[0] != shape[0] || grid.Shape[3] != 2)
        {
            throw new ArgumentException($"The grid has shape {grid.Shape}; expected [{shape[0]}, OutHeight, OutWidth, 2].", nameof(grid));
        }

        if (padding is not (GridPadding.Zeros or GridPadding.Border or GridPadding.Reflection))
        {
            throw new ArgumentException($"The padding is {padding}; expected a named one.", nameof(padding));
        }

        // Throws for an unknown mode.
        _ = ResizeAxis.Taps(mode);
        context.ThrowIfCancelled();
        Tensor output = context.Workspace.Rent(new Shape(shape[0], grid.Shape[1], grid.Shape[2], shape[3]));
        Rule rule = new(mode, padding, alignCorners);
        context.Workers.Run(shape[0] * grid.Shape[1], new ForwardWork(rule, input, grid, output));
        if (context.Records(input) || context.Records(grid))
        {
            context.Tape!.Record(new Entry(context, rule, input, grid, output));
        }

        return output;
    }

    private readonly record struct Rule(ResizeMode Mode, GridPadding Padding, bool AlignCorners);

    private readonly struct ForwardWork(Rule rule, Tensor input, Tensor grid, Tensor output) : IParallelWork
    {
        // A part is a row of output pixels.
        public void Execute(int part)
        {
            Shape shape = input.Shape;
            int gridRow = 2 * grid.Shape[2];
            int outRow = output.Shape.ProductFrom(2);
            GridSampling.Forward(
                input.Rows(part / grid.Shape[1], 1).Span, shape[1], shape[2], grid.Span.Slice(part * gridRow, gridRow), rule.Mode, rule.Padding, rule.AlignCorners,
                output.Span.Slice(part * outRow, outRow));
        }
    }

    private readonly struct BackwardWork(Rule rule, Tensor input, Tensor grid, Tensor upstream, Tensor inputGradient, Tensor gridGradient) : IParallelWork
    {
        // A part is a whole image: its output pixels share input pixels.
        public void Execute(int part)
        {
            Shape shape = input.Shape;
            GridSampling.Backward(
                input.Rows(part, 1).Span, shape[1], shape[2], grid.Rows(part, 1).Span, rule.Mode, rule.Padding, rule.AlignCorners, upstream.Rows(part, 1).Span,
                inputGradient.Exists ? inputGradient.Rows(part, 1).Span : default, gridGradient.Exists ? gridGradient.Rows(part, 1).Span : default);
        }
    }

    private sealed class Entry(Context context, Rule rule, Tensor input, Tensor grid, Tensor output) : TapeEntry(output)
    {
        public override void Backward(Gradients gradients)
        {
            BackwardWork work = new(rule, input, grid, gradients.Of(Outputs[0]), Cleared(gradients, input), Cleared(gradients, grid));
            context.Workers.Run(input.Shape[0], in work);
        }

        private static Tensor Cleared(Gradients gradients, Tensor operand)
        {
            if (!Gradients.Flows(operand))
            {
                return default;
            }

            Tensor target = gradients.Into(operand, out bool accumulate);
            if (!accumulate)
            {
                target.Span.Clear();
            }

            return target;
        }
    }
}
