using System;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Selections;

/// <summary>Selections of pixels that follow from others through a convolution's geometry.</summary>
public static class PixelSelections
{
    /// <summary>
    /// The input pixels that a convolution reads for the selected output pixels: what must be computed before it. With stride 1 and padding
    /// (k − 1)/2 this is the dilation of a mask by k × k.
    /// </summary>
    /// <param name="workspace">Where the selection lives.</param>
    /// <param name="output">A row for each sample over outputHeight · outputWidth pixels.</param>
    /// <param name="height">The input's height.</param>
    /// <param name="width">The input's width.</param>
    /// <param name="outputHeight">The output's height.</param>
    /// <param name="outputWidth">The output's width.</param>
    /// <param name="kernel">The kernel's height and width.</param>
    /// <param name="stride">Input pixels from one output pixel to the next.</param>
    /// <param name="padding">Pixels of zero added at the top and left.</param>
    /// <param name="dilation">Input pixels from one tap to the next.</param>
    /// <returns>A row for each sample over height · width pixels.</returns>
    /// <exception cref="ArgumentException">The selection's universe is not the output's size, or a number is out of range.</exception>
    public static Selection DilatePixels(
        this Workspace workspace,
        Selection output,
        int height,
        int width,
        int outputHeight,
        int outputWidth,
        int kernel = 3,
        int stride = 1,
        int padding = 1,
        int dilation = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(kernel, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(dilation, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(padding);
        ArgumentOutOfRangeException.ThrowIfNegative(height);
        ArgumentOutOfRangeException.ThrowIfNegative(width);
        if (output.Universe != (long)outputHeight * outputWidth)
        {
            throw new ArgumentException($"The selection is over {output.Universe} pixels; expected {outputHeight} x {outputWidth}.", nameof(output));
        }

        int universe = checked(height * width);
        Selection listed = output.IsAll ? workspace.Expand(output) : output;
        SelectionWriter writer = new(workspace, output.Rows, universe, checked(output.Rows * universe));
        PixelMarks marks = new(workspace.RentIntegers(universe).Slice(0, universe), height, width);

        // Windows that meet leave no gap between them: a run of output pixels reads a run of input pixels.
        bool joins = kernel >= stride && dilation == 1;
        for (int row = 0; row < output.Rows; row++)
        {
            ReadOnlySpan<int> pixels = listed.Row(row);
            for (int first = 0, last; first < pixels.Length; first = last + 1)
            {
                int y = pixels[first] / outputWidth;
                last = first;
                while (joins && last + 1 < pixels.Length && pixels[last + 1] == pixels[last] + 1 && pixels[last + 1] < (y + 1) * outputWidth)
                {
                    last++;
                }

                int top = (y * stride) - padding;
                int left = ((pixels[first] - (y * outputWidth)) * stride) - padding;
                int run = (last - first) * stride;
                if (joins)
                {
                    marks.Mark(top, top + kernel, left, left + run + kernel);
                    continue;
                }

                for (int tap = 0; tap < kernel * kernel; tap++)
                {
                    int tapTop = top + (tap / kernel * dilation);
                    int tapLeft = left + (tap % kernel * dilation);
                    marks.Mark(tapTop, tapTop + 1, tapLeft, tapLeft + 1);
                }
            }

            marks.List(ref writer);
        }

        return writer.Finish();
    }

    /// <summary>
    /// A selection of pixels on a coarser grid: a coarse pixel is selected if any of the factor × factor pixels that it covers is. Coarse maps
    /// are ⌈height / factor⌉ × ⌈width / factor⌉.
    /// </summary>
    /// <param name="workspace">Where the selection lives.</param>
    /// <param name="pixels">A row for each sample over height · width pixels.</param>
    /// <param name="height">The height.</param>
    /// <param name="width">The width.</param>
    /// <param name="factor">Pixels to one coarse pixel in each direction, at least 1.</param>
    /// <exception cref="ArgumentException">The selection's universe is not height · width, or the factor is below 1.</exception>
    public static Selection CoarsenPixels(this Workspace workspace, Selection pixels, int height, int width, int factor)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(factor, 1);
        if (pixels.Universe != (long)height * width)
        {
            throw new ArgumentException($"The selection is over {pixels.Universe} pixels; expected {height} x {width}.", nameof(pixels));
        }

        int coarseHeight = (height + factor - 1) / factor;
        int coarseWidth = (width + factor - 1) / factor;
        if (pixels.IsAll)
        {
            return Selection.All(pixels.Rows, coarseHeight * coarseWidth);
        }

        int words = MaskSelections.WordCount(coarseHeight * coarseWidth);
        SelectionWriter writer = new(workspace, pixels.Rows, coarseHeight * coarseWidth, pixels.Count);
        Storage<int> marks = workspace.RentIntegers(2 * words);
        Span<int> low = marks.Slice(0, words);
        Span<int> high = marks.Slice(words, words);
        for (int row = 0; row < pixels.Rows; row++)
        {
            low.Clear();
            high.Clear();
            foreach (int pixel in pixels.Row(row))
            {
                int place = (pixel / width / factor * coarseWidth) + (pixel % width / factor);
                ((place & 32) == 0 ? low : high)[place / 64] |= 1 << (place & 31);
            }

            for (int word = 0; word < words; word++)
            {
                writer.AddWord((uint)low[word] | ((ulong)(uint)high[word] << 32), word * 64);
            }

            writer.EndRow();
        }

        return writer.Finish();
    }
}
