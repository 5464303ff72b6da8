using System;

namespace ManagedDyn.Engine.Kernels.Sampling;

/// <summary>Reads a map at the places of a grid: y[p, c] = Σ over the pixels around the place of wy · wx · x[pixel, c], in a fixed order.</summary>
public static class GridSampling
{
    private const int MostTaps = 4;

    /// <summary>Samples some pixels of one sample.</summary>
    /// <param name="input">[height, width, channels].</param>
    /// <param name="height">Rows of the map, at least 1.</param>
    /// <param name="width">Columns of the map, at least 1.</param>
    /// <param name="grid">[pixels, (x, y)]: −1 to 1 over the map.</param>
    /// <param name="mode">How values between pixels are found.</param>
    /// <param name="padding">What a place outside reads.</param>
    /// <param name="alignCorners">Whether −1 and 1 are the centres of the outer pixels instead of their edges.</param>
    /// <param name="output">[pixels, channels]; overwritten.</param>
    /// <exception cref="ArgumentException">The lengths do not fit; nothing has been written.</exception>
    public static void Forward(
        ReadOnlySpan<float> input, int height, int width, ReadOnlySpan<float> grid, ResizeMode mode, GridPadding padding, bool alignCorners, Span<float> output)
    {
        int channels = Check(input.Length, height, width, grid.Length, output.Length);
        GridTaps rows = new(mode, padding, alignCorners, height);
        GridTaps columns = new(mode, padding, alignCorners, width);
        if (mode == ResizeMode.Bilinear)
        {
            for (int p = 0; p < grid.Length / 2; p++)
            {
                float x = columns.Place(grid[2 * p]);
                float y = rows.Place(grid[(2 * p) + 1]);
                Span<float> target = output.Slice(p * channels, channels);
                if (float.IsNaN(x) || float.IsNaN(y))
                {
                    target.Clear();
                }
                else
                {
                    BilinearRead.Read(input, height, width, channels, y, x, 1, 0, target);
                }
            }

            return;
        }

        int taps = rows.Count;
        Span<int> pixels = stackalloc int[2 * MostTaps];
        Span<float> weights = stackalloc float[2 * MostTaps];
        Span<float> slopes = stackalloc float[2 * MostTaps];
        output.Clear();
        for (int p = 0; p < grid.Length / 2; p++)
        {
            columns.Find(grid[2 * p], pixels[..taps], weights[..taps], slopes[..taps]);
            rows.Find(grid[(2 * p) + 1], pixels.Slice(MostTaps, taps), weights.Slice(MostTaps, taps), slopes.Slice(MostTaps, taps));
            Span<float> target = output.Slice(p * channels, channels);
            for (int i = 0; i < taps; i++)
            {
                for (int j = 0; j < taps; j++)
                {
                    float weight = weights[MostTaps + i] * weights[j];
                    if (pixels[MostTaps + i] >= 0 && pixels[j] >= 0 && weight != 0)
                    {
                        DeformedPatchGradient.Add(input.Slice(((pixels[MostTaps + i] * width) + pixels[j]) * channels, channels), weight, target);
                    }
                }
            }
        }
    }

    /// <summary>Adds the gradients of some pixels of one sample.</summary>
    /// <param name="input">[height, width, channels].</param>
    /// <param name="height">Rows of the map.</param>
    /// <param name="width">Columns of the map.</param>
    /// <param name="grid">[pixels, (x, y)].</param>
    /// <param name="mode">How values between pixels are found.</param>
    /// <param name="padding">What a place outside reads.</param>
    /// <param name="alignCorners">Whether −1 and 1 are the centres of the outer pixels instead of their edges.</param>
    /// <param name="outputGradient">[pixels, channels].</param>
    /// <param name="inputGradient">As the input; added to. Empty: not asked for.</param>
    /// <param name="gridGradient">As the grid; added to. Empty: not asked for.</param>
    /// <exception cref="ArgumentException">The lengths do not fit; nothing has been written.</exception>
    public static void Backward(
        ReadOnlySpan<float> input, int height, int width, ReadOnlySpan<float> grid, ResizeMode mode, GridPadding padding, bool alignCorners,
        ReadOnlySpan<float> outputGradient, Span<float> inputGradient, Span<float> gridGradient)
    {
        int channels = Check(input.Length, height, width, grid.Length, outputGradient.Length);
        _ = Check(
            inputGradient.IsEmpty ? input.Length : inputGradient.Length, height, width, gridGradient.IsEmpty ? grid.Length : gridGradient.Length, outputGradient.Length);
        GridTaps rows = new(mode, padding, alignCorners, height);
        GridTaps columns = new(mode, padding, alignCorners, width);
        int taps = rows.Count;
        Span<int> pixels = stackalloc int[2 * MostTaps];
        Span<float> weights = stackalloc float[2 * MostTaps];
        Span<float> slopes = stackalloc float[2 * MostTaps];
        Span<float> lanes = stackalloc float[System.Numerics.Vector<float>.Count];
        for (int p = 0; p < grid.Length / 2; p++)
        {
            columns.Find(grid[2 * p], pixels[..taps], weights[..taps], slopes[..taps]);
            rows.Find(grid[(2 * p) + 1], pixels.Slice(MostTaps, taps), weights.Slice(MostTaps, taps), slopes.Slice(MostTaps, taps));
            ReadOnlySpan<float> upstream = outputGradient.Slice(p * channels, channels);
            float x = 0;
            float y = 0;
            for (int i = 0; i < taps; i++)
            {
                for (int j = 0; j < taps; j++)
                {
                    if (pixels[MostTaps + i] < 0 || pixels[j] < 0)
                    {
                        continue;
                    }

                    int at = ((pixels[MostTaps + i] * width) + pixels[j]) * channels;
                    if (!inputGradient.IsEmpty)
                    {
                        DeformedPatchGradient.Add(upstream, weights[MostTaps + i] * weights[j], inputGradient.Slice(at, channels));
                    }

                    if (!gridGradient.IsEmpty)
                    {
                        float product = LocalFilters.LocalFilterGradient.Dot(upstream, input.Slice(at, channels), lanes);
                        x += weights[MostTaps + i] * slopes[j] * product;
                        y += slopes[MostTaps + i] * weights[j] * product;
                    }
                }
            }

            if (!gridGradient.IsEmpty)
            {
                gridGradient[2 * p] += x;
                gridGradient[(2 * p) + 1] += y;
            }
        }
    }

    private static int Check(int inputLength, int height, int width, int gridLength, int outputLength)
    {
        long pixels = (long)height * width;
        if (height < 1 || width < 1 || inputLength % pixels != 0 || gridLength % 2 != 0 || outputLength != inputLength / pixels * (gridLength / 2))
        {
            throw new ArgumentException(
                $"A map of {height} × {width} with {inputLength} elements, a grid of {gridLength} and a result of {outputLength} were given; expected whole pixels, x and y for each, and as many channels in the result.");
        }

        return (int)(inputLength / pixels);
    }
}
