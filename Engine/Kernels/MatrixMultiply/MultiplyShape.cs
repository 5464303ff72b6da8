using System;

namespace ManagedDyn.Engine.Kernels.MatrixMultiply;

/// <summary>The extents of a matrix product [Rows, Depth] × [Depth, Columns] and the distances between rows in memory.</summary>
/// <param name="Rows">Rows of the left matrix and of the output.</param>
/// <param name="Depth">The length of each sum.</param>
/// <param name="Columns">Columns of the right matrix and of the output.</param>
public readonly record struct MultiplyShape(int Rows, int Depth, int Columns)
{
    /// <summary>Elements between two rows of the left matrix as it is stored; 0: its width.</summary>
    public int LeftStride { get; init; }

    /// <summary>Elements between two rows of the right matrix as it is stored; 0: its width. Packed matrices have none.</summary>
    public int RightStride { get; init; }

    /// <summary>Elements between two rows of the output; 0: its width.</summary>
    public int OutputStride { get; init; }

    /// <summary>Whether the left matrix is stored [Depth, Rows].</summary>
    public bool TransposesLeft { get; init; }

    /// <summary>Whether the right matrix is stored [Columns, Depth].</summary>
    public bool TransposesRight { get; init; }

    /// <summary>Multiply–accumulates of the product.</summary>
    public long Macs => (long)Rows * Depth * Columns;

    internal int LeftStep => LeftStride == 0 ? (TransposesLeft ? Rows : Depth) : LeftStride;

    internal int RightStep => RightStride == 0 ? (TransposesRight ? Depth : Columns) : RightStride;

    internal int OutputStep => OutputStride == 0 ? Columns : OutputStride;

    internal void CheckLeft(int length) =>
        CheckMatrix("left matrix", TransposesLeft ? Depth : Rows, TransposesLeft ? Rows : Depth, LeftStep, length);

    internal void CheckRight(int length) =>
        CheckMatrix("right matrix", TransposesRight ? Columns : Depth, TransposesRight ? Depth : Columns, RightStep, length);

    internal void CheckOutput(int length) => CheckMatrix("output", Rows, Columns, OutputStep, length);

    private static void CheckMatrix(string what, int rows, int width, int stride, int length)
    {
        if (rows < 0 || width < 0 || stride < width)
        {
            throw new ArgumentException($"The {what} has {rows} rows of {width} with a stride of {stride}; expected none negative and a stride of at least the width.");
        }

        long needed = rows == 0 || width == 0 ? 0 : ((long)(rows - 1) * stride) + width;
        if (length < needed)
        {
            throw new ArgumentException($"The {what} has {length} elements; {rows} rows of {width} with a stride of {stride} need {needed}.");
        }
    }
}
