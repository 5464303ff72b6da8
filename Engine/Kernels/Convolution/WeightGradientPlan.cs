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

    // From this many channels on, the same channels of neighbouring pixels fall into few sets of the first cache and push each other out.
    private const int CrowdedChannels = 64;

    public WeightGradientPlan(in ConvolutionGeometry geometry, int batch)
    {
        Lanes = 2 * Vector<float>.Count;
        Panels = (geometry.OutChannelsPerGroup + Lanes - 1) / Lanes;
        Unrolled = geometry.InChannelsPerGroup < UnrollBelowChannels;
        Taps = Unrolled ? 1 : geometry.Taps;
        Rows = Unrolled ? geometry.InChannelsPerGroup * geometry.Taps : geometry.InChannelsPerGroup;
        PaddedRows = Math.Max(Rows, 4);
        (Sixes, Smalls, SmallHeight) = CoverBy(PaddedRows);
        TileRows = (6 * Sixes) + (SmallHeight * Smalls);
        PartialElements = checked(geometry.Groups * Panels * Taps * TileRows * Lanes);

        Chunks = new PixelChunks(geometry.OutPixels, batch, geometry.MacsPerSample, PartialElements);
        Window = InputWindow.Largest(geometry, Chunks.SamplesPerBlock);
        long most = geometry.InChannels < CrowdedChannels ? Math.Min(2 * PixelChunks.BlockPixels, 32L * Taps * Panels) : 64L * Taps * Panels;
        Gathers = !Unrolled && Window <= most && (Panels > 1 || geometry.InChannels >= CrowdedChannels);
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

    /// <summary>Tiles of <see cref="SmallHeight"/> rows.</summary>
    public int Smalls { get; }

    /// <summary>Rows of a small tile: five, or four where fives and sixes do not add up to the rows.</summary>
    public int SmallHeight { get; }

    /// <summary>Tiles of either height.</summary>
    public int Tiles => Sixes + Smalls;

    /// <summary>The most input pixels that a block of output pixels meets, whole rows of the map.</summary>
    public int Window { get; }

    /// <summary>
    /// Whether a tile's channels of a block's input pixels are first gathered side by side: it pays where they are used often enough, as each
    /// pixel is met by several taps and each tile by several panels.
    /// </summary>
    public bool Gathers { get; }

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

    /// <summary>Floats that one thread needs: packed panels of gradients, and patches when unrolled, or two gathered tiles.</summary>
    public int ScratchElements => checked(
        (PixelChunks.BlockPixels * ((Lanes * (Gathers ? Panels : 1)) + (Unrolled ? PaddedRows : 0))) + (Gathers ? 2 * Window * InputWindow.Step : 0));

    /// <summary>Integers that a block's lists take: pixel offsets, and how many there are of each tap.</summary>
    public int ListElements => OffsetsPerBlock + Taps;

    /// <summary>Integers that the lists of all blocks take, which serve every chunk; 0 when they are too many to keep.</summary>
    public int SharedIndices => CachesOffsets ? checked(Chunks.Blocks * ListElements) : 0;

    /// <summary>The first row of a tile. The last tile ends with the last row, so it may overlap the one before.</summary>
    public int TileStart(int tile) =>
        tile < Sixes ? Math.Min(6 * tile, PaddedRows - 6) : Math.Min((6 * Sixes) + (SmallHeight * (tile - Sixes)), PaddedRows - SmallHeight);

    /// <summary>Rows of a tile.</summary>
    public int TileHeight(int tile) => tile < Sixes ? 6 : SmallHeight;

    /// <summary>Where a tile's rows start among those of all tiles.</summary>
    public int TileRow(int tile) => tile < Sixes ? 6 * tile : (6 * Sixes) + (SmallHeight * (tile - Sixes));

    // Sixes and fives where they cover the rows exactly; else sixes and fours, which cover every even number of rows from 4 on, and the odd
    // row by overlapping.
    private static (int Sixes, int Smalls, int SmallHeight) CoverBy(int rows)
    {
        for (int fives = 0; fives < 6 && 5 * fives <= rows; fives++)
        {
            if ((rows - (5 * fives)) % 6 == 0)
            {
                return ((rows - (5 * fives)) / 6, fives, 5);
            }
        }
        int even = (rows + 1) / 2 * 2;
        return (even % 6) switch
        {
            0 => (even / 6, 0, 4),
            4 => (even / 6, 1, 4),
            _ => ((even / 6) - 1, 2, 4),
        };
    }
}
