using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Layout;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Joins tensors along one dimension: y = [x₀ | x₁ | …]. Its gradient is cut the same way.</summary>
public static class ConcatOperator
{
    /// <summary>Joins tensors along one dimension; for images [N, H, W, C] the last one joins channels.</summary>
    /// <param name="context">The context.</param>
    /// <param name="axis">The dimension; negative values count from the end, −1 is the last.</param>
    /// <param name="inputs">At least one tensor; the shapes are equal but for the extent of the dimension.</param>
    /// <returns>The joined tensor; for one input that input itself.</returns>
    /// <exception cref="ArgumentException">There is no input, or the shapes do not fit.</exception>
    public static Tensor Concat(this Context context, int axis, params ReadOnlySpan<Tensor> inputs)
    {
        if (inputs.IsEmpty)
        {
            throw new ArgumentException("There is no tensor to join; expected at least one.", nameof(inputs));
        }

        Shape shape = JoinedShape(axis, inputs);
        if (inputs.Length == 1)
        {
            return inputs[0];
        }

        int dimension = axis < 0 ? axis + shape.Rank : axis;
        Tensor output = context.Workspace.Rent(shape);
        bool records = false;
        int start = 0;
        foreach (Tensor input in inputs)
        {
            StridedPlan plan = Window(input.Shape, shape, dimension, start);
            MoveOperator.Run(context, in plan, input, output, add: false);
            start += input.Shape[dimension];
            records |= context.Records(input);
        }

        if (records)
        {
            context.Tape!.Record(new Entry(context, inputs.ToArray(), output, dimension));
        }

        return output;
    }

    private static Shape JoinedShape(int axis, ReadOnlySpan<Tensor> inputs)
    {
        Shape first = inputs[0].Shape;
        long extent = first[axis];
        for (int i = 1; i < inputs.Length; i++)
        {
            Shape shape = inputs[i].Shape;
            if (shape.Rank != first.Rank || shape.With(axis, first[axis]) != first)
            {
                throw new ArgumentException($"Tensor {i} has shape {shape}; expected {first} but for dimension {axis}.", nameof(inputs));
            }

            extent += shape[axis];
        }

        return first.With(axis, checked((int)extent));
    }

    // The input is dense; in the output it is a window, whose rows lie as far apart as the output is wide.
    private static StridedPlan Window(Shape input, Shape output, int dimension, int start)
    {
        int outer = input.ProductBefore(dimension);
        int width = input.ProductFrom(dimension);
        int inner = input.ProductFrom(dimension + 1);
        int fullWidth = output.ProductFrom(dimension);
        return new StridedPlan(new Shape(outer, width), 0, [width, 1], start * inner, [fullWidth, 1]);
    }

    private sealed class Entry(Context context, Tensor[] inputs, Tensor output, int dimension) : TapeEntry(output)
    {
        public override void Backward(Gradients gradients)
        {
            Tensor gradient = gradients.Of(output);
            int start = 0;
            foreach (Tensor input in inputs)
            {
                if (Gradients.Flows(input))
                {
                    MoveOperator.RunBack(context, gradients, Window(input.Shape, output.Shape, dimension, start), input, gradient, coversInput: true);
                }

                start += input.Shape[dimension];
            }
        }
    }
}
