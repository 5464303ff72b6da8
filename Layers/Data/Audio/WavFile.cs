using System;
using System.Buffers.Binary;
using System.IO;
using ManagedDyn.Engine.Formats;

namespace ManagedDyn.Layers.Data.Audio;

/// <summary>
/// Reads WAV files: PCM of 8 (unsigned), 16, 24 or 32 bits and floating point of 32 or 64, of up to <see cref="MostChannels"/> channels, whose mean is taken. Integers
/// are divided by half their range. Files are hostile until proven sound: sizes are checked against what there is, and nothing is taken on trust.
/// </summary>
public static class WavFile
{
    /// <summary>The most channels.</summary>
    public const int MostChannels = 64;

    private const int PlainPcm = 1;
    private const int Floating = 3;
    private const int Extensible = 0xFFFE;
    private const int HeaderBytes = 12;
    private const int FormatBytes = 16;
    private const int ExtensibleBytes = 40;
    private const int MostChunks = 4096;
    private const long MostBytes = 1 << 28;
    private const string Expected = "a WAV file of PCM or floating-point samples";

    // What writers of streams give as a size that they do not know.
    private const uint Unknown = uint.MaxValue;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The path.</param>
    /// <exception cref="ModelFileException">It is no sound WAV file of a known format, or beyond the limits; the message says where.</exception>
    public static Recording Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        return Read(stream, Path.GetFileName(path));
    }

    /// <summary>Reads a stream to its end, or to the end of its samples.</summary>
    /// <param name="stream">The content.</param>
    /// <param name="name">What messages call it.</param>
    /// <exception cref="ModelFileException">It is no sound WAV file of a known format, or beyond the limits; the message says where.</exception>
    public static Recording Read(Stream stream, string name)
    {
        ArgumentNullException.ThrowIfNull(stream);
        byte[] header = BoundedStream.ReadExactly(stream, HeaderBytes, name, 0);
        if (!header.AsSpan(0, 4).SequenceEqual("RIFF"u8) || !header.AsSpan(8, 4).SequenceEqual("WAVE"u8))
        {
            throw new ModelFormatException(name, 0, FileText.Quote(System.Text.Encoding.Latin1.GetString(header)), Expected);
        }

        long position = HeaderBytes;
        WavFormat? format = null;
        for (int chunk = 0; chunk < MostChunks; chunk++)
        {
            byte[] head = BoundedStream.ReadExactly(stream, 8, name, position);
            position += head.Length;
            uint size = BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(4));
            if (head.AsSpan(0, 4).SequenceEqual("data"u8))
            {
                return format is { } known
                    ? new Recording(known.Rate, known.Decode(ReadData(stream, size, known, name, position), name, position))
                    : throw new ModelFormatException(name, position, "samples without a format before them", Expected);
            }

            if (size > MostBytes)
            {
                throw new ModelLimitException(name, position, $"a chunk of {size} bytes", $"at most {MostBytes}");
            }

            if (head.AsSpan(0, 4).SequenceEqual("fmt "u8))
            {
                format = ReadFormat(BoundedStream.ReadExactly(stream, (int)size, name, position), name, position);
            }
            else
            {
                Skip(stream, size, name, position);
            }

            // Chunks begin at even places.
            Skip(stream, size & 1, name, position + size);
            position += size + (size & 1);
        }

        throw new ModelLimitException(name, position, "more than 4096 chunks", "samples among the first");
    }

    private static WavFormat ReadFormat(ReadOnlySpan<byte> bytes, string name, long position)
    {
        if (bytes.Length < FormatBytes)
        {
            throw new ModelFormatException(name, position, $"a format of {bytes.Length} bytes", $"at least {FormatBytes}");
        }

        int tag = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        int channels = BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]);
        uint rate = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        int block = BinaryPrimitives.ReadUInt16LittleEndian(bytes[12..]);
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(bytes[14..]);
        if (tag == Extensible)
        {
            // The format proper is the beginning of an identifier.
            tag = bytes.Length >= ExtensibleBytes ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[24..]) : -1;
        }

        bool isKnown = tag == PlainPcm ? bits is 8 or 16 or 24 or 32 : tag == Floating && bits is 32 or 64;
        if (!isKnown || (tag != PlainPcm && tag != Floating))
        {
            throw new ModelFormatException(name, position, $"format {tag} of {bits} bits", "PCM of 8, 16, 24 or 32 bits, or floating point of 32 or 64");
        }

        if (channels is < 1 or > MostChannels || rate is < 1 or > Recording.HighestRate)
        {
            throw new ModelFormatException(name, position, $"{channels} channels at {rate} samples a second", $"1 to {MostChannels} channels and 1 to {Recording.HighestRate} samples a second");
        }

        return block == channels * bits / 8
            ? new WavFormat((int)rate, channels, bits, tag == Floating)
            : throw new ModelFormatException(name, position, $"blocks of {block} bytes for {channels} channels of {bits} bits", $"{channels * bits / 8} bytes");
    }

    private static byte[] ReadData(Stream stream, uint size, in WavFormat format, string name, long position)
    {
        // A writer that did not know the size has left it open: then the samples end with the file.
        if (size is Unknown or 0 || size > MostBytes)
        {
            if (size is not (Unknown or 0))
            {
                throw new ModelLimitException(name, position, $"{size} bytes of samples", $"at most {MostBytes}");
            }

            using MemoryStream rest = new();
            byte[] buffer = new byte[1 << 16];
            int count;
            while ((count = stream.Read(buffer)) > 0)
            {
                rest.Write(buffer, 0, count);
                if (rest.Length > MostBytes)
                {
                    throw new ModelLimitException(name, position, $"more than {MostBytes} bytes of samples", $"at most {MostBytes}");
                }
            }

            return rest.ToArray();
        }

        return size % format.BlockBytes == 0
            ? BoundedStream.ReadExactly(stream, (int)size, name, position)
            : throw new ModelFormatException(name, position, $"{size} bytes of samples", $"a multiple of {format.BlockBytes}");
    }

    private static void Skip(Stream stream, uint size, string name, long position)
    {
        Span<byte> buffer = stackalloc byte[512];
        while (size > 0)
        {
            int count = stream.Read(buffer[..(int)Math.Min(size, (uint)buffer.Length)]);
            if (count == 0)
            {
                throw new ModelFormatException(name, position, "the end of the file within a chunk", "a whole chunk");
            }

            size -= (uint)count;
        }
    }
}
