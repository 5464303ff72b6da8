using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// Both gradients of a convolution as their formulas say, one multiply-add after another: what the kernels are checked against. The input
/// gradient is also what a transposed convolution computes.
/// </summary>
internal static class ConvolutionGradientReference
{
    /// <summary>dW += Σ dy · x. Layouts as in <see cref="ConvolutionWeightGradient"/>.</summary>
    public static void AddWeightGradient<T>(
        in ConvolutionGeometry geometry, int batch, ReadOnlySpan<T> input, ReadOnlySpan<T> outputGradient, Span<T> weightGradient)
        where T : IFloatingPointIeee754<T>
    {
        for (int row = 0; row < batch * geometry.OutPixels; row++)
        {
            for (int o = 0; o < geometry.OutChannels; o++)
            {
                for (int tap = 0; tap < geometry.Taps; tap++)
                {
                    int pixel = InputPixel(geometry, row, tap);
                    for (int c = 0; pixel >= 0 && c < geometry.InChannelsPerGroup; c++)
                    {
                        T x = input[(pixel * geometry.InChannels) + InputChannel(geometry, o, c)];
                        weightGradient[WeightIndex(geometry, o, c, tap)] += outputGradient[(row * geometry.OutChannels) + o] * x;
                    }
                }
            }
        }
    }

    /// <summary>dx += Σ dy · w. Layouts as in the convolution: [N, H, W, C] and [O, I / groups, KH, KW].</summary>
    public static void AddInputGradient<T>(
        in ConvolutionGeometry geometry, int batch, ReadOnlySpan<T> outputGradient, ReadOnlySpan<T> weight, Span<T> inputGradient)
        where T : IFloatingPointIeee754<T>
    {
        for (int row = 0; row < batch * geometry.OutPixels; row++)
        {
            for (int o = 0; o < geometry.OutChannels; o++)
            {
                for (int tap = 0; tap < geometry.Taps; tap++)
                {
                    int pixel = InputPixel(geometry, row, tap);
                    for (int c = 0; pixel >= 0 && c < geometry.InChannelsPerGroup; c++)
                    {
                        inputGradient[(pixel * geometry.InChannels) + InputChannel(geometry, o, c)] +=
                            outputGradient[(row * geometry.OutChannels) + o] * weight[WeightIndex(geometry, o, c, tap)];
                    }
                }
            }
        }
    }

    /// <summary>y += Σ w · x: the convolution itself.</summary>
    public static void AddForward<T>(
        in ConvolutionGeometry geometry, int batch, ReadOnlySpan<T> input, ReadOnlySpan<T> weight, Span<T> output)
        where T : IFloatingPointIeee754<T>
    {
        for (int row = 0; row < batch * geometry.OutPixels; row++)
        {
            for (int o = 0; o < geometry.OutChannels; o++)
            {
                for (int tap = 0; tap < geometry.Taps; tap++)
                {
                    int pixel = InputPixel(geometry, row, tap);
                    for (int c = 0; pixel >= 0 && c < geometry.InChannelsPerGroup; c++)
                    {
                        output[(row * geometry.OutChannels) + o] += weight[WeightIndex(geometry, o, c, tap)]
                            * input[(pixel * geometry.InChannels) + InputChannel(geometry, o, c)];
                    }
                }
            }
        }
    }

    /// <summary>The input pixel, counted over the batch, that a tap of an output pixel meets; -1 in the padding.</summary>
    public static int InputPixel(in ConvolutionGeometry geometry, int row, int tap)
    {
        int sample = row / geometry.OutPixels;
        int pixel = row % geometry.OutPixels;
        int iy = (pixel / geometry.OutWidth * geometry.StrideHeight) - geometry.PadTop + (tap / geometry.KernelWidth * geometry.DilationHeight);
        int ix = (pixel % geometry.OutWidth * geometry.StrideWidth) - geometry.PadLeft + (tap % geometry.KernelWidth * geometry.DilationWidth);
        return iy >= 0 && iy < geometry.InHeight && ix >= 0 && ix < geometry.InWidth
            ? (((sample * geometry.InHeight) + iy) * geometry.InWidth) + ix
            : -1;
    }

    private static int InputChannel(in ConvolutionGeometry geometry, int o, int c) =>
        (o / geometry.OutChannelsPerGroup * geometry.InChannelsPerGroup) + c;

    private static int WeightIndex(in ConvolutionGeometry geometry, int o, int c, int tap) =>
        (((o * geometry.InChannelsPerGroup) + c) * geometry.Taps) + tap;
}
