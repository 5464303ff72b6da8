using System;
using System.Buffers.Binary;
using System.IO;
using System.IO.Compression;

namespace ManagedDyn.Tool.Imaging;

/// <summary>Writes pictures as PNG: 8 bits, grey or RGB, one filter a row chosen by the smallest sum of absolute differences.</summary>
public static class PngWriter
{
    private const int FilterCount = 5;

    public static byte[] Encode(PixelImage image)
    {
        using MemoryStream stream = new();
        Write(stream, image);
        return stream.ToArray();
    }

    public static void Write(Stream stream, PixelImage image)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(image);
        stream.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, image.Width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], image.Height);
        header[8] = 8;
        header[9] = image.Channels == 1 ? (byte)0 : (byte)2;
        header[10..].Clear();
        WriteChunk(stream, "IHDR"u8, header);
        WriteChunk(stream, "IDAT"u8, Compress(image));
        WriteChunk(stream, "IEND"u8, []);
    }

    private static ReadOnlySpan<byte> Compress(PixelImage image)
    {
        MemoryStream compressed = new();
        using (ZLibStream zlib = new(compressed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            int rowLength = image.Width * image.Channels;
            byte[] zeros = new byte[rowLength];
            byte[] best = new byte[rowLength + 1];
            byte[] candidate = new byte[rowLength + 1];
            for (int y = 0; y < image.Height; y++)
            {
                ReadOnlySpan<byte> above = y == 0 ? zeros : image.Row(y - 1);
                long bestSum = long.MaxValue;
                for (int filter = 0; filter < FilterCount; filter++)
                {
                    long sum = Filter(filter, image.Row(y), above, image.Channels, candidate);
                    if (sum < bestSum)
                    {
                        bestSum = sum;
                        (best, candidate) = (candidate, best);
                    }
                }

                zlib.Write(best);
            }
        }

        return compressed.GetBuffer().AsSpan(0, (int)compressed.Length);
    }

    private static long Filter(int filter, ReadOnlySpan<byte> row, ReadOnlySpan<byte> above, int channels, Span<byte> output)
    {
        output[0] = (byte)filter;
        long sum = 0;
        for (int i = 0; i < row.Length; i++)
        {
            int left = i < channels ? 0 : row[i - channels];
            int corner = i < channels ? 0 : above[i - channels];
            int prediction = filter switch
            {
                0 => 0,
                1 => left,
                2 => above[i],
                3 => (left + above[i]) / 2,
                _ => Paeth(left, above[i], corner),
            };
            byte difference = (byte)(row[i] - prediction);
            output[i + 1] = difference;
            sum += Math.Abs((int)(sbyte)difference);
        }

        return sum;
    }

    private static int Paeth(int left, int above, int corner)
    {
        int estimate = left + above - corner;
        int toLeft = Math.Abs(estimate - left);
        int toAbove = Math.Abs(estimate - above);
        int toCorner = Math.Abs(estimate - corner);
        return toLeft <= toAbove && toLeft <= toCorner ? left : toAbove <= toCorner ? above : corner;
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
