using System;

namespace ManagedDyn.Tool.Imaging;

/// <summary>A picture in memory: 8 bits a channel, one channel (grey) or three (red, green, blue), rows from the top.</summary>
public sealed class PixelImage
{
    /// <summary>The largest picture read or made.</summary>
    public const long MaximumPixels = 1L << 26;

    public PixelImage(int width, int height, int channels)
        : this(width, height, channels, new byte[CheckedLength(width, height, channels)])
    {
    }

    public PixelImage(int width, int height, int channels, byte[] pixels)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        int length = CheckedLength(width, height, channels);
        if (pixels.Length != length)
        {
            throw new ArgumentException($"{pixels.Length} bytes of pixels; expected {length} for {width}x{height} with {channels} channels", nameof(pixels));
        }

        Width = width;
        Height = height;
        Channels = channels;
        Pixels = pixels;
    }

    public int Width { get; }

    public int Height { get; }

    public int Channels { get; }

    /// <summary>[Height, Width, Channels], row-major.</summary>
    public byte[] Pixels { get; }

    public ReadOnlySpan<byte> Row(int y) => Pixels.AsSpan(y * Width * Channels, Width * Channels);

    public PixelImage ToGrey()
    {
        if (Channels == 1)
        {
            return this;
        }

        PixelImage grey = new(Width, Height, 1);
        for (int i = 0; i < grey.Pixels.Length; i++)
        {
            // Luma of BT.601 in 16-bit fixed point, rounded: what image libraries mean by "convert to grey".
            int luma = (19595 * Pixels[3 * i]) + (38470 * Pixels[(3 * i) + 1]) + (7471 * Pixels[(3 * i) + 2]) + (1 << 15);
            grey.Pixels[i] = (byte)(luma >> 16);
        }

        return grey;
    }

    public PixelImage ToRgb()
    {
        if (Channels == 3)
        {
            return this;
        }

        PixelImage rgb = new(Width, Height, 3);
        for (int i = 0; i < Pixels.Length; i++)
        {
            rgb.Pixels.AsSpan(3 * i, 3).Fill(Pixels[i]);
        }

        return rgb;
    }

    public PixelImage ToChannels(int channels) => channels switch
    {
        1 => ToGrey(),
        3 => ToRgb(),
        _ => throw new ArgumentOutOfRangeException(nameof(channels), channels, "Pictures have 1 channel (grey) or 3 (RGB)."),
    };

    private static int CheckedLength(int width, int height, int channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        if (channels is not (1 or 3))
        {
            throw new ArgumentOutOfRangeException(nameof(channels), channels, "Pictures have 1 channel (grey) or 3 (RGB).");
        }

        if ((long)width * height > MaximumPixels)
        {
            throw new ArgumentOutOfRangeException(nameof(width), $"{width}x{height}", $"A picture has at most {MaximumPixels} pixels.");
        }

        return width * height * channels;
    }
}
