using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Formats.Npy;

/// <summary>Gathers named arrays and writes them as an npz file. The same content gives the same bytes: names are sorted and dates are fixed.</summary>
public sealed class NpzWriter
{
    // The first date that a zip file can hold.
    private static readonly DateTimeOffset FixedDate = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly SortedDictionary<string, byte[]> _entries = new(StringComparer.Ordinal);

    /// <summary>Adds a copy of a tensor as F32.</summary>
    /// <param name="name">Its name, used once.</param>
    /// <param name="tensor">The values.</param>
    /// <exception cref="ArgumentException">The name is taken, empty or not plain.</exception>
    public void Add(string name, Tensor tensor) => Add<float>(name, tensor.Shape, tensor.Span);

    /// <summary>Adds a copy of an array in its own element type.</summary>
    /// <typeparam name="T">float, double, Half, an integer type, or bool.</typeparam>
    /// <param name="name">Its name, used once.</param>
    /// <param name="array">The values.</param>
    /// <exception cref="ArgumentException">The name is taken, empty or not plain; or the type has no counterpart.</exception>
    public void Add<T>(string name, DataArray<T> array)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(array);
        Add<T>(name, array.Shape, array.Values);
    }

    /// <summary>Adds a copy of values in their own element type.</summary>
    /// <typeparam name="T">float, double, Half, an integer type, or bool.</typeparam>
    /// <param name="name">Its name, used once: no part of it between slashes is empty, "." or "..".</param>
    /// <param name="shape">The extents.</param>
    /// <param name="values">Row-major, as many as the shape has elements.</param>
    /// <exception cref="ArgumentException">The name is taken, empty or not plain; the type has no counterpart; or the number of values is wrong.</exception>
    public void Add<T>(string name, Shape shape, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(name);
        if (_entries.ContainsKey(name) || !NpzFile.IsPlain(name) || name.Length > NpyLimits.Default.NameLength - NpzFile.Extension.Length)
        {
            throw new ArgumentException($"The array name {FileText.Quote(name)} is taken or not plain; expected a new one.", nameof(name));
        }

        using MemoryStream stream = new();
        NpyFile.Write(stream, shape, values);
        _entries.Add(name, stream.ToArray());
    }

    /// <summary>Writes the file so that its path holds the old content or the new one whole, whatever happens.</summary>
    /// <param name="path">The path.</param>
    /// <param name="compression">How hard to pack; by default not at all.</param>
    public void Save(string path, CompressionLevel compression = CompressionLevel.NoCompression) => AtomicFile.Write(path, stream => Write(stream, compression));

    /// <summary>Writes the file's bytes.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="compression">How hard to pack; by default not at all.</param>
    public void Write(Stream stream, CompressionLevel compression = CompressionLevel.NoCompression)
    {
        using ZipArchive archive = new(stream, ZipArchiveMode.Create, leaveOpen: true);
        foreach ((string name, byte[] bytes) in _entries)
        {
            ZipArchiveEntry entry = archive.CreateEntry(name + NpzFile.Extension, compression);
            entry.LastWriteTime = FixedDate;
            using Stream content = entry.Open();
            content.Write(bytes);
        }
    }
}
