using System;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Kernels.Reduction;

/// <summary>A shape seen as [outer, length, inner], where the middle is some neighbouring dimensions that a reduction runs over.</summary>
public readonly struct AxisRange
{
    /// <summary>Sees a shape so.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="axis">The first dimension reduced; negative values count from the end.</param>
    /// <param name="count">How many dimensions, at least 1.</param>
    /// <exception cref="ArgumentException">There are no such dimensions, or they hold nothing.</exception>
    public AxisRange(Shape shape, int axis, int count)
    {
        int first = axis < 0 ? axis + shape.Rank : axis;
        if (first < 0 || count < 1 || first > shape.Rank - count)
        {
            throw new ArgumentException($"A reduction over {count} dimensions from {axis} was asked of shape {shape}.", nameof(axis));
        }

        Axis = first;
        Count = count;
        Outer = shape.ProductBefore(first);
        Inner = shape.ProductFrom(first + count);
        Length = 1;
        for (int i = 0; i < count; i++)
        {
            Length *= shape[first + i];
        }

        if (Length == 0)
        {
            throw new ArgumentException($"A reduction over {count} dimensions from {axis} of shape {shape} has nothing to reduce.", nameof(axis));
        }
    }

    /// <summary>The first dimension reduced.</summary>
    public int Axis { get; }

    /// <summary>How many dimensions are reduced.</summary>
    public int Count { get; }

    /// <summary>The product of the extents before.</summary>
    public int Outer { get; }

    /// <summary>The product of the extents reduced.</summary>
    public int Length { get; }

    /// <summary>The product of the extents after.</summary>
    public int Inner { get; }

    /// <summary>The shape of the result.</summary>
    /// <param name="shape">The shape reduced.</param>
    /// <param name="keep">Whether the dimensions stay, with extent 1.</param>
    public Shape Reduced(Shape shape, bool keep)
    {
        Span<int> extents = stackalloc int[Shape.MaximumRank];
        int rank = 0;
        for (int i = 0; i < shape.Rank; i++)
        {
            bool isReduced = i >= Axis && i < Axis + Count;
            if (!isReduced || keep)
            {
                extents[rank++] = isReduced ? 1 : shape[i];
            }
        }

        return new Shape(extents[..rank]);
    }
}
