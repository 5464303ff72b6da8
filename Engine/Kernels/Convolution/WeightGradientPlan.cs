using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// How the weight gradient of one geometry and batch is cut: chunks of pixels (the leaves of the summation tree), blocks of pixels that
/// stay in the caches, panels of output channels and tiles of input channels. A pure function of geometry and batch.
/// </summary>
internal readonly struct WeightGradientPlan
{
    // Fewer channels than a small tile: the tile runs over taps and channels together, on unrolled patches.
    private const int UnrollBelowChannels = 4;
    private const int MaximumCachedOffsets = 1 << 16;

    public WeightGradientPlan(in ConvolutionGeometry geometry, int batch)
    {
        Lanes = 2 * Vector<float>.Count;
        Panels = (geometry.OutChannelsPerGroup + Lanes - 1) / Lanes;
        Unrolled = geometry.InChannelsPerGroup < UnrollBelowChannels;
        Taps = Unrolled ? 1 : geometry.Taps;
        Rows = Unrolled ? geometry.InChannelsPerGroup * geometry.Taps : geometry.InChannelsPerGroup;
        PaddedRows = Math.Max(Rows, 4);
        (Sixes, Fours) = Tiles(PaddedRows);
        TileRows = (6 * Sixes) + (4 * Fours);
        PartialElements = checked(geometry.Groups * Panels * Taps * TileRows * Lanes);

        Chunks = new PixelChunks(geometry.OutPixels, batch, geometry.MacsPerSample, PartialElements);
        OffsetsPerBlock = Taps * PixelChunks.BlockPixels * 2;
        CachesOffsets = !Unrolled && (long)Chunks.Blocks * OffsetsPerBlock <= MaximumCachedOffsets;
    }

    /// <summary>Output channels of a panel: two vectors.</summary>
    public int Lanes { get; }

    /// <summary>Panels of a group.</summary>
    public int Panels { get; }

    /// <summary>Whether tiles run over taps and channels together.</summary>
    public bool Unrolled { get; }

    /// <summary>Taps that are walked one by one: 1 when unrolled.</summary>
    public int Taps { get; }

    /// <summary>Rows of the matrix that tiles run over: the group's input channels, times all taps when unrolled.</summary>
    public int Rows { get; }

    /// <summary>At least the rows of the smallest tile.</summary>
    public int PaddedRows { get; }

    /// <summary>Tiles of six rows; they come first.</summary>
    public int Sixes { get; }

    /// <summary>Tiles of four rows.</summary>
    public int Fours { get; }

    /// <summary>Rows of all tiles; more than <see cref="Rows"/> where the last tiles overlap.</summary>
    public int TileRows { get; }

    /// <summary>Floats of a chunk's partial sums: [groups, panels, taps, tile rows, lanes].</summary>
    public int PartialElements { get; }

    /// <summary>Room for the offsets of a block, over all taps.</summary>
    public int OffsetsPerBlock { get; }

    /// <summary>Whether the offsets of all blocks are kept, to serve all samples of a chunk.</summary>
    public bool CachesOffsets { get; }

    /// <summary>Chunks and blocks of pixels.</summary>
    public PixelChunks Chunks { get; }

    /// <summary>Floats that one thread needs: a packed panel of gradients, and patches when unrolled.</summary>
    public int ScratchElements => PixelChunks.BlockPixels * (Lanes + (Unrolled ? PaddedRows : 0));

    /// <summary>Integers that one thread needs: pixel offsets and how many there are of each tap.</summary>
    public int ScratchIndices => (CachesOffsets ? Chunks.Blocks : 1) * (OffsetsPerBlock + Taps);

    /// <summary>The first row of a tile. The last tile ends with the last row, so it may overlap the one before.</summary>
    public int TileStart(int tile) =>
        tile < Sixes ? Math.Min(6 * tile, PaddedRows - 6) : Math.Min((6 * Sixes) + (4 * (tile - Sixes)), PaddedRows - 4);

    // Sixes and fours cover every even number of rows from 4 on; the odd row is covered by overlapping.
    private static (int Sixes, int Fours) Tiles(int rows)
    {
        int even = (rows + 1) / 2 * 2;
        return rows == 5 ? (0, 2) : (even % 6) switch
        {
            0 => (even / 6, 0),
            4 => (even / 6, 1),
            _ => ((even / 6) - 1, 2),
        };
    }
}
