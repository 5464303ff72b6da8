using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Layout;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Operators that give the elements other places: each is a <see cref="StridedPlan"/>, and its gradient the way back along it.</summary>
public static class LayoutOperators
{
    /// <summary>Puts the dimensions into another order: dimension i of the result is dimension axes[i] of the input.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">Any shape.</param>
    /// <param name="axes">Each dimension once, such as 0, 3, 1, 2 for NHWC to NCHW.</param>
    /// <exception cref="ArgumentException">The axes are no permutation of the dimensions.</exception>
    public static Tensor Permute(this Context context, Tensor input, params ReadOnlySpan<int> axes)
    {
        Shape shape = input.Shape;
        Span<int> strides = stackalloc int[Shape.MaximumRank];
        Span<int> extents = stackalloc int[Shape.MaximumRank];
        Span<int> sourceStrides = stackalloc int[Shape.MaximumRank];
        Strides(shape, strides);
        int seen = 0;
        for (int i = 0; i < axes.Length && axes.Length == shape.Rank; i++)
        {
            if ((uint)axes[i] < (uint)shape.Rank)
            {
                seen |= 1 << axes[i];
                extents[i] = shape[axes[i]];
                sourceStrides[i] = strides[axes[i]];
            }
        }

        if (axes.Length != shape.Rank || seen != (1 << shape.Rank) - 1)
        {
            throw new ArgumentException($"The {axes.Length} axes given are no order of the {shape.Rank} dimensions of {shape}.", nameof(axes));
        }

        Shape output = new(extents[..shape.Rank]);
        Strides(output, strides);
        StridedPlan plan = new(output, 0, sourceStrides[..shape.Rank], 0, strides[..shape.Rank]);
        return MoveOperator.Move(context, input, output, in plan, coversInput: true);
    }

    /// <summary>Exchanges two dimensions.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">Any shape.</param>
    /// <param name="first">A dimension; negative values count from the end.</param>
    /// <param name="second">Another; negative values count from the end.</param>
    public static Tensor Transpose(this Context context, Tensor input, int first = -2, int second = -1)
    {
        Span<int> axes = stackalloc int[Shape.MaximumRank];
        for (int i = 0; i < input.Shape.Rank; i++)
        {
            axes[i] = i;
        }

        int a = Dimension(input.Shape, first);
        int b = Dimension(input.Shape, second);
        (axes[a], axes[b]) = (axes[b], axes[a]);
        return context.Permute(input, axes[..input.Shape.Rank]);
    }

    /// <summary>Images [N, C, H, W] as [N, H, W, C].</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, C, H, W].</param>
    public static Tensor ToChannelsLast(this Context context, Tensor input)
    {
        return Reorder(context, input, 0, 2, 3, 1);
    }

    /// <summary>Images [N, H, W, C] as [N, C, H, W].</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, C].</param>
    public static Tensor ToChannelsFirst(this Context context, Tensor input)
    {
        return Reorder(context, input, 0, 3, 1, 2);
    }

    /// <summary>
    /// Makes one vector of each image, in the order [C, H, W], so that weights of a linear layer from elsewhere mean the same. Nothing is moved
    /// where the order is the same: for one pixel or one channel, and for what is no image.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, C], or any [N, …].</param>
    /// <returns>[N, C · H · W].</returns>
    public static Tensor Flatten(this Context context, Tensor input)
    {
        Shape shape = input.Shape;
        Shape flat = new(shape[0], shape.ProductFrom(1));
        bool isMoved = shape.Rank == 4 && shape[1] * shape[2] > 1 && shape[3] > 1;
        return (isMoved ? context.ToChannelsFirst(input) : input).Reshape(flat);
    }

    /// <summary>Turns a dimension around: the last entry comes first.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">Any shape.</param>
    /// <param name="axis">The dimension; negative values count from the end. For images [N, H, W, C], 2 flips left and right.</param>
    public static Tensor Flip(this Context context, Tensor input, int axis)
    {
        int dimension = Dimension(input.Shape, axis);
        Span<int> strides = stackalloc int[Shape.MaximumRank];
        Span<int> flipped = stackalloc int[Shape.MaximumRank];
        Strides(input.Shape, strides);
        strides.CopyTo(flipped);
        flipped[dimension] = -strides[dimension];
        int rank = input.Shape.Rank;
        int start = (input.Shape[dimension] - 1) * strides[dimension];
        StridedPlan plan = new(input.Shape, start, flipped[..rank], 0, strides[..rank]);
        return MoveOperator.Move(context, input, input.Shape, in plan, coversInput: true);
    }

    /// <summary>Consecutive, or evenly spaced, entries of a dimension.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">Any shape.</param>
    /// <param name="axis">The dimension; negative values count from the end.</param>
    /// <param name="start">The first entry.</param>
    /// <param name="count">How many entries.</param>
    /// <param name="step">From one entry to the next, at least 1.</param>
    /// <returns>For neighbouring entries of the first dimension a view, otherwise a copy.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The entries are not within the dimension.</exception>
    public static Tensor Slice(this Context context, Tensor input, int axis, int start, int count, int step = 1)
    {
        Shape shape = input.Shape;
        int dimension = Dimension(shape, axis);
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        if (start < 0 || count < 0 || (count > 0 && start + ((count - 1L) * step) >= shape[dimension]))
        {
            throw new ArgumentOutOfRangeException(nameof(start), $"{count} entries from {start} in steps of {step} were asked of dimension {dimension} of {shape}; expected them within 0 to {shape[dimension] - 1}.");
        }

        if (dimension == 0 && step == 1 && count > 0)
        {
            return input.Rows(start, count);
        }

        Shape output = shape.With(dimension, count);
        Span<int> source = stackalloc int[Shape.MaximumRank];
        Span<int> target = stackalloc int[Shape.MaximumRank];
        Strides(shape, source);
        Strides(output, target);
        int first = start * source[dimension];
        source[dimension] *= step;
        StridedPlan plan = new(output, first, source[..shape.Rank], 0, target[..shape.Rank]);
        return MoveOperator.Move(context, input, output, in plan, coversInput: count == shape[dimension]);
    }

