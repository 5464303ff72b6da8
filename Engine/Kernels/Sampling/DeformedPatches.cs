using System;
using ManagedDyn.Engine.Kernels.Convolution;

namespace ManagedDyn.Engine.Kernels.Sampling;

/// <summary>
/// Gathers what the taps of a deformable convolution read into patches that a matrix multiply takes: patch[p][group][tap][c] =
/// modulation · Σ over the four pixels around the tap's place of weight · x[pixel, c].
/// </summary>
/// <remarks>
/// A pixel with weight 0 is not read, so that a tap on a pixel's place reads that pixel's bits: without offsets a patch is what an ordinary
/// convolution reads. Places a pixel or more outside the map read zero; where a coordinate is not a number the patch is not either.
/// </remarks>
public static class DeformedPatches
{
    /// <summary>Samples the patches of some output pixels of one sample.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="input">[InHeight, InWidth, InChannels].</param>
    /// <param name="offsets">[OutPixels, OffsetGroups, Taps, (dy, dx)]; empty: all are 0.</param>
    /// <param name="modulation">[OutPixels, OffsetGroups, Taps]; empty: all are 1.</param>
    /// <param name="firstPixel">The first output pixel.</param>
    /// <param name="count">How many.</param>
    /// <param name="patches">[count, PatchLength]; overwritten.</param>
    /// <exception cref="ArgumentException">A span or the range does not fit; nothing has been written.</exception>
    public static void Sample(
        in DeformGeometry geometry, ReadOnlySpan<float> input, ReadOnlySpan<float> offsets, ReadOnlySpan<float> modulation, int firstPixel, int count,
        Span<float> patches)
    {
        geometry.Check(input.Length, offsets.Length, modulation.Length, patches.Length, firstPixel, count);
        ConvolutionGeometry maps = geometry.Maps;
        int channels = maps.InChannels;
        int perOffset = channels / geometry.OffsetGroups;
        int point = firstPixel * geometry.PointsPerPixel;
        int row = firstPixel / maps.OutWidth;
        int column = firstPixel % maps.OutWidth;
        for (int i = 0; i < count; i++)
        {
            int top = (row * maps.StrideHeight) - maps.PadTop;
            int left = (column * maps.StrideWidth) - maps.PadLeft;
            Span<float> patch = patches.Slice(i * geometry.PatchLength, geometry.PatchLength);
            for (int first = 0; first < channels; first += perOffset)
            {
                int tap = 0;
                for (int ky = 0; ky < maps.KernelHeight; ky++)
                {
                    for (int kx = 0; kx < maps.KernelWidth; kx++, tap++, point++)
                    {
                        float y = top + (ky * maps.DilationHeight);
                        float x = left + (kx * maps.DilationWidth);
                        if (!offsets.IsEmpty)
                        {
                            y += offsets[2 * point];
                            x += offsets[(2 * point) + 1];
                        }

                        float factor = modulation.IsEmpty ? 1f : modulation[point];
                        if (maps.Groups == 1)
                        {
                            Span<float> target = patch.Slice((tap * channels) + first, perOffset);
                            BilinearRead.Read(input, maps.InHeight, maps.InWidth, channels, y, x, factor, first, target);
                        }
                        else
                        {
                            ReadGroups(in maps, input, y, x, factor, first, first + perOffset, tap, patch);
                        }
                    }
                }
            }

            column++;
            if (column == maps.OutWidth)
            {
                (row, column) = (row + 1, 0);
            }
        }
    }

    // One tap of one offset group: its channels, cut where the convolution's groups are.
    private static void ReadGroups(
        in ConvolutionGeometry maps, ReadOnlySpan<float> input, float y, float x, float factor, int first, int end, int tap, Span<float> patch)
    {
        int perGroup = maps.InChannelsPerGroup;
        for (int channel = first; channel < end;)
        {
            int group = channel / perGroup;
            int stop = Math.Min(end, (group + 1) * perGroup);
            int start = (((group * maps.Taps) + tap) * perGroup) + channel - (group * perGroup);
            BilinearRead.Read(input, maps.InHeight, maps.InWidth, maps.InChannels, y, x, factor, channel, patch.Slice(start, stop - channel));
            channel = stop;
        }
    }
}
