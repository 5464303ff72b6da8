using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ManagedDyn.Engine.Kernels.MatrixMultiply;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// Moves the packed weights between listed channels side by side where output channels are listed in whole vectors: then a row of weights is a few vectors
/// that are copied, and nothing changes lanes. It serves panels, whose groups are taps, and transformed weights, whose groups are points.
/// </summary>
internal static class ChannelVectors
{
    /// <summary>Whether output channels are all, or whole vectors.</summary>
    /// <param name="channels">The output channels.</param>
    public static bool AreWhole(in ActiveList channels)
    {
        if (!channels.IsListed)
        {
            return true;
        }

        int lanes = Vector<float>.Count;
        ReadOnlySpan<int> list = channels.Indices;
        if (list.Length % lanes != 0)
        {
            return false;
        }

        for (int i = 0; i < list.Length; i += lanes)
        {
            if (list[i] % lanes != 0 || list[i + lanes - 1] - list[i] != lanes - 1)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Vectors of columns that hold the output channels.</summary>
    /// <param name="channels">Output channels.</param>
    public static int Count(int channels) => (channels + Vector<float>.Count - 1) / Vector<float>.Count;

    /// <summary>Panels of the listed channels only.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="packed">The weights, as <see cref="ConvolutionWeights"/> packs them.</param>
    /// <param name="ins">Input channels.</param>
    /// <param name="outs">Output channels, in whole vectors.</param>
    /// <param name="panels">The weights of a convolution of just these, all written.</param>
    public static void GatherPanels(in ConvolutionGeometry geometry, ReadOnlySpan<float> packed, in ActiveList ins, in ActiveList outs, Span<float> panels)
    {
        int count = ins.Count(geometry.InChannels);
        int from = geometry.InChannels * Panel.Width;
        int to = count * Panel.Width;
        Gather(
            packed, from, geometry.Taps * from, in ins, geometry.InChannels, in outs, geometry.OutChannels, panels, to, geometry.Taps * to, geometry.Taps);
    }

    /// <summary>Transformed weights of the listed channels only.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="packed">The weights, transformed.</param>
    /// <param name="positions">Points of a tile.</param>
    /// <param name="ins">Input channels.</param>
    /// <param name="outs">Output channels, in whole vectors.</param>
    /// <param name="transformed">The transformed weights of a convolution of just these, all written.</param>
    public static void GatherTransformed(
        in ConvolutionGeometry geometry, ReadOnlySpan<float> packed, int positions, in ActiveList ins, in ActiveList outs, Span<float> transformed)
    {
        int count = ins.Count(geometry.InChannels);
        int from = geometry.InChannels * Panel.Width;
        int to = count * Panel.Width;
        Gather(
            packed, Panel.Count(geometry.OutChannels) * from, from, in ins, geometry.InChannels, in outs, geometry.OutChannels, transformed,
            Panel.Count(outs.Count(geometry.OutChannels)) * to, to, positions);
    }

    // Elements from one group of rows to the next and from one panel to the next, in what is read and in what is written.
    private static void Gather(
        ReadOnlySpan<float> source, int sourceGroup, int sourcePanel, in ActiveList ins, int inCount, in ActiveList outs, int outCount,
        Span<float> target, int targetGroup, int targetPanel, int groups)
    {
        int lanes = Vector<float>.Count;
        int width = Panel.Width;
        int chosen = ins.Count(inCount);
        int count = outs.Count(outCount);
        ArgumentOutOfRangeException.ThrowIfLessThan(source.Length, groups * Panel.Count(outCount) * inCount * width, nameof(source));
        ArgumentOutOfRangeException.ThrowIfLessThan(target.Length, groups * Panel.Count(count) * chosen * width, nameof(target));
        ref float first = ref MemoryMarshal.GetReference(source);
        ref float written = ref MemoryMarshal.GetReference(target);
        for (int group = 0; group < groups; group++)
        {
            for (int panel = 0; panel < Panel.Count(count); panel++)
            {
                int place = panel * width;
                int left = outs.IsListed ? outs.Indices[place] : place;
                int right = place + lanes >= count ? -1 : outs.IsListed ? outs.Indices[place + lanes] : place + lanes;
                ref float from = ref Unsafe.Add(ref first, ((nint)group * sourceGroup) + ((nint)(left / width) * sourcePanel) + (left % width));
                nint distance = right < 0 ? 0 : ((nint)((right / width) - (left / width)) * sourcePanel) + (right % width) - (left % width);
                ref float to = ref Unsafe.Add(ref written, ((nint)group * targetGroup) + ((nint)panel * targetPanel));
                if (ins.IsListed)
                {
                    foreach (int channel in ins.Indices)
                    {
                        Move(ref Unsafe.Add(ref from, (nint)channel * width), distance, ref to);
                        to = ref Unsafe.Add(ref to, width);
                    }
                }
                else
                {
                    for (nint at = 0; at < chosen * width; at += width)
                    {
                        Move(ref Unsafe.Add(ref from, at), distance, ref Unsafe.Add(ref to, at));
                    }
                }
            }
        }
    }

    // A row of a panel from two vectors so far apart, so that lines are written whole; from one twice where there is no second, which nobody reads. Rows lie
    // within their panels, which the lengths have been checked to hold.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Move(ref float from, nint distance, ref float to)
    {
        Vector<float> left = Vector.LoadUnsafe(ref from);
        Vector<float> right = Vector.LoadUnsafe(ref Unsafe.Add(ref from, distance));
        left.StoreUnsafe(ref to);
        right.StoreUnsafe(ref to, (nuint)Vector<float>.Count);
    }
}
