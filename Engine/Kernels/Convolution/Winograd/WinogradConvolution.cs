using System;
using System.Numerics;
using ManagedDyn.Engine.Kernels.MatrixMultiply;

namespace ManagedDyn.Engine.Kernels.Convolution.Winograd;

/// <summary>
/// 3 × 3 convolution with stride 1 by minimal filtering: for each tile Y = Aᵀ[Σ over input channels c of (G g[c] Gᵀ) ⊙ (Bᵀ d[c] B)]A, which makes one
/// matrix product for each point of the tile (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016).
/// </summary>
/// <remarks>
/// Each value is computed by one fixed sequence of operations from its tile's inputs, whatever else is computed and however the work is
/// split, so its bits depend on its own sample alone. They are not those of the direct sum; <see cref="ErrorFactor"/> bounds the difference.
/// </remarks>
public static class WinogradConvolution
{
    /// <summary>Whether the geometry has such a form: 3 × 3, stride 1, dilation 1, one group; any padding.</summary>
    /// <param name="geometry">The geometry.</param>
    public static bool Supports(in ConvolutionGeometry geometry) => WinogradGeometry.Supports(in geometry);

    /// <summary>
    /// f such that an output is at most f · Σ over input channels of (the largest |x| among the tile's inputs) · (Σ |w| over the taps) from the exact sum,
    /// epilogue apart: with u = 2⁻²⁴ it is 860 · (channels + 30) · u for F4 and 16 · (channels + 30) · u for F2.
    /// </summary>
    /// <remarks>
    /// 860 = 29.3², where 29.3 is the largest row of |Aᵀ| · diag(the largest |G| of a row · the sum of |Bᵀ| of that row); there are at most
    /// channels + 30 roundings on the way of a value. On numbers of random sign the error is smaller by three orders of magnitude: about 10⁻⁵ of
    /// the largest output with F4, 10⁻⁶ with F2.
    /// </remarks>
    /// <param name="channels">Input channels.</param>
    /// <param name="form">The algorithm.</param>
    public static double ErrorFactor(int channels, WinogradForm form) => (form == WinogradForm.F4 ? 860 : 16) * (channels + 30.0) * Math.ScaleB(1, -24);

    /// <summary>Tiles of one sample.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="form">The algorithm.</param>
    public static int TileCount(in ConvolutionGeometry geometry, WinogradForm form) => WinogradGeometry.TileCount(in geometry, form);

    /// <summary>The number of panels of output channels: the work can be split by them.</summary>
    /// <param name="geometry">The geometry.</param>
    public static int PanelCount(in ConvolutionGeometry geometry) => Panel.Count(geometry.OutChannels);

    /// <summary>The scratch that a call needs, in elements.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="form">The algorithm.</param>
    public static int ScratchLength(in ConvolutionGeometry geometry, WinogradForm form)
    {
        WinogradGeometry tiles = new(in geometry, form);
        return checked(
            (tiles.Positions * (tiles.InputStep + tiles.ProductStep + tiles.Channels)) + (2 * tiles.Positions * Vector<float>.Count)
            + PanelSweep.ScratchLength(1));
    }

    /// <summary>Computes tiles of a batch.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="form">The algorithm.</param>
    /// <param name="batch">Samples.</param>
    /// <param name="input">[batch, InHeight, InWidth, InChannels].</param>
    /// <param name="packed">The weights, transformed by <see cref="WinogradWeights"/>.</param>
    /// <param name="output">[batch, OutHeight, OutWidth, OutChannels], or the rows that listed tiles name.</param>
    /// <param name="tiles">What is computed.</param>
    /// <param name="epilogue">What is done to each sum; the residual is laid out as the output is.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements, of any content.</param>
    /// <param name="part">The tiles to compute, of those listed, or of all.</param>
    /// <param name="panels">The panels to compute, of <see cref="PanelCount"/>.</param>
    /// <exception cref="ArgumentException">A span or range does not fit; nothing has been written.</exception>
    public static void Forward(
        in ConvolutionGeometry geometry, WinogradForm form, int batch, ReadOnlySpan<float> input, ReadOnlySpan<float> packed, Span<float> output,
        in WinogradTiles tiles, in Epilogue epilogue, Span<float> scratch, Range part, Range panels) =>
        Forward(in geometry, form, batch, input, packed, output, in tiles, in epilogue, scratch, part, panels, default);

    /// <summary>As the public one, with weights that are picked from transformed ones of more channels.</summary>
    internal static void Forward(
        in ConvolutionGeometry geometry, WinogradForm form, int batch, ReadOnlySpan<float> input, ReadOnlySpan<float> packed, Span<float> output,
        in WinogradTiles tiles, in Epilogue epilogue, Span<float> scratch, Range part, Range panels, in WeightPick pick)
    {
        WinogradGeometry cut = new(in geometry, form);
        Same(input.Length, (long)batch * geometry.InElements, "input");
        int weights = pick.IsAll ? WinogradWeights.PackedLength(in geometry, form) : checked(cut.Positions * pick.PanelCount * pick.Channels * Panel.Width);
        Same(packed.Length, weights, "transformed weights");
        epilogue.Check(geometry.OutChannels, output.Length);
        if (scratch.Length < ScratchLength(in geometry, form))
        {
            throw new ArgumentException($"The scratch has {scratch.Length} elements; expected at least {ScratchLength(in geometry, form)}.", nameof(scratch));
        }

        int total = batch * cut.Tiles;
        if (tiles.IsListed)
        {
            Same(tiles.Rows.Length, (long)tiles.Indices.Length * cut.Outputs * cut.Outputs, "list of rows");
            ActiveList.Of(tiles.Indices).Check(total, "tiles");
            CheckRows(tiles.Rows, output.Length / geometry.OutChannels);
            total = tiles.Indices.Length;
        }
        else
        {
            Same(output.Length, (long)batch * geometry.OutElements, "output");
        }

        (int first, int count) = part.GetOffsetAndLength(total);
        (int firstPanel, int panelCount) = panels.GetOffsetAndLength(cut.Panels);
        if (form == WinogradForm.F4)
        {
            new WinogradPass<TransformF4>(in geometry, in cut, input, packed, output, in tiles, in epilogue, scratch, in pick).Run(first, count, firstPanel, panelCount);
        }
        else
        {
            new WinogradPass<TransformF2>(in geometry, in cut, input, packed, output, in tiles, in epilogue, scratch, in pick).Run(first, count, firstPanel, panelCount);
        }
    }

    private static void Same(int found, long expected, string what)
    {
        if (found != expected)
        {
            throw new ArgumentException($"The {what} has {found} elements; expected {expected}.");
        }
    }

    private static void CheckRows(ReadOnlySpan<int> rows, int count)
    {
        int most = -1;
        foreach (int row in rows)
        {
            most = Math.Max(most, row);
        }

        if (most >= count)
        {
            throw new ArgumentException($"A tile's pixel goes to row {most} of the output; expected less than {count}.");
        }
    }
}
