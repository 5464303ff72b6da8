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
    // Weights that take more bytes than a second cache come from farther away at each call.
    private const long CachedBytes = 1 << 20;

    private readonly double _pixelPanel;
    private readonly double _tileInput;
    private readonly double _tileOutput;
    private readonly double _tileProduct;
    private readonly double _weightRow;

    private ConvolutionCosts(double pixelPanel, double tileInput, double tileOutput, double tileProduct, double weightRow)
    {
        _pixelPanel = pixelPanel;
        _tileInput = tileInput;
        _tileOutput = tileOutput;
        _tileProduct = tileProduct;
        _weightRow = weightRow;
    }

    private static ConvolutionCosts Table => Vector<float>.Count switch
    {
        // No machine of these widths has been measured: the steps are the same vector operations, so the numbers of eight lanes are taken.
        <= 4 => Eight,
        >= 16 => Eight,
        _ => Eight,
    };

    // AMD Zen 4, 256-bit vectors.
    private static ConvolutionCosts Eight => new(pixelPanel: 14, tileInput: 6.5, tileOutput: 6.5, tileProduct: 7, weightRow: 6);

    /// <summary>The arithmetic for a whole map: null is the direct one.</summary>
    /// <param name="geometry">The geometry.</param>
    public static WinogradForm? Choose(in ConvolutionGeometry geometry)
    {
        if (!WinogradConvolution.Supports(in geometry))
        {
            return null;
        }

        double direct = Direct(in geometry, geometry.OutPixels);
        double two = Tiles(in geometry, WinogradForm.F2, WinogradConvolution.TileCount(in geometry, WinogradForm.F2));
        double four = Tiles(in geometry, WinogradForm.F4, WinogradConvolution.TileCount(in geometry, WinogradForm.F4));
        if (Math.Min(two, four) >= direct)
        {
            return null;
        }

        return four <= two ? WinogradForm.F4 : WinogradForm.F2;
    }

    /// <summary>The least number of selected pixels for which a tile is computed whole.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="form">The algorithm.</param>
    public static int LeastPixels(in ConvolutionGeometry geometry, WinogradForm form) =>
        (int)Math.Ceiling(Table.Tile(in geometry, form) / Table.Pixel(in geometry));

    /// <summary>The cost of the direct sums of some pixels.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="pixels">How many.</param>
    public static double Direct(in ConvolutionGeometry geometry, int pixels) =>
        (Table.Pixel(in geometry) * pixels) + Table.Weights(ConvolutionWeights.PackedLength(in geometry));

    /// <summary>The cost of some tiles.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="form">The algorithm.</param>
    /// <param name="tiles">How many.</param>
    public static double Tiles(in ConvolutionGeometry geometry, WinogradForm form, int tiles) =>
        (Table.Tile(in geometry, form) * tiles) + Table.Weights(WinogradWeights.PackedLength(in geometry, form));

    private double Pixel(in ConvolutionGeometry geometry) =>
        Panel.Count(geometry.OutChannels) * (((double)geometry.Taps * geometry.InChannels) + _pixelPanel);

    private double Tile(in ConvolutionGeometry geometry, WinogradForm form)
    {
        int panels = Panel.Count(geometry.OutChannels);
        int inputs = (geometry.InChannels + Vector<float>.Count - 1) / Vector<float>.Count;
        int positions = form == WinogradForm.F4 ? 36 : 16;
        return positions * ((panels * (geometry.InChannels + _tileProduct + (2 * _tileOutput))) + (inputs * _tileInput));
    }

    private double Weights(long elements) => elements * sizeof(float) > CachedBytes ? elements / Panel.Width * _weightRow : 0;
}
