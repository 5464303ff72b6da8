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

    private const int HeaderAlignment = 64;

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
        NpyReader reader = new(stream, name, limits);
        return new NpyArray(name, reader.Type, reader.Shape, reader.ReadAll());
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
        int prefix = NpyReader.MagicBytes + 2 + sizeof(ushort);
        int padding = HeaderAlignment - ((prefix + text.Length + 1) % HeaderAlignment);
        text.Append(' ', padding % HeaderAlignment).Append('\n');
        Span<byte> version = [1, 0, 0, 0];
        BinaryPrimitives.WriteUInt16LittleEndian(version[2..], (ushort)text.Length);
        stream.Write(NpyReader.Magic);
        stream.Write(version);
        stream.Write(Encoding.ASCII.GetBytes(text.ToString()));
        byte[] bytes = new byte[checked(values.Length * ElementTypes.SizeOf(type))];
        LittleEndian.Write(values, bytes);
        stream.Write(bytes);
    }
}
