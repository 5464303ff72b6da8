using System;
using System.Buffers.Binary;
using System.IO;
using System.IO.Compression;
using ManagedDyn.Tool.Imaging;
using Xunit;

namespace ManagedDyn.Tests.Tool.Imaging;

public sealed class PngRoundTripTests
{
    [Fact]
    public void KnownChecksum() => Assert.Equal(0xCBF43926u, Crc32.Compute("1234"u8, "56789"u8));

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 1, 3)]
    [InlineData(7, 5, 1)]
    [InlineData(33, 64, 3)]
    [InlineData(300, 3, 3)]
    public void PixelsComeBack(int width, int height, int channels)
    {
        const int Seed = 20261;
        Random random = new(Seed + (width * 31) + height);
        PixelImage noise = new(width, height, channels);
        random.NextBytes(noise.Pixels);
        PixelImage smooth = new(width, height, channels);
        for (int i = 0; i < smooth.Pixels.Length; i++)
        {
            smooth.Pixels[i] = (byte)(i / channels % width * 3);
        }

        foreach (PixelImage image in new[] { noise, smooth })
        {
            PixelImage back = ImageReader.Decode(PngWriter.Encode(image));
            Assert.Equal((width, height, channels), (back.Width, back.Height, back.Channels));
            Assert.Equal(image.Pixels, back.Pixels);
        }
    }

    [Fact]
    public void SmoothPicturesAreSmallerThanTheirPixels()
    {
        PixelImage image = new(128, 128, 1);
        for (int i = 0; i < image.Pixels.Length; i++)
        {
            image.Pixels[i] = (byte)((i % 128) + (i / 128));
        }

        Assert.InRange(PngWriter.Encode(image).Length, 60, 600);
    }

    [Fact]
    public void EveryTruncationIsRefusedWithOneLine()
    {
        byte[] file = PngWriter.Encode(new PixelImage(9, 4, 3));
        for (int length = 0; length < file.Length; length++)
        {
            InvalidDataException e = Assert.Throws<InvalidDataException>(() => ImageReader.Decode(file[..length]));
            Assert.DoesNotContain('\n', e.Message);
        }
    }

    [Fact]
    public void EveryFlippedBitIsRefusedOrHarmless()
    {
        PixelImage image = new(5, 3, 1);
        byte[] file = PngWriter.Encode(image);
        for (int bit = 0; bit < 8 * file.Length; bit++)
        {
            byte[] altered = (byte[])file.Clone();
            altered[bit / 8] ^= (byte)(1 << (bit % 8));

            // A checksum covers every chunk; what lies outside them is the signature and the lengths.
            Assert.Throws<InvalidDataException>(() => ImageReader.Decode(altered));
        }
    }

    [Fact]
    public void HugeAndEmptySizesAreRefusedBeforeDecoding()
    {
        foreach ((uint width, uint height) in new[] { (0u, 4u), (4u, 0u), (65535u, 65535u), (uint.MaxValue, uint.MaxValue) })
        {
            InvalidDataException e = Assert.Throws<InvalidDataException>(() => ImageReader.Decode(WithSize(width, height)));
            Assert.Contains($"{width}x{height}", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void DataThatInflatesBeyondThePictureIsRefused()
    {
        byte[] file = PngWriter.Encode(new PixelImage(1, 1, 1));
        using MemoryStream bomb = new();
        using (ZLibStream zlib = new(bomb, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            zlib.Write(new byte[50_000_000]);
        }

        using MemoryStream forged = new();
        forged.Write(file.AsSpan(0, 33));
        WriteChunk(forged, "IDAT"u8, bomb.ToArray());
        WriteChunk(forged, "IEND"u8, []);
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => ImageReader.Decode(forged.ToArray()));
        Assert.Contains("expected 2", e.Message, StringComparison.Ordinal);
    }

    private static byte[] WithSize(uint width, uint height)
    {
        byte[] file = PngWriter.Encode(new PixelImage(1, 1, 1));
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(16), width);
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(20), height);
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(29), Crc32.Compute(file.AsSpan(12, 4), file.AsSpan(16, 13)));
        return file;
    }

    private static void WriteChunk(Stream stream, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> word = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(word, data.Length);
        stream.Write(word);
        stream.Write(type);
        stream.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(word, Crc32.Compute(type, data));
        stream.Write(word);
    }
}
