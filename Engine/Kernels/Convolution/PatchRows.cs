using System;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// Unrolls the patches of output pixels, one row a pixel: for layers with so few input channels (images) that a tile must run over taps
/// and channels together. Taps in the padding are zero.
/// </summary>
internal static class PatchRows
{
    /// <summary>Writes one row a pixel.</summary>
    /// <param name="geometry">The convolution.</param>
    /// <param name="group">The group of channels.</param>
    /// <param name="input">The batch, [N, H, W, C].</param>
    /// <param name="pixels">Output pixels, counted over the whole batch.</param>
    /// <param name="stride">Distance of two rows, at least taps · channels of a group; what a patch does not fill is zero.</param>
    /// <param name="patches">[pixels, stride]: taps, then channels, ascending.</param>
    public static void Unroll(
        in ConvolutionGeometry geometry, int group, ReadOnlySpan<float> input, ReadOnlySpan<int> pixels, int stride, Span<float> patches)
    {
        int channels = geometry.InChannelsPerGroup;
        patches[..(pixels.Length * stride)].Clear();
        for (int start = 0; start < pixels.Length;)
        {
            (int sample, int pixel) = Math.DivRem(pixels[start], geometry.OutPixels);
            (int oy, int ox) = Math.DivRem(pixel, geometry.OutWidth);
            int end = start + 1;
            while (end < pixels.Length && pixels[end] - pixels[start] == end - start && ox + end - start < geometry.OutWidth)
            {
                end++;
            }
            int source = (sample * geometry.InElements) + (group * channels);
            Run(geometry, input[source..], oy, ox, end - start, stride, patches[(start * stride)..]);
            start = end;
        }
    }

    // A run of output pixels side by side, tap by tap.
    private static void Run(
        in ConvolutionGeometry geometry, ReadOnlySpan<float> input, int oy, int ox, int count, int stride, Span<float> patches)
    {
        int channels = geometry.InChannelsPerGroup;
        int step = geometry.StrideWidth * geometry.InChannels;
        int tap = 0;
        for (int ky = 0; ky < geometry.KernelHeight; ky++)
        {
            int iy = (oy * geometry.StrideHeight) - geometry.PadTop + (ky * geometry.DilationHeight);
            bool inside = (uint)iy < (uint)geometry.InHeight;
            for (int kx = 0; kx < geometry.KernelWidth; kx++, tap += channels)
            {
                (int from, int to) = TapPairs.ValidColumns(geometry, kx);
                from = Math.Max(from, ox);
                to = Math.Min(to, ox + count);
                if (!inside || from >= to)
                {
                    continue;
                }
                int ix = (from * geometry.StrideWidth) - geometry.PadLeft + (kx * geometry.DilationWidth);
                ReadOnlySpan<float> source = input[(((iy * geometry.InWidth) + ix) * geometry.InChannels)..];
                Span<float> target = patches[(((from - ox) * stride) + tap)..];
                for (int c = 0; c < channels; c++)
                {
                    for (int i = 0, at = c, place = c; i < to - from; i++, at += step, place += stride)
                    {
                        target[place] = source[at];
                    }
                }
            }
        }
    }
}
