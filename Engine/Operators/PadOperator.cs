using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Layout;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Adds a border of one value around a tensor; its gradient is the window within.</summary>
public static class PadOperator
{
    /// <summary>Adds a border.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">Any shape.</param>
    /// <param name="before">Entries added before each dimension, at least 0.</param>
    /// <param name="after">Entries added after each dimension, at least 0.</param>
    /// <param name="value">The border's value.</param>
    /// <exception cref="ArgumentException">There is not one entry for each dimension, or one is negative.</exception>
    public static Tensor Pad(this Context context, Tensor input, ReadOnlySpan<int> before, ReadOnlySpan<int> after, float value = 0f)
    {
        int rank = input.Shape.Rank;
        if (before.Length != rank || after.Length != rank)
        {
            throw new ArgumentException($"There are {before.Length} and {after.Length} paddings for shape {input.Shape}; expected {rank} each.", nameof(before));
        }

        Span<int> extents = stackalloc int[Shape.MaximumRank];
        for (int i = 0; i < rank; i++)
        {
            if (before[i] < 0 || after[i] < 0)
            {
                throw new ArgumentException($"Dimension {i} is padded by {before[i]} and {after[i]}; expected 0 or more.", nameof(before));
            }

            extents[i] = checked(input.Shape[i] + before[i] + after[i]);
        }

        Shape shape = new(extents[..rank]);
        Span<int> source = stackalloc int[Shape.MaximumRank];
        Span<int> target = stackalloc int[Shape.MaximumRank];
        LayoutOperators.Strides(input.Shape, source);
        LayoutOperators.Strides(shape, target);
        int start = 0;
        for (int i = 0; i < rank; i++)
        {
            start += before[i] * target[i];
        }

        StridedPlan plan = new(input.Shape, 0, source[..rank], start, target[..rank]);
        Tensor output = context.Workspace.Rent(shape);
        output.Span.Fill(value);
        MoveOperator.Run(context, in plan, input, output, add: false);
        MoveOperator.Record(context, input, output, in plan, coversInput: true);
        return output;
    }
}
