using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// The convolution as its formula says, in the order of sums that the kernels promise: taps, then input channels, one multiply–add after
/// another from 0. In float its results are theirs, bit for bit; in double, gradients are checked on it.
/// </summary>
internal static class ConvolutionReference
{
    /// <summary>One sample with everything active.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="input">[InHeight, InWidth, InChannels].</param>
    /// <param name="weights">[OutChannels, InChannels / Groups, KernelHeight, KernelWidth].</param>
    /// <param name="output">[OutHeight, OutWidth, OutChannels].</param>
    public static void Forward<T>(in ConvolutionGeometry geometry, ReadOnlySpan<T> input, ReadOnlySpan<T> weights, Span<T> output)
        where T : IFloatingPointIeee754<T>
    {
        int at = 0;
        for (int y = 0; y < geometry.OutHeight; y++)
        {
            for (int x = 0; x < geometry.OutWidth; x++)
            {
                for (int channel = 0; channel < geometry.OutChannels; channel++)
                {
                    output[at++] = Sum(in geometry, input, weights, y, x, channel);
                }
            }
        }
    }

    private static T Sum<T>(in ConvolutionGeometry geometry, ReadOnlySpan<T> input, ReadOnlySpan<T> weights, int outY, int outX, int outChannel)
        where T : IFloatingPointIeee754<T>
    {
        int channels = geometry.InChannelsPerGroup;
        int firstChannel = outChannel / geometry.OutChannelsPerGroup * channels;
        T sum = T.Zero;
        for (int tap = 0; tap < geometry.Taps; tap++)
        {
            int y = (outY * geometry.StrideHeight) - geometry.PadTop + (tap / geometry.KernelWidth * geometry.DilationHeight);
            int x = (outX * geometry.StrideWidth) - geometry.PadLeft + (tap % geometry.KernelWidth * geometry.DilationWidth);
            bool isInside = y >= 0 && y < geometry.InHeight && x >= 0 && x < geometry.InWidth;
            for (int c = 0; c < channels; c++)
            {
                T value = isInside ? input[(((y * geometry.InWidth) + x) * geometry.InChannels) + firstChannel + c] : T.Zero;
                sum = T.MultiplyAddEstimate(value, weights[(((outChannel * channels) + c) * geometry.Taps) + tap], sum);
            }
        }

        return sum;
    }
}
