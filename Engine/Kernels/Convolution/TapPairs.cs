using System;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// For each tap of a kernel, the list of (input offset, place of the output gradient) of those output pixels of a block for which the tap
/// does not lie in the padding. Lists start <see cref="PixelChunks.BlockPixels"/> pairs apart; <c>counts</c> tells their lengths.
/// </summary>
internal static class TapPairs
{
    /// <summary>Lists all pixels from <paramref name="from"/> to <paramref name="to"/> of each of some consecutive samples.</summary>
    /// <param name="geometry">The convolution.</param>
    /// <param name="samples">Samples that share the block; more than one only if the block is a whole map.</param>
    /// <param name="from">The block's first output pixel.</param>
    /// <param name="to">The output pixel after its last.</param>
    /// <param name="firstPixel">The input pixel that input offsets count from, in the first sample.</param>
    /// <param name="pixelStep">Distance of two input pixels.</param>
    /// <param name="lanes">Distance of two positions.</param>
    /// <param name="pairs">Room for all taps' lists.</param>
    /// <param name="counts">One a tap.</param>
    public static void Dense(
        in ConvolutionGeometry geometry, int samples, int from, int to, int firstPixel, int pixelStep, int lanes, Span<int> pairs, Span<int> counts)
    {
        int outWidth = geometry.OutWidth;
        int stepX = geometry.StrideWidth * pixelStep;
        for (int ky = 0; ky < geometry.KernelHeight; ky++)
        {
            for (int kx = 0; kx < geometry.KernelWidth; kx++)
            {
                int tap = (ky * geometry.KernelWidth) + kx;
                Span<int> list = pairs.Slice(tap * PixelChunks.BlockPixels * 2, PixelChunks.BlockPixels * 2);
                (int validFrom, int validTo) = ValidColumns(geometry, kx);
                int shiftX = (kx * geometry.DilationWidth) - geometry.PadLeft;
                int next = 0;
                for (int sample = 0; sample < samples; sample++)
                {
                    for (int start = from; start < to;)
                    {
                        int oy = start / outWidth;
                        int end = Math.Min(to, (oy + 1) * outWidth);
                        int iy = (oy * geometry.StrideHeight) - geometry.PadTop + (ky * geometry.DilationHeight);
                        if ((uint)iy < (uint)geometry.InHeight)
                        {
                            int first = Math.Max(start - (oy * outWidth), validFrom);
                            int last = Math.Min(end - (oy * outWidth), validTo);
                            int pixel = (sample * geometry.InPixels) + (iy * geometry.InWidth) + (first * geometry.StrideWidth) + shiftX;
                            int input = (pixel - firstPixel) * pixelStep;
                            int position = ((sample * (to - from)) + (oy * outWidth) + first - from) * lanes;
                            for (int ox = first; ox < last; ox++)
                            {
                                list[next] = input;
                                list[next + 1] = position;
                                next += 2;
                                input += stepX;
                                position += lanes;
                            }
                        }
                        start = end;
                    }
                }
                counts[tap] = next / 2;
            }
        }
    }

    /// <summary>Lists selected output pixels.</summary>
    /// <param name="geometry">The convolution.</param>
    /// <param name="pixels">For each position of the block the output pixel, counted over the whole batch.</param>
    /// <param name="positioned">Whether the second of a pair is a position in the block; else it is the output pixel.</param>
    /// <param name="lanes">Distance of two positions, or output pixels.</param>
    /// <param name="pairs">Room for all taps' lists; input offsets count from the start of the batch.</param>
    /// <param name="counts">One a tap; overwritten.</param>
    public static void Selected(
        in ConvolutionGeometry geometry, ReadOnlySpan<int> pixels, bool positioned, int lanes, Span<int> pairs, Span<int> counts)
    {
        counts.Clear();
        for (int position = 0; position < pixels.Length; position++)
        {
            (int sample, int pixel) = Math.DivRem(pixels[position], geometry.OutPixels);
            (int oy, int ox) = Math.DivRem(pixel, geometry.OutWidth);
            int top = (oy * geometry.StrideHeight) - geometry.PadTop;
            int left = (ox * geometry.StrideWidth) - geometry.PadLeft;
            for (int ky = 0; ky < geometry.KernelHeight; ky++)
            {
                int iy = top + (ky * geometry.DilationHeight);
                if ((uint)iy >= (uint)geometry.InHeight)
                {
                    continue;
                }
                for (int kx = 0; kx < geometry.KernelWidth; kx++)
                {
                    int ix = left + (kx * geometry.DilationWidth);
                    if ((uint)ix >= (uint)geometry.InWidth)
                    {
                        continue;
                    }
                    int tap = (ky * geometry.KernelWidth) + kx;
                    int next = ((tap * PixelChunks.BlockPixels) + counts[tap]++) * 2;
                    pairs[next] = (sample * geometry.InElements) + (((iy * geometry.InWidth) + ix) * geometry.InChannels);
                    pairs[next + 1] = (positioned ? position : pixels[position]) * lanes;
                }
            }
        }
    }

    /// <summary>The output columns for which a tap's input column lies within the map.</summary>
    public static (int From, int To) ValidColumns(in ConvolutionGeometry geometry, int kx)
    {
        // 0 <= ox * stride - shift < InWidth
        long shift = geometry.PadLeft - ((long)kx * geometry.DilationWidth);
        long from = shift <= 0 ? 0 : (shift + geometry.StrideWidth - 1) / geometry.StrideWidth;
        long last = geometry.InWidth - 1 + shift;
        long to = last < 0 ? 0 : (last / geometry.StrideWidth) + 1;
        return ((int)Math.Min(from, geometry.OutWidth), (int)Math.Min(to, geometry.OutWidth));
    }
}
