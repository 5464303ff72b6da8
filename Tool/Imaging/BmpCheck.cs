using System;
using System.Buffers.Binary;
using System.IO;

namespace ManagedDyn.Tool.Imaging;

/// <summary>Reads a BMP's headers and checks that its pixels are all there.</summary>
public static class BmpCheck
{
    private const int FileHeaderLength = 14;
    private const int InfoHeaderLength = 40;

    public static bool Recognizes(ReadOnlySpan<byte> file) => file.StartsWith("BM"u8);

    public static ImageHeader ReadHeader(ReadOnlySpan<byte> file)
    {
        if (file.Length < FileHeaderLength + InfoHeaderLength)
        {
            throw new InvalidDataException($"the BMP ends after {file.Length} bytes, inside its header");
        }

        uint headerLength = BinaryPrimitives.ReadUInt32LittleEndian(file[14..]);
        if (headerLength is not (40 or 56 or 108 or 124))
        {
            throw new InvalidDataException($"the BMP has a header of {headerLength} bytes; expected 40, 56, 108 or 124");
        }

        // A negative height means rows from the top.
        long height = Math.Abs((long)BinaryPrimitives.ReadInt32LittleEndian(file[22..]));
        return new ImageHeader(ImageKind.Bmp, BinaryPrimitives.ReadInt32LittleEndian(file[18..]), height);
    }

    public static void Verify(ReadOnlySpan<byte> file)
    {
        ImageHeader header = ReadHeader(file);
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(file[28..]);
        uint compression = BinaryPrimitives.ReadUInt32LittleEndian(file[30..]);
        if (bits is not (1 or 4 or 8 or 16 or 24 or 32) || compression is not (0 or 3))
        {
            throw new InvalidDataException($"the BMP has {bits} bits a pixel with compression {compression}; expected 1, 4, 8, 16, 24 or 32 bits, uncompressed");
        }

        long offset = BinaryPrimitives.ReadUInt32LittleEndian(file[10..]);
        long stride = ((header.Width * bits) + 31) / 32 * 4;
        long expected = offset + (stride * header.Height);
        if (offset < FileHeaderLength + InfoHeaderLength || file.Length < expected)
        {
            throw new InvalidDataException($"the BMP is truncated: {file.Length} bytes; expected {expected}");
        }
    }
}
