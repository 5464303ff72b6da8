using System;
using System.Buffers.Binary;
using System.IO;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// Reads IDX, the format of MNIST: two zero bytes, the element type, the rank, each extent in 4 bytes (most significant first), the values.
/// Only unsigned bytes are read, which is all that images and labels need.
/// </summary>
public static class IdxFile
{
    private const int UnsignedByte = 0x08;
    private const int PrefixBytes = 4;

    /// <summary>Reads a file, plain or packed with gzip.</summary>
    /// <param name="path">The path.</param>
    /// <param name="maximumBytes">The most memory that the values may take.</param>
    /// <exception cref="ModelFileException">The content is not sound or beyond the limit.</exception>
    public static DataArray<byte> Load(string path, int maximumBytes = int.MaxValue - 4096)
    {
        using Stream stream = DatasetFiles.OpenRead(path);
        return Read(stream, Path.GetFileName(path), maximumBytes);
    }

    /// <summary>Reads a stream of unpacked content to its end.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="name">What messages call the file.</param>
    /// <param name="maximumBytes">The most memory that the values may take.</param>
    /// <exception cref="ModelFileException">The content is not sound or beyond the limit.</exception>
    public static DataArray<byte> Read(Stream stream, string name, int maximumBytes = int.MaxValue - 4096)
    {
        ArgumentNullException.ThrowIfNull(stream);
        try
        {
            return ReadUnpacked(stream, name, maximumBytes);
        }
        catch (InvalidDataException exception)
        {
            throw DatasetFiles.Damaged(name, exception);
        }
    }

    /// <summary>Whether a file starts as IDX does, and its rank.</summary>
    internal static bool Recognise(string path, out int rank)
    {
        byte[] start = DatasetFiles.Peek(path, PrefixBytes);
        rank = start.Length == PrefixBytes && start[0] == 0 && start[1] == 0 && start[2] is >= UnsignedByte and <= 0x0e ? start[3] : 0;
        return rank is >= 1 and <= Shape.MaximumRank;
    }

    private static DataArray<byte> ReadUnpacked(Stream stream, string name, int maximumBytes)
    {
        byte[] prefix = BoundedStream.ReadExactly(stream, PrefixBytes, name, 0);
        if (prefix[0] != 0 || prefix[1] != 0)
        {
            throw new ModelFormatException(name, 0, $"bytes 0x{prefix[0]:x2} 0x{prefix[1]:x2}", "two zero bytes, as IDX starts");
        }

        if (prefix[2] != UnsignedByte)
        {
            throw new ModelFormatException(name, 2, $"element type 0x{prefix[2]:x2}", "0x08, unsigned bytes");
        }

        int rank = prefix[3];
        if (rank is < 1 or > Shape.MaximumRank)
        {
            throw new ModelFormatException(name, 3, $"rank {rank}", $"1 to {Shape.MaximumRank}");
        }

        byte[] header = BoundedStream.ReadExactly(stream, rank * sizeof(uint), name, PrefixBytes);
        Span<int> extents = stackalloc int[rank];
        long count = 1;
        bool empty = false;
        for (int i = 0; i < rank; i++)
        {
            int offset = i * sizeof(uint);
            uint extent = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(offset));

            // Below 2^31 each, so a product that was below the limit before cannot leave 64 bits.
            if (extent > int.MaxValue || (count *= extent) > maximumBytes)
            {
                throw new ModelLimitException(name, PrefixBytes + offset, $"extent {extent}, which makes more than {maximumBytes} values", $"at most {maximumBytes} values");
            }

            extents[i] = (int)extent;
            empty |= extent == 0;
        }

        int start = PrefixBytes + header.Length;
        byte[] values = BoundedStream.ReadExactly(stream, empty ? 0 : (int)count, name, start);
        BoundedStream.ExpectEnd(stream, name, start + (long)values.Length);
        return new DataArray<byte>(new Shape(extents), values);
    }
}
