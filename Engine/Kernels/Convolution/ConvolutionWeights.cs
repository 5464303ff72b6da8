using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ManagedDyn.Engine.Kernels.MatrixMultiply;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// The packed form of convolution weights: [group][panel][tap][input channel of the group][panel column], where the columns are output
/// channels and those that a group's last panel has too many are zero.
/// </summary>
public static class ConvolutionWeights
{
    // Columns so many elements apart share a few sets of the first cache: a panel's are then taken one after another.
    private const int CacheAlias = 1024;

    /// <summary>Panels of one group.</summary>
    /// <param name="geometry">The geometry.</param>
    public static int PanelsPerGroup(in ConvolutionGeometry geometry) => Panel.Count(geometry.OutChannelsPerGroup);

    /// <summary>Elements of one panel.</summary>
    /// <param name="geometry">The geometry.</param>
    public static int PanelLength(in ConvolutionGeometry geometry) => checked(geometry.Taps * geometry.InChannelsPerGroup * Panel.Width);

    /// <summary>Elements of the packed form.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <exception cref="OverflowException">There would be more than 2³¹ − 1.</exception>
    public static int PackedLength(in ConvolutionGeometry geometry) =>
        checked(geometry.Groups * PanelsPerGroup(in geometry) * PanelLength(in geometry));

    /// <summary>Elements of the form that the geometry's kernel takes: panels, or those of a depthwise convolution.</summary>
    /// <param name="geometry">The geometry.</param>
    internal static int LengthFor(in ConvolutionGeometry geometry) =>
        geometry.IsDepthwise ? DepthwiseConvolution.PackedElements(in geometry) : PackedLength(in geometry);

    /// <summary>Packs weights.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="weights">[OutChannels, InChannels / Groups, KernelHeight, KernelWidth].</param>
    /// <param name="packed"><see cref="PackedLength"/> elements, all written.</param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public static void Pack(in ConvolutionGeometry geometry, ReadOnlySpan<float> weights, Span<float> packed)
    {
        if (weights.Length != geometry.WeightElements)
        {
            throw new ArgumentException($"The weights have {weights.Length} elements; expected {geometry.WeightElements}.", nameof(weights));
        }

        if (packed.Length != PackedLength(in geometry))
        {
            throw new ArgumentException($"The packed form has {packed.Length} elements; expected {PackedLength(in geometry)}.", nameof(packed));
        }

        int perGroup = geometry.OutChannelsPerGroup;
        int width = Panel.Width;
        int depth = geometry.Taps * geometry.InChannelsPerGroup;
        int panels = PanelsPerGroup(in geometry);
        for (int index = 0; index < geometry.Groups * panels; index++)
        {
            Span<float> panel = packed.Slice(index * depth * width, depth * width);
            int first = index % panels * width;
            int count = Math.Min(width, perGroup - first);
            if (count < width)
            {
                panel.Clear();
            }

            int channel = (index / panels * perGroup) + first;
            if (count == width && depth % CacheAlias != 0)
            {
                PackPanel(weights.Slice(channel * depth, width * depth), geometry.Taps, panel);
                continue;
            }

            for (int column = 0; column < count; column++)
            {
                PackColumn(weights.Slice((channel + column) * depth, depth), geometry.Taps, panel[column..], width);
            }
        }
    }

    // A panel without gaps, whose rows are written whole: [column][input channel][tap] to [tap][input channel][column]. Both spans have as many elements,
    // and each index runs to its extent.
    private static void PackPanel(ReadOnlySpan<float> source, int taps, Span<float> panel)
    {
        int width = Panel.Width;
        int depth = panel.Length / width;
        int channels = depth / taps;
        ref float first = ref MemoryMarshal.GetReference(source);
        for (int channel = 0; channel < channels; channel++)
        {
            for (int tap = 0; tap < taps; tap++)
            {
                ref float from = ref Unsafe.Add(ref first, (channel * taps) + tap);
                ref float to = ref Unsafe.Add(ref MemoryMarshal.GetReference(panel), ((nint)(tap * channels) + channel) * width);
                for (int column = 0; column < width; column++)
                {
                    Unsafe.Add(ref to, column) = from;
                    from = ref Unsafe.Add(ref from, depth);
                }
            }
        }
    }

    // One output channel: [input channel][tap] to [tap][input channel], a panel's width apart.
    private static void PackColumn(ReadOnlySpan<float> source, int taps, Span<float> panel, int width)
    {
        int channels = source.Length / taps;
        for (int tap = 0; tap < taps; tap++)
        {
            int target = tap * channels * width;
            for (int at = tap; at < source.Length; at += taps, target += width)
            {
                panel[target] = source[at];
            }
        }
    }
}
