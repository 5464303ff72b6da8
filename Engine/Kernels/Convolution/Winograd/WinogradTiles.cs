using System;

namespace ManagedDyn.Engine.Kernels.Convolution.Winograd;

/// <summary>
/// The tiles of a batch that are computed, and where their pixels go. Tiles are counted sample by sample, in each row by row; the grid starts at
/// output pixel (0, 0) whatever is selected, so that a pixel's bits do not depend on what else is.
/// </summary>
public readonly ref struct WinogradTiles
{
    /// <summary>Listed tiles.</summary>
    /// <param name="indices">Their indices, ascending.</param>
    /// <param name="rows">
    /// For each tile and each of its pixels, row by row, the row of the output that it goes to, counted over the batch; negative: nowhere.
    /// </param>
    public WinogradTiles(ReadOnlySpan<int> indices, ReadOnlySpan<int> rows)
    {
        Indices = indices;
        Rows = rows;
        IsListed = true;
    }

    /// <summary>All tiles of the batch, in full-width maps.</summary>
    public static WinogradTiles All => default;

    /// <summary>The tiles; empty when there is no list.</summary>
    public ReadOnlySpan<int> Indices { get; }

    /// <summary>Where the pixels of each go; empty when there is no list.</summary>
    public ReadOnlySpan<int> Rows { get; }

    /// <summary>Whether there is a list; otherwise all tiles are computed.</summary>
    public bool IsListed { get; }
}
