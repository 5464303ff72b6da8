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
        Storage<int> marks = workspace.RentIntegers(universe);
        Span<int> isReached = marks.Slice(0, universe);
        for (int row = 0; row < input.Rows; row++)
        {
            isReached.Clear();
            foreach (int pixel in input.Row(row))
            {
                int y = pixel / width;
                Mark(isReached, y + padding, pixel - (y * width) + padding, outputHeight, outputWidth, kernel, stride, dilation);
            }

            for (int i = 0; i < universe; i++)
            {
                if (isReached[i] != 0)
                {
                    writer.Add(i);
                }
            }

            writer.EndRow();
        }

        return writer.Finish();
    }

    // Marks the outputs of one input pixel at a place in the padded map.
    private static void Mark(Span<int> isReached, int top, int left, int outputHeight, int outputWidth, int kernel, int stride, int dilation)
    {
        for (int ky = 0; ky < kernel; ky++)
        {
            int y = top - (ky * dilation);
            if (y < 0 || y % stride != 0 || y / stride >= outputHeight)
            {
                continue;
            }

            Span<int> line = isReached.Slice(y / stride * outputWidth, outputWidth);
            for (int kx = 0; kx < kernel; kx++)
            {
                int x = left - (kx * dilation);
                if (x >= 0 && x % stride == 0 && x / stride < outputWidth)
                {
                    line[x / stride] = 1;
                }
            }
        }
    }
}
