using System.Collections.Generic;
using ManagedDyn.Engine.Kernels.Convolution;

namespace ManagedDyn.Bench.Calibrate;

/// <summary>Fits times to counts, each sample weighted by its time, so that small layers count as much as large ones.</summary>
internal static class LeastSquares
{
    private const int Unknowns = 5;

    /// <summary>The time of a step in milliseconds, and the other numbers in steps.</summary>
    public static double[] Fit(List<(double Steps, ConvolutionCosts Counts, double Milliseconds)> samples)
    {
        double[,] equations = new double[Unknowns, Unknowns + 1];
        foreach ((double steps, ConvolutionCosts counts, double time) in samples)
        {
            double[] row = [steps / time, counts.PixelPanel / time, counts.TileInput / time, counts.TilePanel / time, counts.WeightRow / time, 1];
            for (int i = 0; i < Unknowns; i++)
            {
                for (int j = 0; j <= Unknowns; j++)
                {
                    equations[i, j] += row[i] * row[j];
                }
            }
        }

        double[] solution = Solve(equations);
        for (int i = 1; i < Unknowns; i++)
        {
            solution[i] /= solution[0];
        }

        return solution;
    }

    // Elimination; the equations are positive definite, so no pivot is zero.
    private static double[] Solve(double[,] equations)
    {
        for (int i = 0; i < Unknowns; i++)
        {
            for (int row = i + 1; row < Unknowns; row++)
            {
                double factor = equations[row, i] / equations[i, i];
                for (int column = i; column <= Unknowns; column++)
                {
                    equations[row, column] -= factor * equations[i, column];
                }
            }
        }

        double[] solution = new double[Unknowns];
        for (int i = Unknowns - 1; i >= 0; i--)
        {
            double value = equations[i, Unknowns];
            for (int j = i + 1; j < Unknowns; j++)
            {
                value -= equations[i, j] * solution[j];
            }

            solution[i] = value / equations[i, i];
        }

        return solution;
    }
}
