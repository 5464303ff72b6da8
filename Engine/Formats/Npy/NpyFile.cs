using System;
using System.Buffers.Binary;
using System.IO;
using System.Text;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Formats.Npy;

/// <summary>
/// Reads and writes npy, NumPy's format for one array (versions 1 to 3; numpy.lib.format): "\x93NUMPY", the version, the length of the header, the
/// header, the values. Column-major ("Fortran order") and big-endian arrays are converted; Python objects are refused. Any bytes either give a
/// sound array or throw <see cref="ModelFormatException"/> or <see cref="ModelLimitException"/>.
/// </summary>
public static class NpyFile
{
    /// <summary>How messages name an array, with its name behind.</summary>
    internal const string PartKind = "npy array ";

    private const int MagicBytes = 6;
    private const int HeaderAlignment = 64;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads a file.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="limits">The limits; by default <see cref="NpyLimits.Default"/>.</param>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    /// <exception cref="ModelFileException">The content is not sound or beyond the limits.</exception>
    public static NpyArray Load(string path, NpyLimits? limits = null)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        return Read(stream, Path.GetFileName(path), limits);
    }

    /// <summary>Reads from a stream to its end.</summary>
    /// <param name="stream">The stream; it need not be able to seek.</param>
    /// <param name="name">What messages call the file.</param>
    /// <param name="limits">The limits; by default <see cref="NpyLimits.Default"/>.</param>
    /// <exception cref="ModelFileException">The content is not sound or beyond the limits.</exception>
    public static NpyArray Read(Stream stream, string name, NpyLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        limits ??= NpyLimits.Default;
        string part = PartKind + FileText.Quote(name);
        byte[] prefix = BoundedStream.ReadExactly(stream, MagicBytes + 2, part, 0);
        if (!prefix.AsSpan().StartsWith(Magic))
        {
            throw new ModelFormatException(part, 0, Convert.ToHexString(prefix, 0, MagicBytes), $"{Convert.ToHexString(Magic)}, as npy starts");
        }

        int lengthBytes = prefix[MagicBytes] switch { 1 => sizeof(ushort), 2 or 3 => sizeof(uint), _ => 0 };
        if (lengthBytes == 0 || prefix[MagicBytes + 1] != 0)
        {
            throw new ModelFormatException(part, MagicBytes, $"version {prefix[MagicBytes]}.{prefix[MagicBytes + 1]}", "1.0, 2.0 or 3.0");
        }

        byte[] length = BoundedStream.ReadExactly(stream, lengthBytes, part, prefix.Length);
        uint headerBytes = lengthBytes == sizeof(ushort) ? BinaryPrimitives.ReadUInt16LittleEndian(length) : BinaryPrimitives.ReadUInt32LittleEndian(length);
        if (headerBytes > limits.HeaderBytes)
        {
            throw new ModelLimitException(part, prefix.Length, $"a header of {headerBytes} bytes", $"at most {limits.HeaderBytes}");
        }

        int start = prefix.Length + lengthBytes;
        byte[] text = BoundedStream.ReadExactly(stream, (int)headerBytes, part, start);
        NpyHeader header = NpyHeader.Parse(text, part, start);
        return new NpyArray(name, header.Type, header.Shape, ReadValues(stream, header, part, start + text.Length, limits));
    }

    /// <summary>Reads from bytes in memory.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What messages call the file.</param>
    /// <param name="limits">The limits; by default <see cref="NpyLimits.Default"/>.</param>
    /// <exception cref="ModelFileException">The content is not sound or beyond the limits.</exception>
    public static NpyArray Parse(byte[] bytes, string name = "", NpyLimits? limits = null)
    {
        using MemoryStream stream = new(bytes, writable: false);
        return Read(stream, name, limits);
    }

    /// <summary>Writes a tensor to a file, whose path holds the old content or the new one whole, whatever happens.</summary>
    /// <param name="path">The path.</param>
    /// <param name="tensor">The values.</param>
    public static void Save(string path, Tensor tensor) => AtomicFile.Write(path, stream => Write<float>(stream, tensor.Shape, tensor.Span));

    /// <summary>Writes an array to a file, whose path holds the old content or the new one whole, whatever happens.</summary>
    /// <typeparam name="T">float, double, Half, an integer type, or bool.</typeparam>
    /// <param name="path">The path.</param>
    /// <param name="array">The values.</param>
    public static void Save<T>(string path, DataArray<T> array)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(array);
        AtomicFile.Write(path, stream => Write<T>(stream, array.Shape, array.Values));
    }

    /// <summary>Writes an array.</summary>
    /// <typeparam name="T">float, double, Half, an integer type, or bool.</typeparam>
    /// <param name="stream">Where to.</param>
    /// <param name="shape">The extents.</param>
    /// <param name="values">Row-major, as many as the shape has elements.</param>
    /// <exception cref="ArgumentException">The type has no counterpart, or the number of values is wrong.</exception>
    public static void Write<T>(Stream stream, Shape shape, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!ElementTypes.TryTypeOf<T>(out ElementType type))
        {
            throw new ArgumentException($"Element type {typeof(T).Name} has no counterpart in an npy file.", nameof(values));
        }

        if (values.Length != shape.Count)
        {
            throw new ArgumentException($"{values.Length} values were given for shape {shape}; expected {shape.Count}.", nameof(values));
        }

        StringBuilder text = new();
        text.Append("{'descr': '").Append(Encoding.ASCII.GetString(NpyHeader.NameOf(type))).Append("', 'fortran_order': False, 'shape': (");
        for (int i = 0; i < shape.Rank; i++)
        {
            text.Append(i == 0 ? string.Empty : " ").Append(shape[i]).Append(',');
        }

        if (shape.Rank > 1)
        {
            text.Length--;
        }

        text.Append("), }");
        int prefix = MagicBytes + 2 + sizeof(ushort);
        int padding = HeaderAlignment - ((prefix + text.Length + 1) % HeaderAlignment);
        text.Append(' ', padding % HeaderAlignment).Append('\n');
        Span<byte> version = [1, 0, 0, 0];
        BinaryPrimitives.WriteUInt16LittleEndian(version[2..], (ushort)text.Length);
        stream.Write(Magic);
        stream.Write(version);
        stream.Write(Encoding.ASCII.GetBytes(text.ToString()));
        byte[] bytes = new byte[checked(values.Length * ElementTypes.SizeOf(type))];
        LittleEndian.Write(values, bytes);
        stream.Write(bytes);
    }

    private static byte[] ReadValues(Stream stream, NpyHeader header, string part, int start, NpyLimits limits)
    {
        int size = ElementTypes.SizeOf(header.Type);
        long dataBytes = (long)header.Shape.Count * size;
        if (dataBytes > Math.Min(limits.DataBytes, Array.MaxLength))
        {
            throw new ModelLimitException(part, -1, $"{dataBytes} bytes of values", $"at most {limits.DataBytes}");
        }

        byte[] bytes = BoundedStream.ReadExactly(stream, (int)dataBytes, part, start);
        BoundedStream.ExpectEnd(stream, part, start + dataBytes);
        if (header.IsBigEndian)
        {
            LittleEndian.Reverse(bytes, size);
        }

        if (header.IsFortranOrder && header.Shape.Rank > 1)
        {
            bytes = ToRowMajor(bytes, header.Shape, size);
        }

        return bytes;
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
