using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Elementwise;
using ManagedDyn.Engine.Kernels.Layout;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Repeats a tensor along its dimensions; gradients are summed over the repetitions.</summary>
public static class RepeatOperator
{
    /// <summary>Repeats the dimensions of extent 1, and adds dimensions in front, until the shape is reached.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">A shape that broadcasts to the new one.</param>
    /// <param name="shape">The new shape.</param>
    /// <returns>The input itself when it has the shape already.</returns>
    /// <exception cref="ArgumentException">The input does not broadcast to the shape.</exception>
    public static Tensor BroadcastTo(this Context context, Tensor input, Shape shape)
    {
        if (BroadcastPlan.Broadcast(input.Shape, shape) != shape)
        {
            throw new ArgumentException($"Shape {input.Shape} does not broadcast to {shape}.", nameof(shape));
        }

        if (input.Shape == shape)
        {
            return input;
        }

        Span<int> source = stackalloc int[Shape.MaximumRank];
        Span<int> target = stackalloc int[Shape.MaximumRank];
        LayoutOperators.Strides(shape, target);
        int stride = 1;
        for (int i = 1; i <= input.Shape.Rank; i++)
        {
            source[shape.Rank - i] = input.Shape[-i] == 1 ? 0 : stride;
            stride *= input.Shape[-i];
        }

        StridedPlan plan = new(shape, 0, source[..shape.Rank], 0, target[..shape.Rank]);
        Tensor output = context.Workspace.Rent(shape);
        MoveOperator.Run(context, in plan, input, output, add: false);
        if (context.Records(input))
        {
            context.Tape!.Record(new Entry(context, input, output));
        }

        return output;
    }

    /// <summary>Lays copies side by side: y[i] = x[i mod extent] in each dimension.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">Any shape of at most half the largest rank.</param>
    /// <param name="repeats">The number of copies along each dimension, at least 1.</param>
    /// <exception cref="ArgumentException">There is not one number for each dimension, one is below 1, or the rank is too large.</exception>
    public static Tensor Tile(this Context context, Tensor input, params ReadOnlySpan<int> repeats)
    {
        Shape shape = input.Shape;
        if (repeats.Length != shape.Rank || 2 * shape.Rank > Shape.MaximumRank)
        {
            throw new ArgumentException($"{repeats.Length} repetitions were given for shape {shape}; expected one for each of at most {Shape.MaximumRank / 2} dimensions.", nameof(repeats));
        }

        // Each dimension becomes two, the copies and what is copied; the first is broadcast.
        Span<int> single = stackalloc int[Shape.MaximumRank];
        Span<int> many = stackalloc int[Shape.MaximumRank];
        Span<int> extents = stackalloc int[Shape.MaximumRank];
        for (int i = 0; i < repeats.Length; i++)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(repeats[i], 1, nameof(repeats));
            single[2 * i] = 1;
            many[2 * i] = repeats[i];
            single[(2 * i) + 1] = shape[i];
            many[(2 * i) + 1] = shape[i];
            extents[i] = checked(repeats[i] * shape[i]);
        }

        int rank = 2 * shape.Rank;
        return context.BroadcastTo(input.Reshape(new Shape(single[..rank])), new Shape(many[..rank])).Reshape(new Shape(extents[..shape.Rank]));
    }

    private sealed class Entry(Context context, Tensor input, Tensor output) : TapeEntry(output)
    {
        public override void Backward(Gradients gradients)
        {
            Tensor gradient = gradients.Of(output);
            Tensor target = gradients.Into(input, out bool accumulate);
            if (input.Count == output.Count)
            {
                MoveOperator.Run(context, new StridedPlan(new Shape(input.Count), 0, [1], 0, [1]), gradient, target, accumulate);
            }
            else
            {
                BroadcastGradient.Sum(context, gradient, target, accumulate);
            }
        }
    }
}
