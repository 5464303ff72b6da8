using System;
using System.Buffers.Binary;
using System.IO;

namespace ManagedDyn.Tool.Imaging;

/// <summary>
/// Walks a JPEG's segments without decoding it: finds its size, that it reaches its end marker, and that its data are no less than such a size takes at least and come in
/// no more scans than a picture has, as a decoder spends memory on the size and time on each scan.
/// </summary>
public static class JpegCheck
{
    private const byte StartOfScan = 0xDA;
    private const byte EndOfImage = 0xD9;
    private const int MostScans = 100;
    private const int BlockSide = 8;

    public static bool Recognizes(ReadOnlySpan<byte> file) => file.StartsWith<byte>([0xFF, 0xD8, 0xFF]);

    /// <summary>Verifies the whole segment chain and returns the frame's size.</summary>
    public static ImageHeader Verify(ReadOnlySpan<byte> file)
    {
        ImageHeader? frame = null;
        long least = 0;
        long coded = 0;
        int scans = 0;
        int at = 2;
        while (true)
        {
            byte marker = NextMarker(file, ref at);
            if (marker == EndOfImage)
            {
                ImageHeader whole = frame ?? throw new InvalidDataException("the JPEG has no frame header");
                return coded >= least ? whole : throw new InvalidDataException($"the JPEG has {coded} bytes of pixels; {whole.Width}x{whole.Height} take {least} at least");
            }

            if (marker is 0x01 or (>= 0xD0 and <= 0xD8))
            {
                continue;
            }

            ReadOnlySpan<byte> segment = ReadSegment(file, ref at, marker);
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
            {
                if (frame is not null)
                {
                    throw new InvalidDataException("the JPEG has two frame headers");
                }

                ImageHeader header = ReadFrame(segment, marker);
                least = LeastBytes(segment, header);
                frame = header;
            }
            else if (marker == StartOfScan)
            {
                if (frame is null)
                {
                    throw new InvalidDataException("the JPEG has pixels before its frame header");
                }

                if (++scans > MostScans)
                {
                    throw new InvalidDataException($"the JPEG has more than {MostScans} scans; expected at most so many");
                }

                int start = at;
                SkipEntropyCodedData(file, ref at);
                coded += at - start;
            }
        }
    }

    private static byte NextMarker(ReadOnlySpan<byte> file, ref int at)
    {
        if (at < file.Length && file[at] != 0xFF)
        {
            throw new InvalidDataException($"the JPEG is damaged: byte {at} is {file[at]:x2}; expected a marker (ff)");
        }

        while (at < file.Length && file[at] == 0xFF)
        {
            at++;
        }

        return at < file.Length ? file[at++] : throw Truncated(file);
    }

    private static ReadOnlySpan<byte> ReadSegment(ReadOnlySpan<byte> file, ref int at, byte marker)
    {
        if (file.Length - at < 2)
        {
            throw Truncated(file);
        }

        int length = BinaryPrimitives.ReadUInt16BigEndian(file[at..]);
        if (length < 2)
        {
            throw new InvalidDataException($"the JPEG is damaged: segment {marker:x2} at byte {at} has length {length}");
        }

        if (length > file.Length - at)
        {
            throw Truncated(file);
        }

        ReadOnlySpan<byte> segment = file.Slice(at + 2, length - 2);
        at += length;
        return segment;
    }

    private static ImageHeader ReadFrame(ReadOnlySpan<byte> segment, byte marker)
    {
        if (marker is not (0xC0 or 0xC1 or 0xC2))
        {
            throw new InvalidDataException($"the JPEG uses coding {marker:x2}; expected baseline (c0, c1) or progressive (c2)");
        }

        if (segment.Length < 6 || segment.Length < 6 + (3 * segment[5]))
        {
            throw new InvalidDataException("the JPEG is damaged: its frame header is too short");
        }

        if (segment[0] != 8 || segment[5] is not (1 or 3 or 4))
        {
            throw new InvalidDataException($"the JPEG has {segment[5]} channels of {segment[0]} bits; expected 1, 3 or 4 channels of 8 bits");
        }

        return new ImageHeader(
            ImageKind.Jpeg, BinaryPrimitives.ReadUInt16BigEndian(segment[3..]), BinaryPrimitives.ReadUInt16BigEndian(segment[1..]));
    }

    // Each block of each component takes one bit or more: the code of its mean.
    private static long LeastBytes(ReadOnlySpan<byte> segment, ImageHeader frame)
    {
        (int most, int mostDown) = (1, 1);
        for (int i = 0; i < segment[5]; i++)
        {
            int factors = segment[7 + (3 * i)];
            if ((factors >> 4) is < 1 or > 4 || (factors & 15) is < 1 or > 4)
            {
                throw new InvalidDataException($"the JPEG is damaged: a component is sampled {factors >> 4}x{factors & 15}; expected 1 to 4 each way");
            }

            most = Math.Max(most, factors >> 4);
            mostDown = Math.Max(mostDown, factors & 15);
        }

        long blocks = 0;
        for (int i = 0; i < segment[5]; i++)
        {
            int factors = segment[7 + (3 * i)];
            long columns = ((frame.Width * (factors >> 4)) + (BlockSide * most) - 1) / (BlockSide * most);
            long rows = ((frame.Height * (factors & 15)) + (BlockSide * mostDown) - 1) / (BlockSide * mostDown);
            blocks += columns * rows;
        }

        return blocks / 8;
    }

    /// <summary>Inside coded data ff is followed by 00 (a literal ff) or a restart marker; anything else ends the data.</summary>
    private static void SkipEntropyCodedData(ReadOnlySpan<byte> file, ref int at)
    {
        while (true)
        {
            int step = file[at..].IndexOf((byte)0xFF);
            if (step < 0 || at + step + 1 >= file.Length)
            {
                throw Truncated(file);
            }

            at += step;
            byte next = file[at + 1];
            if (next is not (0x00 or (>= 0xD0 and <= 0xD7)))
            {
                return;
            }

            at += 2;
        }
    }

    private static InvalidDataException Truncated(ReadOnlySpan<byte> file)
        => new($"the JPEG is truncated: it ends at byte {file.Length} and no end marker came");
}
