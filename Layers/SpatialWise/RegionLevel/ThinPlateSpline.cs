using System;

namespace ManagedDyn.Layers.SpatialWise.RegionLevel;

/// <summary>
/// The thin-plate spline f(p) = a + A·p + Σ_k w_k·U(|p − c_k|), U(r) = r²·ln r², that takes values given at control points c, as a linear map of these values: from
/// the system [[U, P], [Pᵀ, 0]]·[w; a] = [values; 0] with P = [1, c] (Bookstein, 1989).
/// </summary>
internal static class ThinPlateSpline
{
    /// <summary>The points of an even grid on −1 … 1, x and then y, row by row.</summary>
    public static double[] ControlPoints(int controls)
    {
        double[] points = new double[2 * controls * controls];
        for (int i = 0; i < controls * controls; i++)
        {
            points[2 * i] = (2.0 * (i % controls) / (controls - 1)) - 1;
            points[(2 * i) + 1] = (2.0 * (i / controls) / (controls - 1)) - 1;
        }

        return points;
    }

    /// <summary>B[p, k]: what the value at control point k adds to the value at the centre of pixel p; rows of height · width pixels.</summary>
    public static float[] Basis(ReadOnlySpan<double> points, int height, int width)
    {
        int controls = points.Length / 2;
        int size = controls + 3;
        double[,] inverse = Invert(System(points), size);
        float[] basis = new float[height * width * controls];
        double[] row = new double[size];
        for (int pixel = 0; pixel < height * width; pixel++)
        {
            double x = (((2.0 * (pixel % width)) + 1) / width) - 1;
            double y = (((2.0 * (pixel / width)) + 1) / height) - 1;
            for (int k = 0; k < controls; k++)
            {
                row[k] = Radial(x - points[2 * k], y - points[(2 * k) + 1]);
            }

            (row[controls], row[controls + 1], row[controls + 2]) = (1, x, y);
            for (int k = 0; k < controls; k++)
            {
                double sum = 0;
                for (int i = 0; i < size; i++)
                {
                    sum += row[i] * inverse[i, k];
                }

                basis[(pixel * controls) + k] = (float)sum;
            }
        }

        return basis;
    }

    private static double Radial(double x, double y)
    {
        double square = (x * x) + (y * y);
        return square == 0 ? 0 : square * Math.Log(square);
    }

    private static double[,] System(ReadOnlySpan<double> points)
    {
        int controls = points.Length / 2;
        double[,] system = new double[controls + 3, controls + 3];
        for (int i = 0; i < controls; i++)
        {
            for (int k = 0; k < controls; k++)
            {
                system[i, k] = Radial(points[2 * i] - points[2 * k], points[(2 * i) + 1] - points[(2 * k) + 1]);
            }

            system[i, controls] = system[controls, i] = 1;
            system[i, controls + 1] = system[controls + 1, i] = points[2 * i];
            system[i, controls + 2] = system[controls + 2, i] = points[(2 * i) + 1];
        }

        return system;
    }

    // Gauss–Jordan with row pivots: the system has zeros on its diagonal.
    private static double[,] Invert(double[,] matrix, int size)
    {
        double[,] inverse = new double[size, size];
        for (int i = 0; i < size; i++)
        {
            inverse[i, i] = 1;
        }

        for (int column = 0; column < size; column++)
        {
            int pivot = column;
            for (int i = column + 1; i < size; i++)
            {
                pivot = Math.Abs(matrix[i, column]) > Math.Abs(matrix[pivot, column]) ? i : pivot;
            }

            for (int k = 0; k < size; k++)
            {
                (matrix[column, k], matrix[pivot, k]) = (matrix[pivot, k], matrix[column, k]);
                (inverse[column, k], inverse[pivot, k]) = (inverse[pivot, k], inverse[column, k]);
            }

            double scale = 1 / matrix[column, column];
            for (int k = 0; k < size; k++)
            {
                matrix[column, k] *= scale;
                inverse[column, k] *= scale;
            }

            for (int i = 0; i < size; i++)
            {
                double factor = i == column ? 0 : matrix[i, column];
                for (int k = 0; k < size && factor != 0; k++)
                {
                    matrix[i, k] -= factor * matrix[column, k];
                    inverse[i, k] -= factor * inverse[column, k];
                }
            }
        }

        return inverse;
    }
}
