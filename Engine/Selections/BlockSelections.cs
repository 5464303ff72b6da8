using System;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Selections;

/// <summary>Selections of pixels that are made for square blocks of them at a time.</summary>
public static class BlockSelections
{
    /// <summary>
    /// The pixels of selected blocks: the counterpart of <see cref="PixelSelections.CoarsenPixels"/>. A block covers factor × factor pixels, less at
    /// the right and bottom border.
    /// </summary>
    /// <param name="workspace">Where the selection lives.</param>
    /// <param name="blocks">A row for each sample over ⌈height / factor⌉ · ⌈width / factor⌉ blocks.</param>
    /// <param name="height">The map's height.</param>
    /// <param name="width">The map's width.</param>
    /// <param name="factor">Pixels to a block in each direction, at least 1.</param>
    /// <returns>A row for each sample over height · width pixels.</returns>
    /// <exception cref="ArgumentException">The selection's universe is not the number of blocks, or a number is out of range.</exception>
    public static Selection RefinePixels(this Workspace workspace, Selection blocks, int height, int width, int factor)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        ArgumentOutOfRangeException.ThrowIfLessThan(factor, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(height);
        ArgumentOutOfRangeException.ThrowIfNegative(width);
        int down = (height + factor - 1) / factor;
        int across = (width + factor - 1) / factor;
        if (blocks.Universe != (long)down * across)
        {
            throw new ArgumentException($"The selection is over {blocks.Universe} blocks; expected {down} x {across}.", nameof(blocks));
        }

        int universe = checked(height * width);
        if (blocks.IsAll || factor == 1)
        {
            return blocks.IsAll ? Selection.All(blocks.Rows, universe) : blocks;
        }

        SelectionWriter writer = new(workspace, blocks.Rows, universe, Pixels(blocks, height, width, factor, across));
        for (int row = 0; row < blocks.Rows; row++)
        {
            ReadOnlySpan<int> list = blocks.Row(row);
            int start = 0;
            while (start < list.Length)
            {
                int blockRow = list[start] / across;
                int end = start;
                while (end < list.Length && list[end] < (blockRow + 1) * across)
                {
                    end++;
                }

                WriteRows(ref writer, list[start..end], blockRow, height, width, factor, across);
                start = end;
            }

            writer.EndRow();
        }

        return writer.Finish();
    }

    // All pixel rows of one row of blocks.
    private static void WriteRows(ref SelectionWriter writer, ReadOnlySpan<int> blocks, int blockRow, int height, int width, int factor, int across)
    {
        int bottom = Math.Min(height, (blockRow + 1) * factor);
        for (int y = blockRow * factor; y < bottom; y++)
        {
            foreach (int block in blocks)
            {
                int left = (block - (blockRow * across)) * factor;
                int right = Math.Min(width, left + factor);
                for (int x = left; x < right; x++)
                {
                    writer.Add((y * width) + x);
                }
            }
        }
    }

    private static int Pixels(Selection blocks, int height, int width, int factor, int across)
    {
        int count = 0;
        foreach (int block in blocks.Indices)
        {
            int top = block / across * factor;
            int left = block % across * factor;
            count += Math.Min(factor, height - top) * Math.Min(factor, width - left);
        }

        return count;
    }
}
