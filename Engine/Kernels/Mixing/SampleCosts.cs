using System;
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
    // In steps of the matrix kernel, for a row of a panel. Transforming it, at each point: near, and where the second cache does not take the result. Where
    // kernels and result together pass the third cache, both go to memory at each call. Measured on AMD Zen 4.
    private const double NearPoint = 9.5;
    private const double ThirdCachePoint = 28;
    private const double MemoryPoint = 40;
    private const double MemoryExpert = 57;
    private const long NearElements = 700L << 10;
    private const long MemoryElements = 5L << 20;

    /// <summary>The arithmetic for a whole map: null is the direct one.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="experts">The kernels that a sample's own is mixed of; 1: it is given.</param>
    public static WinogradForm? Choose(in ConvolutionGeometry geometry, int experts)
    {
        if (!WinogradConvolution.Supports(in geometry))
        {
            return null;
        }

        double direct = ConvolutionCosts.Direct(in geometry, geometry.OutPixels);
        double two = Tiles(in geometry, WinogradForm.F2, experts);
        double four = Tiles(in geometry, WinogradForm.F4, experts);
        if (Math.Min(two, four) >= direct)
        {
            return null;
        }

        return four <= two ? WinogradForm.F4 : WinogradForm.F2;
    }

    private static double Tiles(in ConvolutionGeometry geometry, WinogradForm form, int experts)
    {
        double rows = (double)Panel.Count(geometry.OutChannels) * geometry.InChannels;
        long elements = WinogradWeights.PackedLength(in geometry, form);
        double points = form == WinogradForm.F4 ? 36 : 16;
        double each = points * (elements <= NearElements ? NearPoint : ThirdCachePoint);
        if (((long)experts * ConvolutionWeights.PackedLength(in geometry)) + elements > MemoryElements)
        {
            each = (points * MemoryPoint) + (experts * MemoryExpert);
        }

        return ConvolutionCosts.Tiles(in geometry, form, WinogradConvolution.TileCount(in geometry, form)) + (rows * each);
    }
}
