using System;
using System.IO;
using ManagedDyn.Tool.Files;
using StbImageSharp;

namespace ManagedDyn.Tool.Imaging;

/// <summary>
/// Reads PNG, JPEG and BMP. The file's own structure is verified first (size, checksums, end, length of the data), so that a
/// hostile or broken file fails with one clear line and before memory is spent on it. Transparency is laid over white.
/// </summary>
public static class ImageReader
{
    public const long MaximumFileLength = 256L << 20;

    /// <summary>Whether a file is named as a picture that can be read is.</summary>
    /// <param name="path">Its path.</param>
    public static bool IsNamedSo(string path) => Path.GetExtension(path).ToUpperInvariant() is ".PNG" or ".JPG" or ".JPEG" or ".BMP";

    public static PixelImage Read(string path)
    {
        byte[] file = InputFile.ReadAllBytes(path, MaximumFileLength, "a PNG, JPEG or BMP picture");
        try
        {
            return Decode(file);
        }
        catch (InvalidDataException e)
        {
            throw new ToolException($"cannot read the picture '{path}': {ToolException.Reason(e)}", e);
        }
    }

    public static bool Recognizes(ReadOnlySpan<byte> file)
        => PngCheck.Recognizes(file) || JpegCheck.Recognizes(file) || BmpCheck.Recognizes(file);

    /// <exception cref="InvalidDataException">The bytes are no picture, or a broken or too large one.</exception>
    public static PixelImage Decode(byte[] file)
    {
        ArgumentNullException.ThrowIfNull(file);
        ImageHeader header = ReadHeader(file);
        if (header.Width < 1 || header.Height < 1)
        {
            throw new InvalidDataException($"the picture is {header.Width}x{header.Height} pixels; expected at least 1x1");
        }

        if (header.Width > PixelImage.MaximumPixels / header.Height)
        {
            throw new InvalidDataException($"the picture is {header.Width}x{header.Height} pixels; at most {PixelImage.MaximumPixels} pixels are read");
        }

        if (header.Kind == ImageKind.Png)
        {
            PngCheck.Verify(file);
        }
        else if (header.Kind == ImageKind.Bmp)
        {
            BmpCheck.Verify(file);
        }

        return Convert(DecodePixels(file), header);
    }

    private static ImageHeader ReadHeader(byte[] file)
    {
        if (PngCheck.Recognizes(file))
        {
            return PngCheck.ReadHeader(file);
        }

        if (JpegCheck.Recognizes(file))
        {
            return JpegCheck.Verify(file);
        }

        return BmpCheck.Recognizes(file)
            ? BmpCheck.ReadHeader(file)
            : throw new InvalidDataException($"the file is {FileSniffer.Describe(file)}; expected PNG, JPEG or BMP");
    }

    private static ImageResult DecodePixels(byte[] file)
    {
        try
        {
            return ImageResult.FromMemory(file, ColorComponents.Default);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The decoder reports all that it cannot read by exceptions of several types.
            throw new InvalidDataException($"the picture cannot be decoded ({ToolException.Reason(e)})", e);
        }
    }

    private static PixelImage Convert(ImageResult result, ImageHeader header)
    {
        if (result.Width != header.Width || result.Height != header.Height)
        {
            throw new InvalidDataException($"the picture decodes to {result.Width}x{result.Height}; its header says {header.Width}x{header.Height}");
        }

        int stored = (int)result.Comp;
        int channels = stored <= 2 ? 1 : 3;
        byte[] data = result.Data;
        if (stored == channels)
        {
            return new PixelImage(result.Width, result.Height, channels, data);
        }

        PixelImage image = new(result.Width, result.Height, channels);
        for (int i = 0; i < result.Width * result.Height; i++)
        {
            int alpha = data[(i * stored) + channels];
            for (int c = 0; c < channels; c++)
            {
                int value = (data[(i * stored) + c] * alpha) + (255 * (255 - alpha));
                image.Pixels[(i * channels) + c] = (byte)((value + 127) / 255);
            }
        }

        return image;
    }
}
