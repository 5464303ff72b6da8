using System;

namespace ManagedDyn.Layers.Data;

/// <summary>An image as bytes, [height, width, channels].</summary>
public sealed class DecodedImage
{
    /// <summary>Makes an image.</summary>
    /// <param name="height">The height in pixels, at least 1.</param>
    /// <param name="width">The width in pixels, at least 1.</param>
    /// <param name="channels">1 for grey, 3 for red, green and blue.</param>
    /// <param name="pixels">Row by row, pixel by pixel; not copied.</param>
    /// <exception cref="ArgumentException">The number of bytes does not fit.</exception>
    public DecodedImage(int height, int width, int channels, byte[] pixels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentNullException.ThrowIfNull(pixels);
        if (channels is not (1 or 3))
        {
            throw new ArgumentOutOfRangeException(nameof(channels), channels, $"An image has {channels} channels; expected 1 or 3.");
        }

        if (pixels.Length != (long)height * width * channels)
        {
            throw new ArgumentException($"{pixels.Length} bytes were given for an image [{height}, {width}, {channels}]; expected {(long)height * width * channels}.", nameof(pixels));
        }

        Height = height;
        Width = width;
        Channels = channels;
        Pixels = pixels;
    }

    /// <summary>The height in pixels.</summary>
    public int Height { get; }

    /// <summary>The width in pixels.</summary>
    public int Width { get; }

    /// <summary>1 for grey, 3 for red, green and blue.</summary>
    public int Channels { get; }

    /// <summary>The values, [height, width, channels].</summary>
    public byte[] Pixels { get; }
}
