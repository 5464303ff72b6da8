using System;
using System.Buffers.Binary;
using System.IO;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Formats.Npy;

/// <summary>
/// Reads an npy array from first to last value without holding it (<see cref="NpyFile"/> reads it whole). Row-major order asks for no memory but
/// the caller's; the rows of a column-major array lie scattered over the file, so such an array is held, within <see cref="NpyLimits.DataBytes"/>.
/// </summary>
public sealed class NpyReader
{
    internal const int MagicBytes = 6;

    private readonly Stream _stream;
    private readonly NpyLimits _limits;
    private readonly string _name;
    private readonly string _part;
    private readonly int _start;
    private readonly bool _isBigEndian;
    private readonly bool _isColumnMajor;
    private byte[] _whole = [];
    private byte[] _scratch = [];
    private long _position;

    /// <summary>Reads the header.</summary>
    /// <param name="stream">The stream; it need not be able to seek, and stays the caller's.</param>
    /// <param name="name">What messages call the file.</param>
    /// <param name="limits">The limits; by default <see cref="NpyLimits.Default"/>.</param>
    /// <exception cref="ModelFileException">The header is not sound or beyond the limits.</exception>
    public NpyReader(Stream stream, string name, NpyLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _stream = stream;
        _limits = limits ?? NpyLimits.Default;
        _name = name;
        _part = NpyFile.PartKind + FileText.Quote(name);
        byte[] prefix = BoundedStream.ReadExactly(stream, MagicBytes + 2, _part, 0);
        if (!prefix.AsSpan().StartsWith(Magic))
        {
            throw new ModelFormatException(_part, 0, Convert.ToHexString(prefix, 0, MagicBytes), $"{Convert.ToHexString(Magic)}, as npy starts");
        }

        int lengthBytes = prefix[MagicBytes] switch { 1 => sizeof(ushort), 2 or 3 => sizeof(uint), _ => 0 };
        if (lengthBytes == 0 || prefix[MagicBytes + 1] != 0)
        {
            throw new ModelFormatException(_part, MagicBytes, $"version {prefix[MagicBytes]}.{prefix[MagicBytes + 1]}", "1.0, 2.0 or 3.0");
        }

        byte[] length = BoundedStream.ReadExactly(stream, lengthBytes, _part, prefix.Length);
        uint headerBytes = lengthBytes == sizeof(ushort) ? BinaryPrimitives.ReadUInt16LittleEndian(length) : BinaryPrimitives.ReadUInt32LittleEndian(length);
        if (headerBytes > _limits.HeaderBytes)
        {
            throw new ModelLimitException(_part, prefix.Length, $"a header of {headerBytes} bytes", $"at most {_limits.HeaderBytes}");
        }

        int textStart = prefix.Length + lengthBytes;
        byte[] text = BoundedStream.ReadExactly(stream, (int)headerBytes, _part, textStart);
        NpyHeader header = NpyHeader.Parse(text, _part, textStart);
        _start = textStart + text.Length;
        _isBigEndian = header.IsBigEndian;
        _isColumnMajor = header.IsFortranOrder && header.Shape.Rank > 1;
        Type = header.Type;
        Shape = header.Shape;
    }

    /// <summary>The element type.</summary>
    public ElementType Type { get; }

    /// <summary>The extents.</summary>
    public Shape Shape { get; }

    internal static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    private long DataBytes => (long)Shape.Count * ElementTypes.SizeOf(Type);

    /// <summary>Reads the next values in their own type, little-endian.</summary>
    /// <param name="values">Gets the bytes of a whole number of values, at most as many as are left.</param>
    /// <exception cref="ArgumentException">A value would be cut, or fewer are left.</exception>
    /// <exception cref="ModelFileException">The stream ends earlier, or a column-major array is beyond the limit.</exception>
    public void Read(Span<byte> values)
    {
        int size = ElementTypes.SizeOf(Type);
        if (values.Length % size != 0 || values.Length > DataBytes - _position)
        {
            throw new ArgumentException($"{values.Length} bytes were asked for; expected a multiple of {size} and at most {DataBytes - _position}, as {_part} has left.", nameof(values));
        }

        if (_isColumnMajor)
        {
            if (_whole.Length == 0)
            {
                _whole = ReadAll();
            }

            _whole.AsSpan((int)_position, values.Length).CopyTo(values);
        }
        else
        {
            int count = _stream.ReadAtLeast(values, values.Length, throwOnEndOfStream: false);
            if (count < values.Length)
            {
                long there = _position + count;
                throw new ModelFormatException(_part, _start + there, $"the end of the file after {there} bytes of values", $"{DataBytes} bytes");
            }

            Order(values);
        }

        _position += values.Length;
    }

    /// <summary>Reads the next floating-point numbers; F64 and F16 are converted, F64 rounded to the nearest.</summary>
    /// <param name="values">Gets the numbers, at most as many as are left.</param>
    /// <exception cref="ArgumentException">Fewer are left.</exception>
    /// <exception cref="ModelFileException">The array has another element type, the stream ends earlier, or a column-major array is beyond the limit.</exception>
    public void ReadSingles(Span<float> values)
    {
        int length = checked(values.Length * ElementTypes.SizeOf(Type));
        if (_scratch.Length < length)
        {
            _scratch = new byte[length];
        }

        Span<byte> bytes = _scratch.AsSpan(0, length);
        Read(bytes);
        new StoredTensor(NpyFile.PartKind, _name, -1, -1, Type, new Shape(values.Length), bytes).CopyTo(values);
    }

    /// <summary>Checks that nothing stands behind the last value; to be called when all have been read.</summary>
    /// <exception cref="ModelFormatException">There is at least one more byte.</exception>
    public void ExpectEnd()
    {
        if (!_isColumnMajor)
        {
            BoundedStream.ExpectEnd(_stream, _part, _start + DataBytes);
        }
    }

    /// <summary>All values from the first on, and the end of the stream.</summary>
    internal byte[] ReadAll()
    {
        if (DataBytes > Math.Min(_limits.DataBytes, Array.MaxLength))
        {
            throw new ModelLimitException(_part, -1, $"{DataBytes} bytes of values", $"at most {_limits.DataBytes}");
        }

        byte[] bytes = BoundedStream.ReadExactly(_stream, (int)DataBytes, _part, _start);
        BoundedStream.ExpectEnd(_stream, _part, _start + DataBytes);
        Order(bytes);
        return _isColumnMajor ? ToRowMajor(bytes, Shape, ElementTypes.SizeOf(Type)) : bytes;
    }

    private void Order(Span<byte> bytes)
    {
        if (_isBigEndian)
        {
            LittleEndian.Reverse(bytes, ElementTypes.SizeOf(Type));
        }
    }

    private static byte[] ToRowMajor(byte[] source, Shape shape, int size)
    {
        byte[] result = new byte[source.Length];
        Span<int> index = stackalloc int[shape.Rank];
        index.Clear();
        for (int at = 0; at < source.Length; at += size)
        {
            int target = 0;
            for (int i = 0; i < index.Length; i++)
            {
                target = (target * shape[i]) + index[i];
            }

            source.AsSpan(at, size).CopyTo(result.AsSpan(target * size));
            for (int i = 0; i < index.Length && ++index[i] == shape[i]; i++)
            {
                index[i] = 0;
            }
        }

        return result;
    }
}
