using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Sampling grids from affine transformations (Jaderberg et al., "Spatial Transformer Networks", NIPS 2015, section 3.2), as PyTorch's affine_grid.</summary>
public static class AffineGridOperator
{
    /// <summary>
    /// grid[n, i, j] = θ[n] · (x_j, y_i, 1), where x and y run from −1 to 1 over the pixels: their centres, or with aligned corners from the first centre
    /// to the last. Differentiable in θ.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="theta">θ, [N, 2, 3]: the first row gives x, the second y.</param>
    /// <param name="height">Rows of the grid, at least 1.</param>
    /// <param name="width">Columns of the grid, at least 1.</param>
    /// <param name="alignCorners">Whether −1 and 1 are the centres of the outer pixels instead of their edges.</param>
    /// <returns>[N, height, width, 2]: x, then y.</returns>
    /// <exception cref="ArgumentException">θ has another shape.</exception>
    public static Tensor AffineGrid(this Context context, Tensor theta, int height, int width, bool alignCorners = false)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        if (theta.Shape.Rank != 3 || theta.Shape[1] != 2 || theta.Shape[2] != 3)
        {
            throw new ArgumentException($"θ has shape {theta.Shape}; expected [N, 2, 3].", nameof(theta));
        }

        Tensor output = context.Workspace.Rent(new Shape(theta.Shape[0], height, width, 2));
        int at = 0;
        Span<float> to = output.Span;
        for (int n = 0; n < theta.Shape[0]; n++)
        {
            ReadOnlySpan<float> t = theta.Span.Slice(n * 6, 6);
            for (int i = 0; i < height; i++)
            {
                float y = Place(i, height, alignCorners);
                for (int j = 0; j < width; j++)
                {
                    float x = Place(j, width, alignCorners);
                    to[at++] = (t[0] * x) + (t[1] * y) + t[2];
                    to[at++] = (t[3] * x) + (t[4] * y) + t[5];
                }
            }
        }

        if (context.Records(theta))
        {
            context.Tape!.Record(new Entry(theta, output, alignCorners));
        }

        return output;
    }

    private static float Place(int index, int extent, bool alignCorners) => alignCorners
        ? extent > 1 ? (2f * index / (extent - 1)) - 1f : 0f
        : (((2f * index) + 1f) / extent) - 1f;

    private sealed class Entry(Tensor theta, Tensor output, bool alignCorners) : TapeEntry(output)
    {
        public override void Backward(Gradients gradients)
        {
            ReadOnlySpan<float> upstream = gradients.Of(Outputs[0]).Span;
            Span<float> target = gradients.Into(theta, out bool accumulate).Span;
            (int height, int width) = (Outputs[0].Shape[1], Outputs[0].Shape[2]);
            int at = 0;
            Span<double> sums = stackalloc double[6];
            for (int n = 0; n < theta.Shape[0]; n++)
            {
                sums.Clear();
                for (int i = 0; i < height; i++)
                {
                    float y = Place(i, height, alignCorners);
                    for (int j = 0; j < width; j++, at += 2)
                    {
                        float x = Place(j, width, alignCorners);
                        for (int row = 0; row < 2; row++)
                        {
                            double gradient = upstream[at + row];
                            sums[3 * row] += gradient * x;
                            sums[(3 * row) + 1] += gradient * y;
                            sums[(3 * row) + 2] += gradient;
                        }
                    }
                }

                for (int k = 0; k < 6; k++)
                {
                    float sum = (float)sums[k];
                    target[(n * 6) + k] = accumulate ? target[(n * 6) + k] + sum : sum;
                }
            }
        }
    }
}
