using System;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Layout;
using ManagedDyn.Engine.Kernels.MatrixMultiply;

namespace ManagedDyn.Engine.Kernels.LocalFilters;

/// <summary>
/// One of several kernels that a network has predicted for a sample, [tap][region][output][input of the group], in the layouts that convolutions take.
/// </summary>
internal static class RegionKernels
{
    /// <summary>The kernel in packed form, as <see cref="ConvolutionWeights"/>: rows of inputs become columns of a panel.</summary>
    public static void Pack(in ConvolutionGeometry geometry, ReadOnlySpan<float> kernels, int regions, int region, Span<float> packed)
    {
        Check(in geometry, kernels.Length, regions, region);
        if (packed.Length != ConvolutionWeights.PackedLength(in geometry))
        {
            throw new ArgumentException($"The packed form has {packed.Length} elements; expected {ConvolutionWeights.PackedLength(in geometry)}.", nameof(packed));
        }

        int inputs = geometry.InChannelsPerGroup;
        int outputs = geometry.OutChannelsPerGroup;
        int width = Panel.Width;
        int at = 0;
        for (int group = 0; group < geometry.Groups; group++)
        {
            for (int first = 0; first < outputs; first += width)
            {
                int count = Math.Min(width, outputs - first);
                for (int tap = 0; tap < geometry.Taps; tap++, at += inputs * width)
                {
                    int row = (((tap * regions) + region) * geometry.OutChannels) + (group * outputs) + first;
                    ReadOnlySpan<float> source = kernels.Slice(row * inputs, count * inputs);
                    Span<float> target = packed.Slice(at, inputs * width);
                    if (count == width)
                    {
                        Transposition.Run(source, width, inputs, target);
                        continue;
                    }

                    target.Clear();
                    for (int i = 0; i < source.Length; i++)
                    {
                        target[(i % inputs * width) + (i / inputs)] = source[i];
                    }
                }
            }
        }
    }

    /// <summary>The kernel as [output][input of the group][tap].</summary>
    public static void ToCanonical(in ConvolutionGeometry geometry, ReadOnlySpan<float> kernels, int regions, int region, Span<float> weight)
    {
        Check(in geometry, kernels.Length, regions, region);
        int elements = geometry.OutChannels * geometry.InChannelsPerGroup;
        for (int tap = 0; tap < geometry.Taps; tap++)
        {
            ReadOnlySpan<float> source = kernels.Slice(((tap * regions) + region) * elements, elements);
            for (int i = 0, at = tap; i < source.Length; i++, at += geometry.Taps)
            {
                weight[at] = source[i];
            }
        }
    }

    /// <summary>Adds a gradient [output][input of the group][tap] to the kernel's.</summary>
    public static void AddCanonical(in ConvolutionGeometry geometry, ReadOnlySpan<float> weight, Span<float> kernels, int regions, int region)
    {
        Check(in geometry, kernels.Length, regions, region);
        int elements = geometry.OutChannels * geometry.InChannelsPerGroup;
        for (int tap = 0; tap < geometry.Taps; tap++)
        {
            Span<float> target = kernels.Slice(((tap * regions) + region) * elements, elements);
            for (int i = 0, at = tap; i < target.Length; i++, at += geometry.Taps)
            {
                target[i] += weight[at];
            }
        }
    }

    private static void Check(in ConvolutionGeometry geometry, int length, int regions, int region)
    {
        if ((uint)region >= (uint)regions || length != (long)regions * geometry.WeightElements)
        {
            throw new ArgumentException($"{length} kernel elements and region {region} of {regions} were given; expected {(long)regions * geometry.WeightElements} elements and one of the regions.");
        }
    }
}
