using System;
using System.Buffers.Binary;
using System.IO;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// Reads an IDX file item by item, so that a file of any number of images takes the memory of one (<see cref="IdxFile"/> reads it whole, and
/// describes the format). An item is what the first extent counts: one image, one label.
/// </summary>
public sealed class IdxReader : IDisposable
{
    internal const int UnsignedByte = 0x08;
    internal const int PrefixBytes = 4;

    private readonly Stream _stream;
    private readonly string _name;
    private readonly int _start;
    private long _position;

    /// <summary>Opens a file, plain or packed with gzip.</summary>
    /// <param name="path">The path.</param>
    /// <exception cref="ModelFileException">The header is not sound.</exception>
    public IdxReader(string path)
        : this(DatasetFiles.OpenRead(path), Path.GetFileName(path))
    {
    }

    /// <summary>Reads the header.</summary>
    /// <param name="stream">Unpacked content; the reader disposes of it.</param>
    /// <param name="name">What messages call the file.</param>
    /// <param name="maximumItemBytes">The most memory that one item may take.</param>
    /// <exception cref="ModelFileException">The header is not sound, or an item beyond the limit.</exception>
    public IdxReader(Stream stream, string name, int maximumItemBytes = int.MaxValue - 4096)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _stream = stream;
        _name = name;
        try
        {
            (Count, ItemShape) = ReadHeader(maximumItemBytes);
            _start = PrefixBytes + ((ItemShape.Rank + 1) * sizeof(uint));
        }
        catch (InvalidDataException exception)
        {
            stream.Dispose();
            throw DatasetFiles.Damaged(name, exception);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>The number of items, the first extent.</summary>
    public int Count { get; }

    /// <summary>The other extents.</summary>
    public Shape ItemShape { get; }

    private long TotalBytes => (long)Count * ItemShape.Count;

    /// <summary>Reads the next item.</summary>
    /// <param name="item">Gets its bytes, as many as <see cref="ItemShape"/> has elements.</param>
    /// <returns>Whether there was one; if not, the file has ended where it should.</returns>
    /// <exception cref="ArgumentException">The item has another length.</exception>
    /// <exception cref="ModelFormatException">The file ends earlier or later than its header says, or the packing is damaged.</exception>
    public bool TryRead(Span<byte> item)
    {
        if (item.Length != ItemShape.Count)
        {
            throw new ArgumentException($"There is room for {item.Length} bytes; expected {ItemShape.Count}, one item {ItemShape}.", nameof(item));
        }

        try
        {
            if (_position == TotalBytes)
            {
                BoundedStream.ExpectEnd(_stream, _name, _start + _position);
                return false;
            }

            int count = _stream.ReadAtLeast(item, item.Length, throwOnEndOfStream: false);
            _position += count;
            return count == item.Length
                ? true
                : throw new ModelFormatException(_name, _start + _position, $"the end of the file after {_position} values", $"{TotalBytes} values");
        }
        catch (InvalidDataException exception)
        {
            throw DatasetFiles.Damaged(_name, exception);
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _stream.Dispose();

    /// <summary>All items, from the first on, and the end of the file.</summary>
    internal DataArray<byte> ReadAll(int maximumBytes)
    {
        if (TotalBytes > maximumBytes)
        {
            throw new ModelLimitException(_name, PrefixBytes, $"{Count} items {ItemShape}, {TotalBytes} values", $"at most {maximumBytes} values");
        }

        Span<int> extents = stackalloc int[ItemShape.Rank + 1];
        extents[0] = Count;
        for (int i = 0; i < ItemShape.Rank; i++)
        {
            extents[i + 1] = ItemShape[i];
        }

        try
        {
            byte[] values = BoundedStream.ReadExactly(_stream, (int)TotalBytes, _name, _start);
            BoundedStream.ExpectEnd(_stream, _name, _start + (long)values.Length);
            return new DataArray<byte>(new Shape(extents), values);
        }
        catch (InvalidDataException exception)
        {
            throw DatasetFiles.Damaged(_name, exception);
        }
    }

    private (int Count, Shape ItemShape) ReadHeader(int maximumItemBytes)
    {
        byte[] prefix = BoundedStream.ReadExactly(_stream, PrefixBytes, _name, 0);
        if (prefix[0] != 0 || prefix[1] != 0)
        {
            throw new ModelFormatException(_name, 0, $"bytes 0x{prefix[0]:x2} 0x{prefix[1]:x2}", "two zero bytes, as IDX starts");
        }

        if (prefix[2] != UnsignedByte)
        {
            throw new ModelFormatException(_name, 2, $"element type 0x{prefix[2]:x2}", "0x08, unsigned bytes");
        }

        int rank = prefix[3];
        if (rank is < 1 or > Shape.MaximumRank)
        {
            throw new ModelFormatException(_name, 3, $"rank {rank}", $"1 to {Shape.MaximumRank}");
        }

        byte[] header = BoundedStream.ReadExactly(_stream, rank * sizeof(uint), _name, PrefixBytes);
        Span<int> extents = stackalloc int[rank];
        long size = 1;
        for (int i = 0; i < rank; i++)
        {
            int offset = i * sizeof(uint);
            uint extent = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(offset));

            // Below 2^31 each, so a product that was below the limit before cannot leave 64 bits.
            if (extent > int.MaxValue || (i > 0 && (size *= extent) > maximumItemBytes))
            {
                throw new ModelLimitException(_name, PrefixBytes + offset, $"extent {extent}, which makes more than {maximumItemBytes} values", $"at most {maximumItemBytes} values");
            }

            extents[i] = (int)extent;
        }

        return (extents[0], new Shape(extents[1..]));
    }
}
