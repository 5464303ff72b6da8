using System;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>What a convolution of one sample computes, and from what; the default value is everything.</summary>
/// <remarks>An active output has the bits that it has when every pixel and output channel is computed.</remarks>
public readonly ref struct ConvolutionSelection
{
    /// <summary>The output pixels to compute, as indices oy · OutWidth + ox. Compact: the output has a row for each of them only.</summary>
    public ActiveList Pixels { get; init; }

    /// <summary>
    /// For each listed pixel the row of the output that it goes to, where that is neither its index nor its place in the list; the output then
    /// has any number of rows. Empty: the list says it.
    /// </summary>
    public ReadOnlySpan<int> PixelRows { get; init; }

    /// <summary>The input channels to take; the others count as zero. Compact: the input map has only these channels.</summary>
    public ActiveList InChannels { get; init; }

    /// <summary>The output channels to compute. Compact: the output map has only these channels.</summary>
    public ActiveList OutChannels { get; init; }

    /// <summary>Elements of the input map, which is narrower when it is compact.</summary>
    /// <param name="geometry">The geometry.</param>
    public int InputLength(in ConvolutionGeometry geometry) => geometry.InPixels * InChannels.Width(geometry.InChannels);

    /// <summary>Elements of the output map, which has fewer rows or channels when it is compact.</summary>
    /// <param name="geometry">The geometry.</param>
    public int OutputLength(in ConvolutionGeometry geometry) =>
        Pixels.Width(geometry.OutPixels) * OutChannels.Width(geometry.OutChannels);

    /// <summary>Nominal multiply–accumulates of the active outputs from the active inputs, taps in the padding included.</summary>
    /// <param name="geometry">The geometry.</param>
    public long Macs(in ConvolutionGeometry geometry)
    {
        long pairs = 0;
        for (int group = 0; group < geometry.Groups; group++)
        {
            pairs += (long)InGroup(InChannels, group, geometry.InChannelsPerGroup) * InGroup(OutChannels, group, geometry.OutChannelsPerGroup);
        }

        return pairs * geometry.Taps * Pixels.Count(geometry.OutPixels);
    }

    private static int InGroup(ActiveList list, int group, int size) =>
        list.IsListed ? ChannelGroup.End(list.Indices, group, size) - ChannelGroup.End(list.Indices, group - 1, size) : size;
}
