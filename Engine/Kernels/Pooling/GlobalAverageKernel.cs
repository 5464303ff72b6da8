using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Pooling;

/// <summary>The mean over the pixels of one map, [pixels, channels], and its gradient.</summary>
public static class GlobalAverageKernel
{
    /// <summary>mean[c] = (1 / pixels) Σ_p map[p, c], pixels ascending.</summary>
    /// <param name="map">[pixels, channels], at least one pixel.</param>
    /// <param name="mean">[channels].</param>
    public static void Forward(ReadOnlySpan<float> map, Span<float> mean)
    {
        int channels = mean.Length;
        int width = Vector<float>.Count;
        float share = (float)channels / map.Length;
        int c = 0;
        for (; c <= channels - width; c += width)
        {
            Vector<float> sum = Vector<float>.Zero;
            for (int row = c; row < map.Length; row += channels)
            {
                sum += new Vector<float>(map.Slice(row, width));
            }

            (sum * share).CopyTo(mean[c..]);
        }

        for (; c < channels; c++)
        {
            float sum = 0f;
            for (int row = c; row < map.Length; row += channels)
            {
                sum += map[row];
            }

            mean[c] = sum * share;
        }
    }

    /// <summary>target[p, c] = gradient[c] / pixels, written or added.</summary>
    /// <param name="gradient">[channels].</param>
    /// <param name="accumulate">Whether to add.</param>
    /// <param name="target">[pixels, channels].</param>
    public static void Backward(ReadOnlySpan<float> gradient, bool accumulate, Span<float> target)
    {
        int channels = gradient.Length;
        float share = (float)channels / target.Length;
        for (int row = 0; row < target.Length; row += channels)
        {
            Span<float> pixel = target.Slice(row, channels);
            for (int c = 0; c < channels; c++)
            {
                pixel[c] = (gradient[c] * share) + (accumulate ? pixel[c] : 0f);
            }
        }
    }
}
