using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.MatrixMultiply;

/// <summary>
/// The matrix product as its formula says, each sum one chain of multiply–adds over the depth from 0: in float the kernels' results, bit for
/// bit; in double, what gradients are checked on.
/// </summary>
internal static class MultiplyReference
{
    /// <summary>output[i, j] = Σₖ left[i, k] · right[k, j], with the matrices stored as the shape says.</summary>
    public static void Multiply<T>(in MultiplyShape shape, ReadOnlySpan<T> left, ReadOnlySpan<T> right, Span<T> output)
        where T : IFloatingPointIeee754<T>
    {
        for (int i = 0; i < shape.Rows; i++)
        {
            for (int j = 0; j < shape.Columns; j++)
            {
                T sum = T.Zero;
                for (int k = 0; k < shape.Depth; k++)
                {
                    T a = left[shape.TransposesLeft ? (k * shape.LeftStep) + i : (i * shape.LeftStep) + k];
                    T b = right[shape.TransposesRight ? (j * shape.RightStep) + k : (k * shape.RightStep) + j];
                    sum = T.MultiplyAddEstimate(a, b, sum);
                }

                output[(i * shape.OutputStep) + j] = sum;
            }
        }
    }
}
