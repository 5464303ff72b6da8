using System;
using ManagedDyn.Engine.Kernels.MatrixMultiply;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// Convolution of one sample as an indirect matrix multiply over the selected pixels: for each block of output pixels a list says where
/// each tap's input pixel starts, and the matrix kernel runs over that list. Dense, strided, dilated, padded, grouped and sparse convolution
/// differ in that list only (the indirection follows Dukhan, "The Indirect Convolution Algorithm", arXiv 1907.02129).
/// </summary>
/// <remarks>
/// output[p, o] = epilogue(Σ over taps t, then input channels c, of input[pixel(p, t), c] · weights[o, c, t]), one chain of multiply–adds from
/// 0 in that order; so an output has the same bits whatever else is computed and however the work is split.
/// </remarks>
public static class IndirectConvolution
{
    /// <summary>The number of panels of output columns that a selection yields: the work can be split by them.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="selection">What is computed.</param>
    public static int PanelCount(in ConvolutionGeometry geometry, in ConvolutionSelection selection)
    {
        if (!selection.OutChannels.IsListed)
        {
            return geometry.Groups * ConvolutionWeights.PanelsPerGroup(in geometry);
        }

        int panels = 0;
        int start = 0;
        for (int group = 0; group < geometry.Groups; group++)
        {
            int end = ChannelGroup.End(selection.OutChannels.Indices, group, geometry.OutChannelsPerGroup);
            panels += Panel.Count(end - start);
            start = end;
        }

        return panels;
    }

    /// <summary>The scratch that a call needs, in elements.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="listsChannels">Whether input or output channels are selected by a list.</param>
    public static int ScratchLength(in ConvolutionGeometry geometry, bool listsChannels) => checked(
        PixelOffsets.ExtraLength(in geometry) + PanelSweep.ScratchLength(geometry.Taps)
        + geometry.InChannelsPerGroup + (2 * Panel.Width)
        + (listsChannels ? ConvolutionWeights.PackedLength(in geometry) + ChannelCompaction.ScratchLength(in geometry) : 0));

    /// <summary>Computes one sample.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="input">The input map, [InHeight, InWidth, InChannels] or compact.</param>
    /// <param name="packed">The weights, packed by <see cref="ConvolutionWeights"/>.</param>
    /// <param name="output">The output map, [OutHeight, OutWidth, OutChannels] or compact.</param>
    /// <param name="selection">What is computed; in an output of full width the rest is left as it is.</param>
    /// <param name="epilogue">What is done to each sum; scale and shift have a value for every output channel, active or not.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements, of any content.</param>
    /// <exception cref="ArgumentException">A span or list does not fit; nothing has been written.</exception>
    public static void Forward(
        in ConvolutionGeometry geometry, ReadOnlySpan<float> input, ReadOnlySpan<float> packed, Span<float> output,
        in ConvolutionSelection selection, in Epilogue epilogue, Span<float> scratch) =>
        Forward(in geometry, input, packed, output, in selection, in epilogue, scratch, .., ..);

    /// <summary>Computes a part of one sample.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="input">The input map, [InHeight, InWidth, InChannels] or compact.</param>
    /// <param name="packed">The weights, packed by <see cref="ConvolutionWeights"/>.</param>
    /// <param name="output">The output map, [OutHeight, OutWidth, OutChannels] or compact.</param>
    /// <param name="selection">What is computed; in an output of full width the rest is left as it is.</param>
    /// <param name="epilogue">What is done to each sum; scale and shift have a value for every output channel, active or not.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements, of any content.</param>
    /// <param name="pixels">The active output pixels to compute, counted along the selection.</param>
    /// <param name="panels">The panels to compute, of <see cref="PanelCount"/>.</param>
    /// <exception cref="ArgumentException">A span, list or range does not fit; nothing has been written.</exception>
    public static void Forward(
        in ConvolutionGeometry geometry, ReadOnlySpan<float> input, ReadOnlySpan<float> packed, Span<float> output,
        in ConvolutionSelection selection, in Epilogue epilogue, Span<float> scratch, Range pixels, Range panels)
    {
        selection.Pixels.Check(geometry.OutPixels, "output pixels");
        selection.InChannels.Check(geometry.InChannels, "input channels");
        selection.OutChannels.Check(geometry.OutChannels, "output channels");
        CheckLength("input", input.Length, selection.InputLength(in geometry));
        CheckLength("packed weights", packed.Length, ConvolutionWeights.PackedLength(in geometry));
        if (selection.PixelRows.IsEmpty)
        {
            CheckLength("output", output.Length, selection.OutputLength(in geometry));
        }
        else
        {
            CheckRows(in selection, output.Length / Math.Max(1, selection.OutChannels.Width(geometry.OutChannels)));
        }

        epilogue.Check(geometry.OutChannels, output.Length);
        int needed = ScratchLength(in geometry, selection.InChannels.IsListed || selection.OutChannels.IsListed);
        if (scratch.Length < needed)
        {
            throw new ArgumentException($"The scratch has {scratch.Length} elements; expected at least {needed}.", nameof(scratch));
        }

        (int firstPixel, int pixelCount) = pixels.GetOffsetAndLength(selection.Pixels.Count(geometry.OutPixels));
        (int firstPanel, int panelCount) = panels.GetOffsetAndLength(PanelCount(in geometry, in selection));
        if (pixelCount > 0 && panelCount > 0)
        {
            if (ChannelCompaction.Pays(in geometry, in selection, pixelCount))
            {
                ChannelCompaction.Run(
                    in geometry, input, packed, output, in selection, in epilogue, scratch, firstPixel, pixelCount, firstPanel, panelCount);
                return;
            }

            ConvolutionPass pass = new(in geometry, input, packed, output, in selection, in epilogue, scratch);
            pass.Run(firstPixel, pixelCount, firstPanel, panelCount);
        }
    }

    private static void CheckRows(in ConvolutionSelection selection, int rows)
    {
        CheckLength("list of rows", selection.PixelRows.Length, selection.Pixels.Indices.Length);
        foreach (int row in selection.PixelRows)
        {
            if ((uint)row >= (uint)rows)
            {
                throw new ArgumentException($"A pixel goes to row {row} of the output; expected 0 to {rows - 1}.");
            }
        }
    }

    private static void CheckLength(string what, int length, int expected)
    {
        if (length != expected)
        {
            throw new ArgumentException($"Elements of the {what}: {length}; expected {expected}.");
        }
    }
}
