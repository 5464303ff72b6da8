using System;
using System.Numerics;
using System.Runtime.InteropServices;
using ManagedDyn.Engine.Kernels.MatrixMultiply;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// Convolution of selected channels as a dense convolution of fewer channels: the listed input channels of the map and the weights between
/// listed channels are moved side by side first, and the sums are spread to their places at the end. Each sum is the chain that it is without.
/// </summary>
internal static class ChannelCompaction
{
    // In multiples of a panel's row of multiply-adds: moving a vector, and what a row of weights, a pixel and a listed channel cost more.
    private const int MoveCost = 2;
    private const int SpreadCost = 3;
    private const int StoreCost = 20;
    private const int WalkCostPercent = 125;

    /// <summary>Elements of scratch beyond those of the walk along lists.</summary>
    /// <param name="geometry">The geometry.</param>
    public static int ScratchLength(in ConvolutionGeometry geometry)
    {
        if (geometry.Groups > 1)
        {
            return 0;
        }

        int lanes = Vector<float>.Count;
        return checked(
            geometry.InElements + lanes + ConvolutionWeights.PackedLength(in geometry) + RowLength(in geometry) + (PanelSweep.MaximumRows * RowLength(in geometry))
            + WeightPick.MemoryLength(geometry.InChannels, geometry.OutChannels, geometry.KernelWidth)
            + (2 * geometry.OutChannels) + ChannelLanes.Length(geometry.InChannels) + ChannelLanes.Length(geometry.OutChannels)
            + PixelOffsets.MaximumExtraLength(in geometry));
    }

    /// <summary>Whether that takes less time than a walk along the lists.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="selection">What is computed.</param>
    /// <param name="pixels">Output pixels to compute.</param>
    public static bool Pays(in ConvolutionGeometry geometry, in ConvolutionSelection selection, int pixels)
    {
        bool listsIn = selection.InChannels.IsListed;
        bool listsOut = selection.OutChannels.IsListed;
        int ins = selection.InChannels.Count(geometry.InChannels);
        int outs = selection.OutChannels.Count(geometry.OutChannels);
        int lanes = Vector<float>.Count;
        if (!(listsIn || listsOut) || geometry.Groups > 1 || ins == 0 || outs == 0 || Math.Min(geometry.InChannels, geometry.OutChannels) < lanes)
        {
            return false;
        }

        int held = Panel.Count(geometry.OutChannels);
        if (listsOut)
        {
            held = 1;
            ReadOnlySpan<int> channels = selection.OutChannels.Indices;
            for (int i = 1; i < channels.Length; i++)
            {
                held += channels[i] / Panel.Width != channels[i - 1] / Panel.Width ? 1 : 0;
            }
        }

        long depth = (long)ins * geometry.Taps;
        long made = Panel.Count(outs);
        bool scatters = listsOut && !selection.OutChannels.IsCompact;
        long outVectors = (geometry.OutChannels + lanes - 1) / lanes;
        long walk = (pixels * depth * held * (listsIn ? WalkCostPercent : 100) / 100) + (scatters ? pixels * held * StoreCost : 0);
        bool moves = !WeightPick.Suits(selection.InChannels, selection.OutChannels);
        long weights = !moves ? 0 : depth * MoveCost * (listsOut ? outVectors + made : made);
        long inputs = listsIn && !selection.InChannels.IsCompact ? (long)InputPixels(in geometry, in selection, pixels) * ((geometry.InChannels / lanes) + 1) * MoveCost : 0;
        long compact = (pixels * depth * made) + weights + inputs + (scatters ? pixels * outVectors * SpreadCost : 0);
        return compact < walk;
    }

