using System;
using System.Numerics;
using ManagedDyn.Engine.Kernels.Convolution;

namespace ManagedDyn.Engine.Kernels.Sampling;

/// <summary>Deformable convolution by its formula, value by value, in any precision: what the kernels are tested against.</summary>
internal static class DeformableConvolutionReference
{
    /// <summary>One sample; offsets and modulation may be empty.</summary>
    public static void Forward<T>(
        in DeformGeometry geometry, ReadOnlySpan<T> input, ReadOnlySpan<T> offsets, ReadOnlySpan<T> modulation, ReadOnlySpan<T> weight, ReadOnlySpan<T> bias,
        Span<T> output)
        where T : IFloatingPointIeee754<T>
    {
        ConvolutionGeometry maps = geometry.Maps;
        int perOffset = maps.InChannels / geometry.OffsetGroups;
        for (int i = 0; i < output.Length; i++)
        {
            int o = i % maps.OutChannels;
            int pixel = i / maps.OutChannels;
            int group = o / maps.OutChannelsPerGroup;
            T sum = bias.IsEmpty ? T.Zero : bias[o];
            for (int tap = 0; tap < maps.Taps; tap++)
            {
                for (int c = 0; c < maps.InChannelsPerGroup; c++)
                {
                    int channel = (group * maps.InChannelsPerGroup) + c;
                    int point = (((pixel * geometry.OffsetGroups) + (channel / perOffset)) * maps.Taps) + tap;
                    T y = T.CreateChecked((pixel / maps.OutWidth * maps.StrideHeight) - maps.PadTop + (tap / maps.KernelWidth * maps.DilationHeight));
                    T x = T.CreateChecked((pixel % maps.OutWidth * maps.StrideWidth) - maps.PadLeft + (tap % maps.KernelWidth * maps.DilationWidth));
                    y += offsets.IsEmpty ? T.Zero : offsets[2 * point];
                    x += offsets.IsEmpty ? T.Zero : offsets[(2 * point) + 1];
                    T factor = modulation.IsEmpty ? T.One : modulation[point];
                    sum += weight[(((o * maps.InChannelsPerGroup) + c) * maps.Taps) + tap] * factor * Read(in maps, input, y, x, channel);
                }
            }

            output[i] = sum;
        }
    }

    private static T Read<T>(in ConvolutionGeometry maps, ReadOnlySpan<T> input, T y, T x, int channel)
        where T : IFloatingPointIeee754<T>
    {
        int top = int.CreateSaturating(T.Floor(y));
        int left = int.CreateSaturating(T.Floor(x));
        T below = y - T.CreateChecked(top);
        T right = x - T.CreateChecked(left);
        return (((T.One - below) * (((T.One - right) * At(in maps, input, top, left, channel)) + (right * At(in maps, input, top, left + 1, channel))))
            + (below * (((T.One - right) * At(in maps, input, top + 1, left, channel)) + (right * At(in maps, input, top + 1, left + 1, channel)))));
    }

    private static T At<T>(in ConvolutionGeometry maps, ReadOnlySpan<T> input, int y, int x, int channel)
        where T : IFloatingPointIeee754<T> =>
        y < 0 || x < 0 || y >= maps.InHeight || x >= maps.InWidth ? T.Zero : input[(((y * maps.InWidth) + x) * maps.InChannels) + channel];
}
