using System;
using System.Buffers.Binary;
using System.IO;
using System.IO.Compression;
using System.Text;

namespace ManagedDyn.Tool.Imaging;

/// <summary>
/// Reads a PNG's structure without decoding it: chunk lengths, checksums, the header and the length of the inflated data, so
/// that a damaged, truncated or exploding file is refused before a decoder allocates for it.
/// </summary>
public static class PngCheck
{
    private const int SignatureLength = 8;
    private const int ChunkOverhead = 12;

    private static readonly (int X, int Y, int StepX, int StepY)[] InterlacePasses =
    [
        (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
    ];

    public static bool Recognizes(ReadOnlySpan<byte> file)
        => file.StartsWith<byte>([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);

    public static ImageHeader ReadHeader(ReadOnlySpan<byte> file)
    {
        if (file.Length < SignatureLength + ChunkOverhead + 13)
        {
            throw new InvalidDataException($"the PNG ends after {file.Length} bytes, inside its header");
        }

        int length = BinaryPrimitives.ReadInt32BigEndian(file[SignatureLength..]);
        if (length != 13 || !file[12..].StartsWith("IHDR"u8))
        {
            throw new InvalidDataException("the PNG does not begin with an IHDR chunk of 13 bytes");
        }

        return new ImageHeader(
            ImageKind.Png, BinaryPrimitives.ReadUInt32BigEndian(file[16..]), BinaryPrimitives.ReadUInt32BigEndian(file[20..]));
    }

    public static void Verify(ReadOnlySpan<byte> file)
    {
        ImageHeader header = ReadHeader(file);
        ReadOnlySpan<byte> ihdr = file.Slice(16, 13);
        int bitsPerPixel = BitsPerPixel(ihdr[9], ihdr[8]);
        if (ihdr[10] != 0 || ihdr[11] != 0 || ihdr[12] > 1)
        {
            throw new InvalidDataException($"the PNG names compression {ihdr[10]}, filter method {ihdr[11]}, interlace {ihdr[12]}; expected 0, 0 and 0 or 1");
        }

        using MemoryStream compressed = new();
        bool hasPalette = false;
        bool ended = false;
        for (int at = SignatureLength; !ended;)
        {
            ReadOnlySpan<byte> type = ReadChunk(file, at, out ReadOnlySpan<byte> data);
            ended = type.SequenceEqual("IEND"u8);
            if (type.SequenceEqual("IDAT"u8))
            {
                compressed.Write(data);
            }
            else if (type.SequenceEqual("PLTE"u8))
            {
                hasPalette = data.Length is > 0 and <= 768 && data.Length % 3 == 0;
            }

            at += ChunkOverhead + data.Length;
        }

        if (ihdr[9] == 3 && !hasPalette)
        {
            throw new InvalidDataException("the PNG has palette colours and no valid PLTE chunk");
        }

        compressed.Position = 0;
        VerifyInflatedLength(compressed, InflatedLength(header, bitsPerPixel, ihdr[12] == 1));
    }

    private static ReadOnlySpan<byte> ReadChunk(ReadOnlySpan<byte> file, int at, out ReadOnlySpan<byte> data)
    {
        if (file.Length - at < ChunkOverhead)
        {
            throw new InvalidDataException($"the PNG is truncated: it ends at byte {file.Length} and no IEND chunk came");
        }

        uint length = BinaryPrimitives.ReadUInt32BigEndian(file[at..]);
        ReadOnlySpan<byte> type = file.Slice(at + 4, 4);
        if (length > (uint)(file.Length - at - ChunkOverhead))
        {
            throw new InvalidDataException($"the PNG is truncated: the chunk at byte {at} wants {length} bytes and {file.Length - at - ChunkOverhead} are there");
        }

        data = file.Slice(at + 8, (int)length);
        uint stored = BinaryPrimitives.ReadUInt32BigEndian(file[(at + 8 + (int)length)..]);
        uint computed = Crc32.Compute(type, data);
        if (stored != computed)
        {
            throw new InvalidDataException($"the PNG is damaged: the chunk at byte {at} has checksum {stored:x8} and its content gives {computed:x8}");
        }

        return type;
    }

    private static int BitsPerPixel(int colourType, int depth)
    {
        int channels = colourType switch { 0 or 3 => 1, 2 => 3, 4 => 2, 6 => 4, _ => 0 };
        bool depthFits = colourType switch
        {
            0 => depth is 1 or 2 or 4 or 8 or 16,
            3 => depth is 1 or 2 or 4 or 8,
            _ => depth is 8 or 16,
        };
        if (channels == 0 || !depthFits)
        {
            throw new InvalidDataException($"the PNG names colour type {colourType} with {depth} bits, a pair that PNG does not have");
        }

        return channels * depth;
    }

    private static long InflatedLength(ImageHeader header, int bitsPerPixel, bool interlaced)
    {
        if (!interlaced)
        {
            return RowsLength(header.Width, header.Height, bitsPerPixel);
        }

        long length = 0;
        foreach ((int x, int y, int stepX, int stepY) in InterlacePasses)
        {
            long width = (header.Width - x + stepX - 1) / stepX;
            long height = (header.Height - y + stepY - 1) / stepY;
            length += width > 0 && height > 0 ? RowsLength(width, height, bitsPerPixel) : 0;
        }

        return length;
    }

    private static long RowsLength(long width, long height, int bitsPerPixel) => height * (1 + (((width * bitsPerPixel) + 7) / 8));

    private static void VerifyInflatedLength(Stream compressed, long expected)
    {
        using ZLibStream zlib = new(compressed, CompressionMode.Decompress);
        byte[] buffer = new byte[1 << 16];
        long found = 0;
        while (found <= expected && zlib.Read(buffer) is var count && count > 0)
        {
            found += count;
        }

        if (found != expected)
        {
            string more = found > expected ? "more than " : string.Empty;
            throw new InvalidDataException(
                new StringBuilder("the PNG holds ").Append(more).Append(found).Append(" bytes of pixels; expected ").Append(expected).ToString());
        }
    }
}