    /// <summary>Computes a part of one sample; operands are checked.</summary>
    public static void Run(
        in ConvolutionGeometry geometry, ReadOnlySpan<float> input, ReadOnlySpan<float> packed, Span<float> output,
        in ConvolutionSelection selection, in Epilogue epilogue, Span<float> scratch, int firstPixel, int pixelCount, int firstPanel, int panelCount)
    {
        int ins = selection.InChannels.Count(geometry.InChannels);
        int outs = selection.OutChannels.Count(geometry.OutChannels);
        bool listsOut = selection.OutChannels.IsListed;
        bool scatters = listsOut && !selection.OutChannels.IsCompact;
        int width = scatters ? Panel.Count(outs) * Panel.Width : outs;
        ConvolutionGeometry inner = new(
            ins, width, geometry.KernelHeight, geometry.KernelWidth, geometry.InHeight, geometry.InWidth, geometry.StrideHeight, geometry.StrideWidth,
            geometry.PadTop, geometry.PadLeft, geometry.PadBottom, geometry.PadRight, geometry.DilationHeight, geometry.DilationWidth);

        // Integers of the same size as the floats whose memory they take.
        Span<int> memory = MemoryMarshal.Cast<float, int>(Take(ref scratch, ChannelLanes.Length(geometry.InChannels)));
        bool gathersIn = selection.InChannels.IsListed && !selection.InChannels.IsCompact;
        bool areVectors = ChannelVectors.AreWhole(selection.OutChannels);
        ChannelLanes inLanes = gathersIn ? new ChannelLanes(selection.InChannels.Indices, geometry.InChannels, memory) : default;
        memory = MemoryMarshal.Cast<float, int>(Take(ref scratch, ChannelLanes.Length(geometry.OutChannels)));
        ChannelLanes outLanes = listsOut && (scatters || !areVectors) ? new ChannelLanes(selection.OutChannels.Indices, geometry.OutChannels, memory) : default;

        Span<float> row = Take(ref scratch, RowLength(in geometry));
        Span<float> moved = Take(ref scratch, ConvolutionWeights.PackedLength(in inner));
        ReadOnlySpan<float> panels = moved;
        WeightPick pick = default;
        if (WeightPick.Suits(selection.InChannels, selection.OutChannels))
        {
            int repeats = PixelOffsets.CanMerge(in inner) ? geometry.KernelWidth : 1;
            Span<int> lists = MemoryMarshal.Cast<float, int>(Take(ref scratch, WeightPick.MemoryLength(geometry.InChannels, geometry.OutChannels, geometry.KernelWidth)));
            pick = WeightPick.Make(selection.InChannels, geometry.InChannels, selection.OutChannels, geometry.OutChannels, repeats, lists);
            panels = packed;
        }
        else if (areVectors)
        {
            ChannelVectors.GatherPanels(in geometry, packed, selection.InChannels, selection.OutChannels, moved);
        }
        else
        {
            PackListed(in geometry, packed, in selection, in outLanes, row, moved);
        }

        if (gathersIn)
        {
            Span<float> map = Take(ref scratch, inner.InElements + Vector<float>.Count);
            (int top, int bottom) = InputRows(in geometry, in selection, firstPixel, pixelCount);
            int first = top * geometry.InWidth;
            int count = (bottom - top) * geometry.InWidth;
            inLanes.Gather(input.Slice(first * geometry.InChannels, count * geometry.InChannels), map[(first * ins)..]);
            input = map[..inner.InElements];
        }

        ConvolutionSelection pixels = new() { Pixels = selection.Pixels };
        if (!scatters)
        {
            Epilogue own = !listsOut ? epilogue : new()
            {
                Scale = Listed(epilogue.Scale, selection.OutChannels.Indices, Take(ref scratch, outs)),
                Shift = Listed(epilogue.Shift, selection.OutChannels.Indices, Take(ref scratch, outs)),
                Residual = epilogue.Residual,
                Activation = epilogue.Activation,
            };
            ConvolutionPass direct = new(in inner, input, panels, output, in pixels, in own, scratch, in pick);
            direct.Run(firstPixel, pixelCount, firstPanel, panelCount);
            return;
        }

        // A sweep's sums lie in rows of scratch before they are spread.
        bool ownsRows = panelCount == Panel.Count(outs);
        if (!ownsRows)
        {
            int rank = firstPanel * Panel.Width;
            int end = Math.Min(outs, rank + (panelCount * Panel.Width));
            outLanes = new ChannelLanes(selection.OutChannels.Indices[rank..end], geometry.OutChannels, memory);
        }

        Span<float> sums = Take(ref scratch, (PanelSweep.MaximumRows * width) + Vector<float>.Count);
        Epilogue none = default;
        ChannelScatter scatter = new(
            in outLanes, sums[(firstPanel * Panel.Width)..], width, output, selection.Pixels, in epilogue, ownsRows);
        ConvolutionPass pass = new(in inner, input, panels, sums, in pixels, in none, scratch, in pick, scatter);
        pass.Run(firstPixel, pixelCount, firstPanel, panelCount);
    }

