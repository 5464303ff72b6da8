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
        for (int i = 0; i < pixels.Length; i++)
        {
            (int sample, int pixel) = Math.DivRem(pixels[i], geometry.OutPixels);
            (int oy, int ox) = Math.DivRem(pixel, geometry.OutWidth);
            int left = (ox * geometry.StrideWidth) - geometry.PadLeft;
            int iy = (oy * geometry.StrideHeight) - geometry.PadTop;
            for (int ky = 0; ky < geometry.KernelHeight; ky++, iy += geometry.DilationHeight)
            {
                if ((uint)iy >= (uint)geometry.InHeight)
                {
                    continue;
                }
                int row = (sample * geometry.InElements) + (iy * geometry.InWidth * geometry.InChannels) + (group * channels);
                int target = (i * stride) + (ky * geometry.KernelWidth * channels);
                int ix = left;
                for (int kx = 0; kx < geometry.KernelWidth; kx++, ix += geometry.DilationWidth, target += channels)
                {
                    if ((uint)ix < (uint)geometry.InWidth)
                    {
                        int source = row + (ix * geometry.InChannels);
                        for (int c = 0; c < channels; c++)
                        {
                            patches[target + c] = input[source + c];
                        }
                    }
                }
            }
        }
    }
}
