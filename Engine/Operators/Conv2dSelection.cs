using System;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Selections;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// What a convolution of a batch computes, and from what. The default value is everything; a selection that does not exist or is all counts
/// as everything.
/// </summary>
public readonly struct Conv2dSelection
{
    /// <summary>Output pixels: one row a sample, indices oy · OutWidth + ox.</summary>
    public Selection Pixels { get; init; }

    /// <summary>Input channels to take, the others count as zero: one row for all samples, or one a sample.</summary>
    public Selection InChannels { get; init; }

    /// <summary>Output channels to compute: one row for all samples, or one a sample.</summary>
    public Selection OutChannels { get; init; }

    /// <summary>Whether the output has a row for each selected pixel only: it is then [selected pixels, channels].</summary>
    public bool CompactPixels { get; init; }

    /// <summary>Whether the input has the selected channels only; each sample must then have as many.</summary>
    public bool CompactInChannels { get; init; }

    /// <summary>Whether the output has the selected channels only; each sample must then have as many.</summary>
    public bool CompactOutChannels { get; init; }

    /// <summary>
    /// Whether each selected pixel gets the bits that it has when all pixels are selected, also under <see cref="Execution.Accuracy.Fast"/>: where the
    /// whole map would be computed by tiles, so is every selected pixel, though a direct sum may be quicker for a few of them.
    /// </summary>
    public bool KeepsArithmetic { get; init; }

    /// <summary>
    /// Whether pixels of an output of full width that are not computed may hold anything, instead of 0: for results of which only the selected pixels
    /// are read, as a 1×1 convolution of the same pixels does.
    /// </summary>
    public bool LeavesOthers { get; init; }

    internal bool SelectsOutputs => !Pixels.IsAll || !OutChannels.IsAll;

    internal bool SelectsChannels => !InChannels.IsAll || !OutChannels.IsAll;

    /// <summary>Whether channels are chosen for each sample anew.</summary>
    internal bool DiffersBySample => (!InChannels.IsAll && InChannels.Rows > 1) || (!OutChannels.IsAll && OutChannels.Rows > 1);

    /// <summary>Channels that the input tensor has.</summary>
    internal int InWidth(in ConvolutionGeometry geometry) => Width(InChannels, CompactInChannels, geometry.InChannels);

    /// <summary>Channels that the output tensor has.</summary>
    internal int OutWidth(in ConvolutionGeometry geometry) => Width(OutChannels, CompactOutChannels, geometry.OutChannels);

    /// <summary>The number of output pixels of a sample.</summary>
    internal int PixelCount(in ConvolutionGeometry geometry, int sample) => Pixels.IsAll ? geometry.OutPixels : Pixels.RowCount(sample);

    /// <summary>The number of output pixels before a sample's, over the batch.</summary>
    internal int FirstPixel(in ConvolutionGeometry geometry, int sample) => Pixels.IsAll ? sample * geometry.OutPixels : Pixels.Offsets[sample];

    /// <summary>The selection of one sample.</summary>
    internal ConvolutionSelection Of(int sample) => new()
    {
        Pixels = List(Pixels, sample, CompactPixels),
        InChannels = List(InChannels, sample, CompactInChannels),
        OutChannels = List(OutChannels, sample, CompactOutChannels),
    };

    internal void Check(in ConvolutionGeometry geometry, int batch)
    {
        Check(Pixels, geometry.OutPixels, batch, false, false, "output pixels");
        Check(InChannels, geometry.InChannels, batch, true, CompactInChannels, "input channels");
        Check(OutChannels, geometry.OutChannels, batch, true, CompactOutChannels, "output channels");
    }

    private static void Check(Selection selection, int universe, int batch, bool isShareable, bool isCompact, string what)
    {
        if (selection.IsAll)
        {
            return;
        }

        if (selection.Universe != universe || (selection.Rows != batch && !(isShareable && selection.Rows == 1)))
        {
            throw new ArgumentException(
                $"The selection of {what} has {selection.Rows} rows of {selection.Universe}; expected {(isShareable ? "1 or " : string.Empty)}{batch} of {universe}.");
        }

        for (int row = 1; isCompact && row < selection.Rows; row++)
        {
            if (selection.RowCount(row) != selection.RowCount(0))
            {
                throw new ArgumentException(
                    $"A compact selection of {what} has {selection.RowCount(row)} in row {row} and {selection.RowCount(0)} in row 0; expected as many in each.");
            }
        }
    }

    private static int Width(Selection selection, bool isCompact, int universe) =>
        !isCompact || selection.IsAll ? universe : selection.Rows == 0 ? 0 : selection.RowCount(0);

    private static ActiveList List(Selection selection, int sample, bool isCompact)
    {
        if (selection.IsAll)
        {
            return ActiveList.All;
        }

        ReadOnlySpan<int> row = selection.Row(selection.Rows == 1 ? 0 : sample);
        return isCompact ? ActiveList.CompactOf(row) : ActiveList.Of(row);
    }
}
