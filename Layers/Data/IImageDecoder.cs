using System;

namespace ManagedDyn.Layers.Data;

/// <summary>Reads an image file such as PNG or JPEG. The library has no decoder of its own: the program that uses it brings one.</summary>
public interface IImageDecoder
{
    /// <summary>Decodes a file's bytes.</summary>
    /// <param name="file">The whole file.</param>
    /// <returns>The image.</returns>
    /// <exception cref="Engine.Formats.ModelFileException">The bytes are no image that can be read.</exception>
    DecodedImage Decode(ReadOnlySpan<byte> file);
}
