using System;
using System.Numerics;
using ManagedDyn.Engine.Kernels.Convolution.Winograd;
using ManagedDyn.Engine.Kernels.MatrixMultiply;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// What the arithmetics of a convolution cost, in steps of the matrix kernel: one row by one channel by one panel, two multiply–adds of vectors. It
/// decides which arithmetic runs, from the geometry and one sample's selection alone.
/// </summary>
/// <remarks>
/// The numbers are those that the benchmark program's `calibrate` measures and fits, one set for each vector width; they stand here and are not
/// measured on the user's machine, so that a model gives the same bits on each machine of that width.
/// </remarks>
internal readonly struct ConvolutionCosts
{
    // Weights that take more bytes than a second cache come from a third one at each call, and still larger ones from memory, at so many times the cost.
    private const long SecondCacheBytes = 1L << 20;
    private const long ThirdCacheBytes = 24L << 20;
    private const double MemoryFactor = 3.5;

    // Fewer rows than these leave the multiply–adds waiting for each other, so they take as long as these.
    private const int LeastRows = 4;

    // Reading a vector of weights from the second cache and writing it there.
    private const double MovedVector = 3;

    // Along planes, measured by hand on maps of 4 to 128 pixels with 1 to 64 channels: a multiply–add of vectors whose inputs lie across cache lines,
    // and moving an input there.
    private const double PlaneVector = 1.35;
    private const double PlaneInput = 1;

    // What a call takes besides, whatever the number of tiles.
    private const double TileCall = 1500;

    public ConvolutionCosts(double pixelPanel, double tileInput, double tilePanel, double weightRow)
    {
        PixelPanel = pixelPanel;
        TileInput = tileInput;
        TilePanel = tilePanel;
        WeightRow = weightRow;
    }

    /// <summary>The numbers of this build's vector width.</summary>
    public static ConvolutionCosts Table => Vector<float>.Count switch
    {
        // No machine of these widths has been measured: the steps are the same vector operations, so the numbers of eight lanes are taken.
        <= 4 => Eight,
        >= 16 => Eight,
        _ => Eight,
    };

    /// <summary>Storing a pixel's sums of one panel, and finding its inputs.</summary>
    public double PixelPanel { get; }

    /// <summary>Transforming one vector of input channels at one point of a tile.</summary>
    public double TileInput { get; }

    /// <summary>Transforming back one panel of products at one point of a tile, and handing out the work.</summary>
    public double TilePanel { get; }

    /// <summary>Reading a row of a panel from beyond the second cache.</summary>
    public double WeightRow { get; }

    // AMD Zen 4, 256-bit vectors.
    private static ConvolutionCosts Eight => new(pixelPanel: 5, tileInput: 3, tilePanel: 15, weightRow: 2);

    /// <summary>The arithmetic for a whole map: null is the direct one.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="moving">What moving the weights of one tap or point costs first, in vectors.</param>
    public static WinogradForm? Choose(in ConvolutionGeometry geometry, double moving = 0)
    {
        if (!WinogradConvolution.Supports(in geometry))
        {
            return null;
        }

        moving *= MovedVector;
        double direct = Direct(in geometry, geometry.OutPixels) + (9 * moving);
        double two = Tiles(in geometry, WinogradForm.F2, WinogradConvolution.TileCount(in geometry, WinogradForm.F2)) + (16 * moving);
        double four = Tiles(in geometry, WinogradForm.F4, WinogradConvolution.TileCount(in geometry, WinogradForm.F4)) + (36 * moving);
        if (Math.Min(two, four) >= direct)
        {
            return null;
        }

        return four <= two ? WinogradForm.F4 : WinogradForm.F2;
    }

    /// <summary>Whether the sums of a whole map are quicker with pixels side by side than any other way. They are direct sums, of the same bits.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="allowsTiles">Whether minimal filtering may be used instead.</param>
    public static bool ChoosesPlanes(in ConvolutionGeometry geometry, bool allowsTiles)
    {
        if (!PlaneConvolution.Supports(in geometry))
        {
            return false;
        }

        double planes = Planes(in geometry);
        return planes < Direct(in geometry, geometry.OutPixels)
            && !(allowsTiles && WinogradConvolution.Supports(in geometry)
                && (Tiles(in geometry, WinogradForm.F2, WinogradConvolution.TileCount(in geometry, WinogradForm.F2)) < planes
                    || Tiles(in geometry, WinogradForm.F4, WinogradConvolution.TileCount(in geometry, WinogradForm.F4)) < planes));
    }

    /// <summary>The cost of the sums of a whole map with pixels side by side. Each part lays out the rows that its taps reach.</summary>
    /// <param name="geometry">The geometry.</param>
    public static double Planes(in ConvolutionGeometry geometry)
    {
        double vectors = (double)geometry.OutHeight * PlaneLayout.LengthOfRow(in geometry) / Vector<float>.Count;
        double rows = (double)geometry.StrideHeight * PlaneLayout.RowsOfPlane(in geometry, PlaneConvolution.RowsPerPart(in geometry));
        double inputs = PlaneConvolution.PartCount(in geometry) * Math.Min(geometry.InHeight, rows) * geometry.InWidth;
        return geometry.InChannels * ((vectors * geometry.OutChannels * geometry.Taps * PlaneVector) + (inputs * PlaneInput));
    }

    /// <summary>The number of selected pixels from which on a tile that is computed whole is the quicker way.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="form">The algorithm.</param>
    public static int LeastPixels(in ConvolutionGeometry geometry, WinogradForm form)
    {
        double tile = Tiles(in geometry, form, LeastRows + 1) - Tiles(in geometry, form, LeastRows);
        double pixel = Direct(in geometry, LeastRows + 1) - Direct(in geometry, LeastRows);
        return (int)Math.Ceiling(tile / pixel);
    }

    /// <summary>The cost of the direct sums of some pixels.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="pixels">How many.</param>
    public static double Direct(in ConvolutionGeometry geometry, int pixels) => Cost(CountDirect(in geometry, pixels));

    /// <summary>The cost of some tiles.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="form">The algorithm.</param>
    /// <param name="tiles">How many.</param>
    public static double Tiles(in ConvolutionGeometry geometry, WinogradForm form, int tiles) => Cost(CountTiles(in geometry, form, tiles));

    /// <summary>How often each number counts, and what counts once, in the direct sums of some pixels.</summary>
    internal static (double Steps, ConvolutionCosts Counts) CountDirect(in ConvolutionGeometry geometry, int pixels)
    {
        double panels = Panel.Count(geometry.OutChannels);
        double rows = FarRows(ConvolutionWeights.PackedLength(in geometry));
        return (Math.Max(pixels, LeastRows) * panels * geometry.Taps * geometry.InChannels, new ConvolutionCosts(pixels * panels, 0, 0, rows));
    }

    /// <summary>How often each number counts, and what counts once, in some tiles.</summary>
    internal static (double Steps, ConvolutionCosts Counts) CountTiles(in ConvolutionGeometry geometry, WinogradForm form, int tiles)
    {
        double panels = Panel.Count(geometry.OutChannels);
        double inputs = (geometry.InChannels + Vector<float>.Count - 1) / Vector<float>.Count;
        double positions = form == WinogradForm.F4 ? 36 : 16;
        double points = positions * tiles;
        double rows = FarRows(WinogradWeights.PackedLength(in geometry, form));
        double steps = Math.Max(tiles, LeastRows) * positions * panels * geometry.InChannels;
        return (steps + TileCall, new ConvolutionCosts(0, points * inputs, points * panels, rows));
    }

    private static double Cost((double Steps, ConvolutionCosts Counts) work)
    {
        ConvolutionCosts table = Table;
        return work.Steps + (work.Counts.PixelPanel * table.PixelPanel) + (work.Counts.TileInput * table.TileInput)
            + (work.Counts.TilePanel * table.TilePanel) + (work.Counts.WeightRow * table.WeightRow);
    }

    private static double FarRows(long elements)
    {
        double rows = elements * sizeof(float) > SecondCacheBytes ? elements / Panel.Width : 0;
        return elements * sizeof(float) > ThirdCacheBytes ? rows * MemoryFactor : rows;
    }
}