    /// <summary>Cuts a dimension into consecutive pieces.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">Any shape.</param>
    /// <param name="axis">The dimension; negative values count from the end.</param>
    /// <param name="extents">The pieces' extents, which add up to the dimension's.</param>
    /// <param name="pieces">Gets the pieces, as many as there are extents.</param>
    /// <exception cref="ArgumentException">The extents do not add up, or there are more or fewer pieces.</exception>
    public static void Split(this Context context, Tensor input, int axis, ReadOnlySpan<int> extents, Span<Tensor> pieces)
    {
        int dimension = Dimension(input.Shape, axis);
        long sum = 0;
        foreach (int extent in extents)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(extent, nameof(extents));
            sum += extent;
        }

        if (sum != input.Shape[dimension] || pieces.Length != extents.Length)
        {
            throw new ArgumentException($"{extents.Length} extents add up to {sum} for {pieces.Length} pieces of {input.Shape}; expected {input.Shape[dimension]} and as many pieces.", nameof(extents));
        }

        int start = 0;
        for (int i = 0; i < extents.Length; i++)
        {
            pieces[i] = context.Slice(input, dimension, start, extents[i]);
            start += extents[i];
        }
    }

    /// <summary>A window of images.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, C].</param>
    /// <param name="top">The first row of pixels.</param>
    /// <param name="left">The first column.</param>
    /// <param name="height">The number of rows.</param>
    /// <param name="width">The number of columns.</param>
    /// <returns>[N, height, width, C].</returns>
    /// <exception cref="ArgumentException">The tensor is no image, or the window is not within it.</exception>
    public static Tensor Crop(this Context context, Tensor input, int top, int left, int height, int width)
    {
        Shape shape = input.Shape;
        bool isWithin = shape.Rank == 4 && top >= 0 && left >= 0 && height >= 0 && width >= 0
            && height <= shape[1] - top && width <= shape[2] - left;
        if (!isWithin)
        {
            throw new ArgumentException($"A window of {height} x {width} at ({top}, {left}) was asked of {shape}; expected one within images [N, H, W, C].", nameof(input));
        }

        Shape output = new(shape[0], height, width, shape[3]);
        int row = shape[2] * shape[3];
        StridedPlan plan = new(
            output,
            (top * row) + (left * shape[3]),
            [shape[1] * row, row, shape[3], 1],
            0,
            [height * width * shape[3], width * shape[3], shape[3], 1]);
        return MoveOperator.Move(context, input, output, in plan, coversInput: output == shape);
    }

    /// <summary>
    /// Turns channels into pixels (Shi et al., CVPR 2016): y[n, h·r + i, w·r + j, c] = x[n, h, w, c·r² + i·r + j].
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, C · r²].</param>
    /// <param name="factor">r.</param>
    /// <returns>[N, H · r, W · r, C].</returns>
    /// <exception cref="ArgumentException">The tensor is no image, or its channels do not divide by r².</exception>
    public static Tensor PixelShuffle(this Context context, Tensor input, int factor)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(factor, 1);
        Shape shape = input.Shape;
        int square = checked(factor * factor);
        if (shape.Rank != 4 || shape[3] % square != 0)
        {
            throw new ArgumentException($"Shape {shape} cannot be shuffled by {factor}; expected images [N, H, W, C] with C a multiple of {square}.", nameof(input));
        }

        int channels = shape[3] / square;
        Tensor parts = input.Reshape(new Shape(shape[0], shape[1], shape[2], channels, factor, factor));
        Span<int> axes = stackalloc int[] { 0, 1, 4, 2, 5, 3 };
        return context.Permute(parts, axes).Reshape(new Shape(shape[0], shape[1] * factor, shape[2] * factor, channels));
    }

    /// <summary>Turns pixels into channels: the way back of <see cref="PixelShuffle"/>.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H · r, W · r, C].</param>
    /// <param name="factor">r.</param>
    /// <returns>[N, H, W, C · r²].</returns>
    /// <exception cref="ArgumentException">The tensor is no image, or its height or width does not divide by r.</exception>
    public static Tensor PixelUnshuffle(this Context context, Tensor input, int factor)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(factor, 1);
        Shape shape = input.Shape;
        if (shape.Rank != 4 || shape[1] % factor != 0 || shape[2] % factor != 0)
        {
            throw new ArgumentException($"Shape {shape} cannot be unshuffled by {factor}; expected images [N, H, W, C] with H and W multiples of it.", nameof(input));
        }

        int height = shape[1] / factor;
        int width = shape[2] / factor;
        Tensor parts = input.Reshape(new Shape(shape[0], height, factor, width, factor, shape[3]));
        Span<int> axes = stackalloc int[] { 0, 1, 3, 5, 2, 4 };
        return context.Permute(parts, axes).Reshape(new Shape(shape[0], height, width, shape[3] * factor * factor));
    }

    // Not a constant list: where code is not optimised that costs an object each time.
    private static Tensor Reorder(Context context, Tensor input, int first, int second, int third, int fourth) =>
        context.Permute(input, first, second, third, fourth);

    internal static int Dimension(Shape shape, int axis)
    {
        _ = shape[axis];
        return axis < 0 ? axis + shape.Rank : axis;
    }

    internal static void Strides(Shape shape, Span<int> strides)
    {
        int stride = 1;
        for (int i = shape.Rank - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= shape[i];
        }
    }
}
