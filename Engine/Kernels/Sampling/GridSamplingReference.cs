using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Sampling;

/// <summary>Reading a map along a grid by its formula, value by value, in any precision: what the kernel is tested against.</summary>
internal static class GridSamplingReference
{
    public static void Forward<T>(
        ReadOnlySpan<T> input, int height, int width, ReadOnlySpan<T> grid, ResizeMode mode, GridPadding padding, bool alignCorners, Span<T> output)
        where T : IFloatingPointIeee754<T>
    {
        int channels = input.Length / (height * width);
        for (int i = 0; i < output.Length; i++)
        {
            int c = i % channels;
            T x = Place(grid[2 * (i / channels)], width, alignCorners);
            T y = Place(grid[(2 * (i / channels)) + 1], height, alignCorners);
            if (mode != ResizeMode.Bicubic)
            {
                x = Inside(x, width, padding, alignCorners);
                y = Inside(y, height, padding, alignCorners);
            }

            int firstX = FirstOf(x, mode);
            int firstY = FirstOf(y, mode);
            int taps = ResizeAxis.Taps(mode);
            T sum = T.Zero;
            for (int tap = 0; tap < taps * taps; tap++)
            {
                int row = firstY + (tap / taps);
                int column = firstX + (tap % taps);
                T weight = Weight(y - T.CreateChecked(row), mode) * Weight(x - T.CreateChecked(column), mode);
                if (mode == ResizeMode.Bicubic && padding != GridPadding.Zeros)
                {
                    row = int.CreateChecked(Inside(T.CreateChecked(row), height, padding, alignCorners));
                    column = int.CreateChecked(Inside(T.CreateChecked(column), width, padding, alignCorners));
                }

                bool isInside = row >= 0 && column >= 0 && row < height && column < width;
                sum += isInside ? weight * input[(((row * width) + column) * channels) + c] : T.Zero;
            }

            output[i] = sum;
        }
    }

    private static T Place<T>(T coordinate, int extent, bool alignCorners)
        where T : IFloatingPointIeee754<T>
    {
        T half = T.CreateChecked(0.5);
        return alignCorners ? (coordinate + T.One) * half * T.CreateChecked(extent - 1) : (((coordinate + T.One) * T.CreateChecked(extent)) - T.One) * half;
    }

    // Mirrored back and forth until it is inside, then clamped.
    private static T Inside<T>(T place, int extent, GridPadding padding, bool alignCorners)
        where T : IFloatingPointIeee754<T>
    {
        if (padding == GridPadding.Zeros)
        {
            return place;
        }

        T low = alignCorners ? T.Zero : T.CreateChecked(-0.5);
        T high = low + T.CreateChecked(alignCorners ? extent - 1 : extent);
        while (padding == GridPadding.Reflection && high > low && (place < low || place > high))
        {
            place = place < low ? low + low - place : high + high - place;
        }

        return T.Clamp(place, T.Zero, T.CreateChecked(extent - 1));
    }

    private static int FirstOf<T>(T place, ResizeMode mode)
        where T : IFloatingPointIeee754<T> => mode switch
        {
            ResizeMode.Nearest => int.CreateChecked(T.Round(place, MidpointRounding.ToEven)),
            ResizeMode.Bilinear => int.CreateChecked(T.Floor(place)),
            _ => int.CreateChecked(T.Floor(place)) - 1,
        };

    // By the distance of a pixel.
    private static T Weight<T>(T distance, ResizeMode mode)
        where T : IFloatingPointIeee754<T>
    {
        T d = T.Abs(distance);
        T a = T.CreateChecked(-0.75);
        return mode switch
        {
            ResizeMode.Nearest => T.One,
            ResizeMode.Bilinear => T.One - d,
            _ when d <= T.One => ((((a + T.CreateChecked(2)) * d) - (a + T.CreateChecked(3))) * d * d) + T.One,
            _ => a * (((((d - T.CreateChecked(5)) * d) + T.CreateChecked(8)) * d) - T.CreateChecked(4)),
        };
    }
}
