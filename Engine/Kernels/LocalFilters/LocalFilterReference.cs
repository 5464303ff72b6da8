using System;
using System.Numerics;
using ManagedDyn.Engine.Kernels.Convolution;

namespace ManagedDyn.Engine.Kernels.LocalFilters;

/// <summary>Local filtering by its formula, value by value, in any precision: what the kernels are tested against.</summary>
internal static class LocalFilterReference
{
    public static void Forward<T>(in LocalFilterGeometry geometry, ReadOnlySpan<T> input, ReadOnlySpan<T> filters, Span<T> output)
        where T : IFloatingPointIeee754<T>
    {
        ConvolutionGeometry maps = geometry.Maps;
        for (int i = 0; i < output.Length; i++)
        {
            int c = i % geometry.Channels;
            int pixel = i / geometry.Channels;
            int y = pixel / geometry.OutWidth / geometry.Scale;
            int x = pixel % geometry.OutWidth / geometry.Scale;
            int group = c / (geometry.Channels / maps.Groups);
            T sum = T.Zero;
            for (int tap = 0; tap < maps.Taps; tap++)
            {
                int row = (y * maps.StrideHeight) - maps.PadTop + (tap / maps.KernelWidth * maps.DilationHeight);
                int column = (x * maps.StrideWidth) - maps.PadLeft + (tap % maps.KernelWidth * maps.DilationWidth);
                if (row < 0 || column < 0 || row >= maps.InHeight || column >= maps.InWidth)
                {
                    continue;
                }

                int own = geometry.IsShared ? 0 : pixel * geometry.FilterLength;
                int place = geometry.Layout == FilterLayout.TapsFirst ? (tap * maps.Groups) + group : (group * maps.Taps) + tap;
                sum += filters[own + place] * input[(((row * maps.InWidth) + column) * geometry.Channels) + c];
            }

            output[i] = sum;
        }
    }
}
