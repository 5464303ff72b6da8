using System;
using System.IO;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Layers.Data;

namespace ManagedDyn.Tool.Imaging;

/// <summary>Lends the tool's picture reader to data sets of image files.</summary>
public sealed class ImageFileDecoder : IImageDecoder
{
    public DecodedImage Decode(ReadOnlySpan<byte> file)
    {
        try
        {
            PixelImage image = ImageReader.Decode(file.ToArray());
            return new DecodedImage(image.Height, image.Width, image.Channels, image.Pixels);
        }
        catch (InvalidDataException e)
        {
            throw new ModelFormatException(ToolException.Reason(e), e);
        }
    }
}
