using System;
using System.Numerics;
using ManagedDyn.Engine.Kernels.Reduction;

namespace ManagedDyn.Engine.Kernels.Normalization;

/// <summary>
/// Mean and variance of groups of neighbouring channels over the pixels of one map, [pixels, channels]: those of the channels, joined.
/// </summary>
public static class GroupMoments
{
    /// <summary>Writes to each channel the statistics of its group.</summary>
    /// <param name="map">x, [pixels, channels], at least one pixel.</param>
    /// <param name="channels">The number of channels.</param>
    /// <param name="groups">The number of groups, which divides the channels.</param>
    /// <param name="scratch">At least 2 · channels · chunks of <see cref="RowChunks"/>(pixels, channels).</param>
    /// <param name="mean">Receives the mean of each channel's group.</param>
    /// <param name="variance">Receives the biased variance of each channel's group.</param>
    public static void Run(
        ReadOnlySpan<float> map, int channels, int groups, Span<float> scratch, Span<float> mean, Span<float> variance)
    {
        RowChunks chunks = new(map.Length / channels, channels);
        for (int chunk = 0; chunk < chunks.Count; chunk++)
        {
            Span<float> sums = scratch.Slice(2 * channels * chunk, 2 * channels);
            ChannelMoments.Chunk(map, channels, default, chunks.From(chunk), chunks.To(chunk), sums[..channels], sums[channels..]);
        }

        ChannelMoments.Join(scratch, channels, in chunks, mean, variance);
        int size = channels / groups;
        for (int first = 0; first < channels; first += size)
        {
            double middle = 0;
            for (int c = first; c < first + size; c++)
            {
                middle += mean[c];
            }

            // The variance of a group is the mean of its channels' variances and of their means' squared distances.
            middle /= size;
            double squares = 0;
            for (int c = first; c < first + size; c++)
            {
                double distance = mean[c] - middle;
                squares += variance[c] + (distance * distance);
            }

            mean.Slice(first, size).Fill((float)middle);
            variance.Slice(first, size).Fill((float)(squares / size));
        }
    }

    /// <summary>Group normalisation, value by value.</summary>
    internal static void Reference<T>(
        ReadOnlySpan<T> map, int groups, ReadOnlySpan<T> weight, ReadOnlySpan<T> bias, T epsilon, Span<T> output)
        where T : IFloatingPointIeee754<T>
    {
        int channels = weight.Length;
        int size = channels / groups;
        for (int group = 0; group < groups; group++)
        {
            T sum = T.Zero;
            T count = T.CreateChecked(map.Length / groups);
            for (int i = 0; i < map.Length; i++)
            {
                sum += i % channels / size == group ? map[i] : T.Zero;
            }

            T mean = sum / count;
            T squares = T.Zero;
            for (int i = 0; i < map.Length; i++)
            {
                squares += i % channels / size == group ? (map[i] - mean) * (map[i] - mean) : T.Zero;
            }

            for (int i = 0; i < map.Length; i++)
            {
                int c = i % channels;
                if (c / size == group)
                {
                    output[i] = ((map[i] - mean) / T.Sqrt((squares / count) + epsilon) * weight[c]) + bias[c];
                }
            }
        }
    }
}
