using System;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Kernels.Elementwise;

/// <summary>
/// How two tensors meet element by element (NumPy's rule: dimensions are aligned at the last, and an extent of 1 is repeated). Neighbouring
/// dimensions that both operands walk through alike are taken as one, so that equal shapes are one long row, and a vector of channels
/// meets rows of channels.
/// </summary>
public readonly struct BroadcastPlan
{
    private readonly Extents _extents;
    private readonly Extents _left;
    private readonly Extents _right;
    private readonly int _rank;

    /// <summary>Makes the plan of two shapes.</summary>
    /// <param name="left">The left operand's shape.</param>
    /// <param name="right">The right operand's shape.</param>
    /// <exception cref="ArgumentException">An extent differs from the other's and neither is 1.</exception>
    public BroadcastPlan(Shape left, Shape right)
    {
        Output = Broadcast(left, right);
        Left = left;
        Right = right;
        int leftStride = 1;
        int rightStride = 1;
        int last = -1;
        Extents extents = default;
        Extents leftStrides = default;
        Extents rightStrides = default;

        // From the innermost dimension outward; the arrays hold the innermost first.
        for (int i = 1; i <= Output.Rank; i++)
        {
            int extent = Output[-i];
            int leftExtent = i <= left.Rank ? left[-i] : 1;
            int rightExtent = i <= right.Rank ? right[-i] : 1;
            int leftStep = leftExtent == 1 ? 0 : leftStride;
            int rightStep = rightExtent == 1 ? 0 : rightStride;
            leftStride *= leftExtent;
            rightStride *= rightExtent;
            if (extent == 1)
            {
                continue;
            }

            if (last >= 0 && leftStep == leftStrides[last] * extents[last] && rightStep == rightStrides[last] * extents[last])
            {
                extents[last] *= extent;
                continue;
            }

            last++;
            extents[last] = extent;
            leftStrides[last] = leftStep;
            rightStrides[last] = rightStep;
        }

        if (last < 0)
        {
            extents[0] = 1;
            last = 0;
        }

        _rank = last + 1;
        _extents = extents;
        _left = leftStrides;
        _right = rightStrides;
    }

    /// <summary>The shape of the result.</summary>
    public Shape Output { get; }

    /// <summary>The left operand's shape.</summary>
    public Shape Left { get; }

    /// <summary>The right operand's shape.</summary>
    public Shape Right { get; }

    /// <summary>The length of a row: consecutive elements of the result, for which each operand is consecutive too, or one value.</summary>
    internal int RowLength => _extents[0];

    /// <summary>Whether the left operand is one value for a whole row.</summary>
    internal bool LeftIsRepeated => _left[0] == 0;

    /// <summary>Whether the right operand is one value for a whole row.</summary>
    internal bool RightIsRepeated => _right[0] == 0;

    /// <summary>From one row's start in the left operand to the next one's, as long as <see cref="RowsFrom"/> tells.</summary>
    internal int LeftStep => _left[1];

    /// <summary>The same of the right operand.</summary>
    internal int RightStep => _right[1];

    /// <summary>The shape that two operands have together.</summary>
    /// <param name="left">The left operand's shape.</param>
    /// <param name="right">The right operand's shape.</param>
    /// <exception cref="ArgumentException">An extent differs from the other's and neither is 1.</exception>
    public static Shape Broadcast(Shape left, Shape right)
    {
        int rank = Math.Max(left.Rank, right.Rank);
        Span<int> extents = stackalloc int[Shape.MaximumRank];
        for (int i = 1; i <= rank; i++)
        {
            int leftExtent = i <= left.Rank ? left[-i] : 1;
            int rightExtent = i <= right.Rank ? right[-i] : 1;
            if (leftExtent != rightExtent && leftExtent != 1 && rightExtent != 1)
            {
                throw new ArgumentException($"Shapes {left} and {right} do not meet: extents {leftExtent} and {rightExtent} differ and neither is 1.", nameof(right));
            }

            extents[rank - i] = leftExtent == 1 ? rightExtent : leftExtent;
        }

        return new Shape(extents[..rank]);
    }

    /// <summary>How many rows, this one included, start at steps of equal length in each operand.</summary>
    /// <param name="row">The row.</param>
    internal int RowsFrom(int row) => _rank == 1 ? 1 : _extents[1] - (row % _extents[1]);

    /// <summary>Where a row of the result starts in each operand.</summary>
    /// <param name="row">The row.</param>
    /// <param name="left">The left operand's element.</param>
    /// <param name="right">The right operand's element.</param>
    internal void Locate(int row, out int left, out int right)
    {
        left = 0;
        right = 0;
        for (int i = 1; i < _rank; i++)
        {
            int index = row % _extents[i];
            row /= _extents[i];
            left += index * _left[i];
            right += index * _right[i];
        }
    }
}
