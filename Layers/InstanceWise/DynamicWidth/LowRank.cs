using System;

namespace ManagedDyn.Layers.InstanceWise.DynamicWidth;

/// <summary>The product of low rank that is nearest to a matrix, by subspace iteration.</summary>
internal static class LowRank
{
    // From vectors of before a few turns keep up with training; from nothing more are needed.
    private const int WarmTurns = 2;
    private const int ColdTurns = 12;
    private const double LeastNorm = 1e-30;

    /// <summary>W ≈ left·right with the rows of right orthonormal and spanning W's leading right singular vectors, left = W·rightᵀ.</summary>
    /// <param name="matrix">W, [rows, columns].</param>
    /// <param name="rows">Rows of W.</param>
    /// <param name="columns">Columns of W.</param>
    /// <param name="rank">The rank, at most the smaller of both.</param>
    /// <param name="left">Takes [rows, rank].</param>
    /// <param name="right">[rank, columns]: where the iteration starts, zeros if nowhere; takes the result.</param>
    public static void Decompose(ReadOnlySpan<float> matrix, int rows, int columns, int rank, Span<float> left, Span<float> right)
    {
        double[] basis = new double[rank * columns];
        double[] image = new double[rank * rows];
        bool isCold = right.IndexOfAnyExcept(0f) < 0;
        for (int i = 0; i < basis.Length; i++)
        {
            // Any full set of directions will do: a fixed one, so that the result depends on W alone.
            basis[i] = isCold ? Math.Sin(1 + (12.9898 * i)) : right[i];
        }

        Orthonormalize(basis, rank, columns);
        for (int turn = 0; turn < (isCold ? ColdTurns : WarmTurns); turn++)
        {
            Multiply(matrix, rows, columns, basis, image, rank);
            MultiplyTransposed(matrix, rows, columns, image, basis, rank);
            Orthonormalize(basis, rank, columns);
        }

        Multiply(matrix, rows, columns, basis, image, rank);
        for (int i = 0; i < right.Length; i++)
        {
            right[i] = (float)basis[i];
        }

        for (int r = 0; r < rows; r++)
        {
            for (int k = 0; k < rank; k++)
            {
                left[(r * rank) + k] = (float)image[(k * rows) + r];
            }
        }
    }

    // image[k] = W·basis[k].
    private static void Multiply(ReadOnlySpan<float> matrix, int rows, int columns, double[] basis, double[] image, int rank)
    {
        for (int r = 0; r < rows; r++)
        {
            ReadOnlySpan<float> row = matrix.Slice(r * columns, columns);
            for (int k = 0; k < rank; k++)
            {
                ReadOnlySpan<double> direction = basis.AsSpan(k * columns, columns);
                double sum = 0;
                for (int c = 0; c < row.Length; c++)
                {
                    sum += row[c] * direction[c];
                }

                image[(k * rows) + r] = sum;
            }
        }
    }

    // basis[k] = Wᵀ·image[k].
    private static void MultiplyTransposed(ReadOnlySpan<float> matrix, int rows, int columns, double[] image, double[] basis, int rank)
    {
        Array.Clear(basis);
        for (int r = 0; r < rows; r++)
        {
            ReadOnlySpan<float> row = matrix.Slice(r * columns, columns);
            for (int k = 0; k < rank; k++)
            {
                double factor = image[(k * rows) + r];
                Span<double> direction = basis.AsSpan(k * columns, columns);
                for (int c = 0; c < row.Length; c++)
                {
                    direction[c] += factor * row[c];
                }
            }
        }
    }

    // Gram–Schmidt, twice, as once leaves what rounding did.
    private static void Orthonormalize(double[] basis, int rank, int columns)
    {
        for (int k = 0; k < rank; k++)
        {
            Span<double> own = basis.AsSpan(k * columns, columns);
            for (int pass = 0; pass < 2; pass++)
            {
                for (int before = 0; before < k; before++)
                {
                    ReadOnlySpan<double> other = basis.AsSpan(before * columns, columns);
                    double overlap = Dot(own, other);
                    for (int c = 0; c < own.Length; c++)
                    {
                        own[c] -= overlap * other[c];
                    }
                }
            }

            double norm = Math.Sqrt(Dot(own, own));
            for (int c = 0; c < own.Length; c++)
            {
                own[c] = norm > LeastNorm ? own[c] / norm : 0;
            }
        }
    }

    private static double Dot(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        double sum = 0;
        for (int i = 0; i < first.Length; i++)
        {
            sum += first[i] * second[i];
        }

        return sum;
    }
}
