using System;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Selections;

/// <summary>Selections of pixels that follow from others along a window that slides over a map: what a change spreads to.</summary>
public static class ReachedPixels
{
    /// <summary>
    /// The output pixels whose window holds a selected input pixel: output (y, x) sees input (y · stride − padding + ky · dilation, x · stride − padding
    /// + kx · dilation) for each tap (ky, kx). All others are what they were when only the selected inputs change.
    /// </summary>
    /// <param name="workspace">Where the selection lives.</param>
    /// <param name="input">A row for each sample over height · width pixels.</param>
    /// <param name="height">The input's height.</param>
    /// <param name="width">The input's width.</param>
    /// <param name="outputHeight">The output's height.</param>
    /// <param name="outputWidth">The output's width.</param>
    /// <param name="kernel">The window's height and width.</param>
    /// <param name="stride">Input pixels from one output pixel to the next.</param>
    /// <param name="padding">Pixels added at the top and left.</param>
    /// <param name="dilation">Input pixels from one tap to the next.</param>
    /// <returns>A row for each sample over outputHeight · outputWidth pixels.</returns>
    /// <exception cref="ArgumentException">The selection's universe is not the input's size, or a number is out of range.</exception>
    public static Selection ReachPixels(
        this Workspace workspace, Selection input, int height, int width, int outputHeight, int outputWidth, int kernel = 3, int stride = 1, int padding = 1,
        int dilation = 1)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        ArgumentOutOfRangeException.ThrowIfLessThan(kernel, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(dilation, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(padding);
        ArgumentOutOfRangeException.ThrowIfNegative(outputHeight);
        ArgumentOutOfRangeException.ThrowIfNegative(outputWidth);
        if (input.Universe != (long)height * width)
        {
            throw new ArgumentException($"The selection is over {input.Universe} pixels; expected {height} x {width}.", nameof(input));
        }

        int universe = checked(outputHeight * outputWidth);
        if (input.IsAll)
        {
            return Selection.All(input.Rows, universe);
        }

        if (kernel == 1 && stride == 1 && padding == 0 && (outputHeight, outputWidth) == (height, width))
        {
            return input;
        }

        SelectionWriter writer = new(workspace, input.Rows, universe, checked(input.Rows * universe));
        PixelMarks marks = new(workspace.RentIntegers(universe).Slice(0, universe), outputHeight, outputWidth);

        // Windows that meet leave no gap between them: a run of input pixels is seen by a run of outputs.
        bool joins = kernel >= stride && dilation == 1;
        for (int row = 0; row < input.Rows; row++)
        {
            ReadOnlySpan<int> pixels = input.Row(row);
            for (int first = 0, last; first < pixels.Length; first = last + 1)
            {
                int y = pixels[first] / width;
                last = first;
                while (joins && last + 1 < pixels.Length && pixels[last + 1] == pixels[last] + 1 && pixels[last + 1] < (y + 1) * width)
                {
                    last++;
                }

                int top = y + padding;
                int left = pixels[first] - (y * width) + padding;
                if (joins)
                {
                    marks.Mark(Ceiling(top - kernel + 1, stride), (top / stride) + 1, Ceiling(left - kernel + 1, stride), ((left + last - first) / stride) + 1);
                }
                else
                {
                    MarkTaps(ref marks, top, left, kernel, stride, dilation);
                }
            }

            marks.List(ref writer);
        }

        return writer.Finish();
    }

    private static int Ceiling(int value, int divisor) => value <= 0 ? 0 : (value + divisor - 1) / divisor;

    // Marks the outputs of one input pixel at a place in the padded map, one by one.
    private static void MarkTaps(ref PixelMarks marks, int top, int left, int kernel, int stride, int dilation)
    {
        for (int tap = 0; tap < kernel * kernel; tap++)
        {
            int y = top - (tap / kernel * dilation);
            int x = left - (tap % kernel * dilation);
            if (y >= 0 && x >= 0 && y % stride == 0 && x % stride == 0)
            {
                marks.Mark(y / stride, (y / stride) + 1, x / stride, (x / stride) + 1);
            }
        }
    }
}
