using System;

namespace ManagedDyn.Engine.Kernels.Sampling;

/// <summary>Which input positions an output position is made of, along one direction, and with which weights. Edges are repeated outward.</summary>
public static class ResizeAxis
{
    // The coefficient of Keys' kernel that PyTorch and OpenCV use.
    private const double Cubic = -0.75;

    /// <summary>The number of input positions for each output position.</summary>
    /// <param name="mode">How values are found.</param>
    public static int Taps(ResizeMode mode) => mode switch
    {
        ResizeMode.Nearest => 1,
        ResizeMode.Bilinear => 2,
        ResizeMode.Bicubic => 4,
        _ => throw new ArgumentException($"The mode is {mode}; expected a named one.", nameof(mode)),
    };

    /// <summary>Computes positions and weights.</summary>
    /// <param name="mode">How values are found.</param>
    /// <param name="alignCorners">Whether the centres of the corner pixels meet; otherwise the images' edges do.</param>
    /// <param name="input">The input's extent, at least 1.</param>
    /// <param name="output">The output's extent.</param>
    /// <param name="positions">[output, taps].</param>
    /// <param name="weights">[output, taps].</param>
    /// <exception cref="ArgumentException">The input is empty, or there is not room for output · taps values.</exception>
    public static void Compute(ResizeMode mode, bool alignCorners, int input, int output, Span<int> positions, Span<float> weights)
    {
        int taps = Taps(mode);
        if (input < 1 || positions.Length != output * taps || weights.Length != output * taps)
        {
            throw new ArgumentException($"There are {positions.Length} positions and {weights.Length} weights for {input} to {output}; expected {output} x {taps} and a positive extent.");
        }

        for (int i = 0; i < output; i++)
        {
            Span<int> place = positions.Slice(i * taps, taps);
            Span<float> weight = weights.Slice(i * taps, taps);
            if (mode == ResizeMode.Nearest)
            {
                place[0] = (int)Math.Min((long)i * input / output, input - 1);
                weight[0] = 1f;
                continue;
            }

            double at = alignCorners
                ? output > 1 ? (double)i * (input - 1) / (output - 1) : 0
                : ((i + 0.5) * input / output) - 0.5;
            if (mode == ResizeMode.Bilinear)
            {
                at = Math.Max(at, 0);
            }

            int first = (int)Math.Floor(at);
            double t = at - first;
            if (mode == ResizeMode.Bilinear)
            {
                weight[0] = (float)(1 - t);
                weight[1] = (float)t;
            }
            else
            {
                first--;
                weight[0] = (float)Outer(t + 1);
                weight[1] = (float)Inner(t);
                weight[2] = (float)Inner(1 - t);
                weight[3] = (float)Outer(2 - t);
            }

            for (int tap = 0; tap < taps; tap++)
            {
                place[tap] = Math.Clamp(first + tap, 0, input - 1);
            }
        }
    }

    private static double Inner(double x) => ((((Cubic + 2) * x) - (Cubic + 3)) * x * x) + 1;

    private static double Outer(double x) => (((((x - 5) * x) + 8) * x) - 4) * Cubic;
}
