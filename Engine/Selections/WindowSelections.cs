using System;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Selections;

/// <summary>Selections of pixels that are one window of each image: what a glimpse, a crop or a tile reads.</summary>
public static class WindowSelections
{
    /// <summary>The pixels of a window of each image, all of one size.</summary>
    /// <param name="workspace">Where the selection lives.</param>
    /// <param name="height">Rows of the images.</param>
    /// <param name="width">Columns of the images.</param>
    /// <param name="tops">The first row of each image's window.</param>
    /// <param name="lefts">The first column of each image's window; as many as there are rows.</param>
    /// <param name="windowHeight">Rows of a window.</param>
    /// <param name="windowWidth">Columns of a window.</param>
    /// <returns>A row for each image over height · width pixels, each with windowHeight · windowWidth indices.</returns>
    /// <exception cref="ArgumentException">A window is not within the image.</exception>
    public static Selection SelectWindows(
        this Workspace workspace, int height, int width, ReadOnlySpan<int> tops, ReadOnlySpan<int> lefts, int windowHeight, int windowWidth)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(windowHeight, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(windowWidth, 1);
        if (tops.Length != lefts.Length)
        {
            throw new ArgumentException($"{tops.Length} first rows and {lefts.Length} first columns were given; expected as many.", nameof(lefts));
        }

        for (int row = 0; row < tops.Length; row++)
        {
            if (tops[row] < 0 || lefts[row] < 0 || windowHeight > height - tops[row] || windowWidth > width - lefts[row])
            {
                throw new ArgumentException($"Window {row} of {windowHeight} x {windowWidth} begins at ({tops[row]}, {lefts[row]}); expected one within {height} x {width} pixels.", nameof(tops));
            }
        }

        SelectionWriter writer = new(workspace, tops.Length, checked(height * width), checked(tops.Length * windowHeight * windowWidth));
        for (int row = 0; row < tops.Length; row++)
        {
            for (int y = tops[row]; y < tops[row] + windowHeight; y++)
            {
                int start = (y * width) + lefts[row];
                for (int index = start; index < start + windowWidth; index++)
                {
                    writer.Add(index);
                }
            }

            writer.EndRow();
        }

        return writer.Finish();
    }
}