    private static int RowLength(in ConvolutionGeometry geometry) => (Panel.Count(geometry.OutChannels) + 1) * Panel.Width;

    private static Span<float> Take(scoped ref Span<float> scratch, int count)
    {
        Span<float> taken = scratch[..count];
        scratch = scratch[count..];
        return taken;
    }

    private static ReadOnlySpan<float> Listed(ReadOnlySpan<float> values, ReadOnlySpan<int> channels, Span<float> listed)
    {
        if (values.IsEmpty)
        {
            return values;
        }

        for (int i = 0; i < channels.Length; i++)
        {
            listed[i] = values[channels[i]];
        }

        return listed[..channels.Length];
    }

    // The weights between listed channels, as panels: [panel][tap][listed input channel][column].
    private static void PackListed(
        in ConvolutionGeometry geometry, ReadOnlySpan<float> packed, in ConvolutionSelection selection, in ChannelLanes outLanes, Span<float> row, Span<float> panels)
    {
        int width = Panel.Width;
        int ins = selection.InChannels.Count(geometry.InChannels);
        int depth = geometry.Taps * geometry.InChannels;
        int length = geometry.Taps * ins * width;
        Span<float> listed = row;
        for (int tap = 0, place = 0; tap < geometry.Taps; tap++)
        {
            for (int i = 0; i < ins; i++, place += width)
            {
                int source = ((tap * geometry.InChannels) + (selection.InChannels.IsListed ? selection.InChannels.Indices[i] : i)) * width;
                outLanes.GatherPanels(packed[source..], depth * width, listed);
                int made = 0;
                for (int panel = 0; made < outLanes.Count; panel++, made += width)
                {
                    listed.Slice(made, width).CopyTo(panels[((panel * length) + place)..]);
                }
            }
        }
    }

    // Input pixels from which that many output pixels are made, at most; those listed may need fewer.
    private static int InputPixels(in ConvolutionGeometry geometry, in ConvolutionSelection selection, int pixels)
    {
        if (selection.Pixels.IsListed)
        {
            return geometry.InPixels;
        }

        long rows = (((long)pixels / geometry.OutWidth) + 1) * geometry.StrideHeight;
        return (int)Math.Min(geometry.InPixels, rows * geometry.InWidth);
    }

    private static (int Top, int Bottom) InputRows(in ConvolutionGeometry geometry, in ConvolutionSelection selection, int firstPixel, int pixelCount)
    {
        int last = firstPixel + pixelCount - 1;
        int first = firstPixel;
        if (selection.Pixels.IsListed)
        {
            first = selection.Pixels.Indices[first];
            last = selection.Pixels.Indices[last];
        }

        int top = (first / geometry.OutWidth * geometry.StrideHeight) - geometry.PadTop;
        int bottom = (last / geometry.OutWidth * geometry.StrideHeight) - geometry.PadTop + ((geometry.KernelHeight - 1) * geometry.DilationHeight) + 1;
        top = Math.Clamp(top, 0, geometry.InHeight);
        return (top, Math.Clamp(bottom, top, geometry.InHeight));
    }
}
