using System;
using System.Numerics;
using ManagedDyn.Engine.Kernels.MatrixMultiply;

namespace ManagedDyn.Engine.Kernels.Convolution.Winograd;

/// <summary>How a convolution is cut into tiles, and how much memory a block of them takes.</summary>
internal readonly struct WinogradGeometry
{
    // Elements of the transformed inputs of a block and of its products: what a second cache of a megabyte, or half of one, keeps.
    private const int InputBudget = 80 * 1024;
    private const int ProductBudget = 64 * 1024;

    // Elements of the transformed weights from which on they come from farther away.
    private const int StreamedWeights = 1024 * 1024;

    public WinogradGeometry(in ConvolutionGeometry geometry, WinogradForm form)
    {
        Check(in geometry);
        Outputs = form == WinogradForm.F4 ? TransformF4.Outputs : TransformF2.Outputs;
        Points = Outputs + 2;
        TilesDown = (geometry.OutHeight + Outputs - 1) / Outputs;
        TilesAcross = (geometry.OutWidth + Outputs - 1) / Outputs;
        Channels = (geometry.InChannels + Vector<float>.Count - 1) / Vector<float>.Count * Vector<float>.Count;
        Panels = Panel.Count(geometry.OutChannels);

        // Weights that no second cache holds are read anew for every block: blocks of them are as large as the map allows.
        bool streams = (long)Positions * geometry.InChannels * Panels * Panel.Width > StreamedWeights;
        int least = streams ? Math.Min(Tiles, PanelSweep.MaximumRows) : 0;
        int tiles = Math.Max(least, InputBudget / (Positions * Channels)) + BlockKernel.Rows - 1;
        BlockTiles = Math.Clamp(tiles / BlockKernel.Rows * BlockKernel.Rows, 4 * BlockKernel.Rows, PanelSweep.MaximumRows);
        GroupPanels = Math.Clamp(ProductBudget / (Positions * BlockTiles * Panel.Width), 1, Panels);
        InputStep = OddLines(BlockTiles * Channels);
        ProductStep = OddLines(BlockTiles * GroupPanels * Panel.Width);
    }

    /// <summary>Output pixels of a tile along one axis.</summary>
    public int Outputs { get; }

    /// <summary>Points of a tile along one axis.</summary>
    public int Points { get; }

    /// <summary>Points of a tile.</summary>
    public int Positions => Points * Points;

    public int TilesDown { get; }

    public int TilesAcross { get; }

    /// <summary>Tiles of one sample.</summary>
    public int Tiles => TilesDown * TilesAcross;

    /// <summary>Input channels, filled up to whole vectors.</summary>
    public int Channels { get; }

    /// <summary>Panels of output channels.</summary>
    public int Panels { get; }

    /// <summary>The most tiles that are transformed together.</summary>
    public int BlockTiles { get; }

    /// <summary>Panels whose products are made before they are transformed back.</summary>
    public int GroupPanels { get; }

    /// <summary>Elements from one point's transformed inputs to the next's.</summary>
    public int InputStep { get; }

    /// <summary>Elements from one point's products to the next's.</summary>
    public int ProductStep { get; }

    public static bool Supports(in ConvolutionGeometry geometry) =>
        geometry is { KernelHeight: 3, KernelWidth: 3, StrideHeight: 1, StrideWidth: 1, DilationHeight: 1, DilationWidth: 1, Groups: 1 };

    /// <summary>Tiles of one sample, without the rest: the choice between arithmetics asks often.</summary>
    public static int TileCount(in ConvolutionGeometry geometry, WinogradForm form)
    {
        Check(in geometry);
        return form == WinogradForm.F4
            ? ((geometry.OutHeight + 3) >> 2) * ((geometry.OutWidth + 3) >> 2)
            : ((geometry.OutHeight + 1) >> 1) * ((geometry.OutWidth + 1) >> 1);
    }

    /// <summary>Points of a tile.</summary>
    public static int PositionCount(in ConvolutionGeometry geometry, WinogradForm form)
    {
        Check(in geometry);
        return form == WinogradForm.F4 ? TransformF4.Points * TransformF4.Points : TransformF2.Points * TransformF2.Points;
    }

    private static void Check(in ConvolutionGeometry geometry)
    {
        if (!Supports(in geometry))
        {
            Refuse(in geometry);
        }
    }

    // Apart, so that making the message costs the caller nothing.
    private static void Refuse(in ConvolutionGeometry geometry) => throw new ArgumentException(
        $"The kernel is {geometry.KernelHeight} × {geometry.KernelWidth}, stride {geometry.StrideHeight} × {geometry.StrideWidth}, dilation "
        + $"{geometry.DilationHeight} × {geometry.DilationWidth}, {geometry.Groups} groups; expected 3 × 3, stride 1, dilation 1, 1 group.", nameof(geometry));

    // Points lie an odd number of cache lines apart: at a power of two all of a tile's points would share a few sets of the first cache.
    private static int OddLines(int elements)
    {
        int line = 64 / sizeof(float);
        return (((elements + line - 1) / line) | 1) * line;
    }
}
