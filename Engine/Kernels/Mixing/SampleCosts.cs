using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Convolution.Winograd;
using ManagedDyn.Engine.Kernels.MatrixMultiply;

namespace ManagedDyn.Engine.Kernels.Mixing;

/// <summary>
/// Which arithmetic convolves a sample with weights of its own: as <see cref="ConvolutionCosts"/> decides, and the transform of the weights, which no
/// other sample shares, counts too. A pure function of the geometry.
/// </summary>
internal static class SampleCosts
{
    // Transforming a row of a panel, in steps of the matrix kernel; more where the result passes the second cache. Measured on AMD Zen 4.
    private const double NearRow = 100;
    private const double FarRow = 200;
    private const long NearElements = 1L << 18;

    /// <summary>The arithmetic for a whole map: null is the direct one.</summary>
    /// <param name="geometry">The geometry.</param>
    public static WinogradForm? Choose(in ConvolutionGeometry geometry)
    {
        if (!WinogradConvolution.Supports(in geometry))
        {
            return null;
        }

        double direct = ConvolutionCosts.Direct(in geometry, geometry.OutPixels);
        double two = Tiles(in geometry, WinogradForm.F2);
        double four = Tiles(in geometry, WinogradForm.F4);
        if (System.Math.Min(two, four) >= direct)
        {
            return null;
        }

        return four <= two ? WinogradForm.F4 : WinogradForm.F2;
    }

    private static double Tiles(in ConvolutionGeometry geometry, WinogradForm form)
    {
        double rows = (double)Panel.Count(geometry.OutChannels) * geometry.InChannels;
        double each = WinogradWeights.PackedLength(in geometry, form) > NearElements ? FarRow : NearRow;
        double points = form == WinogradForm.F4 ? 1 : 16.0 / 36.0;
        return ConvolutionCosts.Tiles(in geometry, form, WinogradConvolution.TileCount(in geometry, form)) + (rows * each * points);
    }
}
