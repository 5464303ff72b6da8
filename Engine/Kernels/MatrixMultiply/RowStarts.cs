using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.MatrixMultiply;

/// <summary>Where the rows of a sweep start: <see cref="BlockKernel.Rows"/> places a block, of which a block that is not full uses the first.</summary>
internal static class RowStarts
{
    /// <summary>Writes them in whole vectors, upwards: what runs over is written again by the next block, or lies in the slack behind the last.</summary>
    /// <param name="target">The places of all blocks, and a vector of slack.</param>
    /// <param name="blocks">Blocks.</param>
    /// <param name="smallerRows">Rows of a block.</param>
    /// <param name="largerBlocks">The number of blocks, from the first, that have one row more.</param>
    /// <param name="first">The first row, when they lie side by side.</param>
    /// <param name="rows">The rows one by one; empty: they lie side by side.</param>
    /// <param name="step">Elements between two rows.</param>
    public static void Write(Span<int> target, int blocks, int smallerRows, int largerBlocks, int first, ReadOnlySpan<int> rows, int step)
    {
        Vector<int> steps = new(step);
        Vector<int> ramp = Vector<int>.Indices * steps;
        for (int block = 0, row = 0; block < blocks; block++)
        {
            int count = block < largerBlocks ? smallerRows + 1 : smallerRows;
            Span<int> own = target[(block * BlockKernel.Rows)..];
            for (int lane = 0; lane < count; lane += Vector<int>.Count)
            {
                if (rows.IsEmpty)
                {
                    (ramp + new Vector<int>((first + row + lane) * step)).CopyTo(own[lane..]);
                }
                else if (row + lane + Vector<int>.Count <= rows.Length)
                {
                    (new Vector<int>(rows[(row + lane)..]) * steps).CopyTo(own[lane..]);
                }
                else
                {
                    for (int i = lane; i < count; i++)
                    {
                        own[i] = rows[row + i] * step;
                    }
                }
            }

            row += count;
        }
    }
}
