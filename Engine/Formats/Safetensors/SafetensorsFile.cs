using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Formats.Safetensors;

/// <summary>
/// The content of a safetensors file: named tensors and a map of strings. Any bytes either give a sound file or throw
/// <see cref="ModelFormatException"/> or <see cref="ModelLimitException"/>, naming the part, its byte offset, and what was found and expected.
/// </summary>
/// <remarks>
/// The format (https://huggingface.co/docs/safetensors): 8 bytes with the length of the header, the header in JSON, the data in little-endian
/// byte order. Stricter than the reference implementation: names may not repeat, and a tensor's object has no other keys.
/// Reading needs no more memory than the file's own size. An instance is immutable and may be shared by threads.
/// </remarks>
public sealed class SafetensorsFile
{
    private readonly ReadOnlyMemory<byte> _data;
    private readonly Dictionary<string, SafetensorsEntry> _byName;
    private readonly long _dataStart;

    private SafetensorsFile(SafetensorsHeader header, ReadOnlyMemory<byte> data, long dataStart)
    {
        _data = data;
        _dataStart = dataStart;
        Entries = header.Entries;
        Metadata = header.Metadata;
        _byName = new Dictionary<string, SafetensorsEntry>(header.Entries.Count, StringComparer.Ordinal);
        foreach (SafetensorsEntry entry in header.Entries)
        {
            _byName.Add(entry.Name, entry);
        }
    }

    /// <summary>The tensors, in the order of their data.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries { get; }

    /// <summary>The strings that the file carries besides its tensors.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="limits">The limits; by default <see cref="SafetensorsLimits.Default"/>.</param>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    /// <exception cref="ModelFileException">The content is not sound or beyond the limits.</exception>
    public static SafetensorsFile Load(string path, SafetensorsLimits? limits = null)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        return Read(stream, limits);
    }

    /// <summary>Reads from a stream to its end.</summary>
    /// <param name="stream">The stream; it need not be able to seek.</param>
    /// <param name="limits">The limits; by default <see cref="SafetensorsLimits.Default"/>.</param>
    /// <exception cref="ModelFileException">The content is not sound or beyond the limits.</exception>
    public static SafetensorsFile Read(Stream stream, SafetensorsLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        limits ??= SafetensorsLimits.Default;
        byte[] prefix = BoundedStream.ReadExactly(stream, SafetensorsHeader.Start, "safetensors header length", 0);
        long? rest = stream.CanSeek ? stream.Length - stream.Position : null;
        int headerBytes = HeaderLength(prefix, rest, limits);
        byte[] headerText = BoundedStream.ReadExactly(stream, headerBytes, "safetensors header", SafetensorsHeader.Start);
        SafetensorsHeader header = SafetensorsHeader.Parse(headerText, limits);
        if (rest is { } known)
        {
            header.CheckDataLength(headerBytes, known - headerBytes);
        }

        CheckDataLimit(header, limits);
        long dataStart = SafetensorsHeader.Start + headerBytes;
        byte[] data = BoundedStream.ReadExactly(stream, (int)header.DataBytes, "safetensors data", dataStart);
        BoundedStream.ExpectEnd(stream, "safetensors data", dataStart + data.Length);
        return new SafetensorsFile(header, data, dataStart);
    }

    /// <summary>Reads from bytes in memory, of which the data part is copied.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="limits">The limits; by default <see cref="SafetensorsLimits.Default"/>.</param>
    /// <exception cref="ModelFileException">The content is not sound or beyond the limits.</exception>
    public static SafetensorsFile Parse(ReadOnlySpan<byte> bytes, SafetensorsLimits? limits = null)
    {
        SafetensorsHeader header = ParseHeader(bytes, limits ?? SafetensorsLimits.Default, out int dataStart);
        return new SafetensorsFile(header, bytes[dataStart..].ToArray(), dataStart);
    }

    /// <summary>Reads from bytes in memory without copying them; they must not change while the result is in use.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="limits">The limits; by default <see cref="SafetensorsLimits.Default"/>.</param>
    /// <exception cref="ModelFileException">The content is not sound or beyond the limits.</exception>
    public static SafetensorsFile Wrap(ReadOnlyMemory<byte> bytes, SafetensorsLimits? limits = null)
    {
        SafetensorsHeader header = ParseHeader(bytes.Span, limits ?? SafetensorsLimits.Default, out int dataStart);
        return new SafetensorsFile(header, bytes[dataStart..], dataStart);
    }

    /// <summary>Whether there is a tensor of this name.</summary>
    /// <param name="name">The name.</param>
    public bool Contains(string name) => _byName.ContainsKey(name);

    /// <summary>The tensor of this name, if there is one.</summary>
    /// <param name="name">The name.</param>
    /// <param name="entry">What the header tells of it.</param>
    public bool TryFind(string name, out SafetensorsEntry entry) => _byName.TryGetValue(name, out entry!);

    /// <summary>What the header tells of a tensor.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="KeyNotFoundException">There is none of this name.</exception>
    public SafetensorsEntry Find(string name) =>
        _byName.TryGetValue(name, out SafetensorsEntry? entry)
            ? entry
            : throw new KeyNotFoundException($"The file has no tensor {FileText.Quote(name)}; it has {Entries.Count}{(Entries.Count == 0 ? string.Empty : ", the first " + FileText.Quote(Entries[0].Name))}.");

    /// <summary>The values as they stand in the file, little-endian.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="KeyNotFoundException">There is none of this name.</exception>
    public ReadOnlySpan<byte> Bytes(string name) => Bytes(Find(name));

    /// <summary>Copies a tensor of floating-point numbers; F64, F16 and BF16 are converted, F64 rounded to the nearest.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="KeyNotFoundException">There is none of this name.</exception>
    /// <exception cref="ModelFormatException">The tensor has another element type.</exception>
    public Tensor ReadTensor(string name) => Stored(Find(name)).ToTensor();

    /// <summary>Copies the values of a tensor of floating-point numbers; F64, F16 and BF16 are converted, F64 rounded to the nearest.</summary>
    /// <param name="name">The name.</param>
    /// <param name="destination">As many values as the tensor has, row-major.</param>
    /// <exception cref="KeyNotFoundException">There is none of this name.</exception>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    /// <exception cref="ModelFormatException">The tensor has another element type.</exception>
    public void CopyTo(string name, Span<float> destination) => Stored(Find(name)).CopyTo(destination);

    /// <summary>Copies a tensor in its own element type.</summary>
    /// <typeparam name="T">float, double, Half, an integer type, or bool, as the file has it; BF16 is read as ushort, BOOL also as byte.</typeparam>
    /// <param name="name">The name.</param>
    /// <exception cref="KeyNotFoundException">There is none of this name.</exception>
    /// <exception cref="ModelFormatException">The tensor has another element type, or a BOOL that is neither 0 nor 1.</exception>
    public DataArray<T> ReadArray<T>(string name)
        where T : unmanaged => Stored(Find(name)).ToArray<T>();

    /// <summary>Copies a tensor of integers or BOOL, widened to 64 bits.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="KeyNotFoundException">There is none of this name.</exception>
    /// <exception cref="ModelFormatException">The tensor has another element type, or a value beyond 2^63 − 1.</exception>
    public DataArray<long> ReadIntegers(string name) => Stored(Find(name)).ToIntegers();

    private static SafetensorsHeader ParseHeader(ReadOnlySpan<byte> bytes, SafetensorsLimits limits, out int dataStart)
    {
        if (bytes.Length < SafetensorsHeader.Start)
        {
            throw new ModelFormatException("safetensors header length", bytes.Length, $"the end of the file after {bytes.Length} bytes", "8 bytes");
        }

        int headerBytes = HeaderLength(bytes, bytes.Length - SafetensorsHeader.Start, limits);
        dataStart = SafetensorsHeader.Start + headerBytes;
        SafetensorsHeader header = SafetensorsHeader.Parse(bytes[SafetensorsHeader.Start..dataStart], limits);
        header.CheckDataLength(headerBytes, bytes.Length - dataStart);
        CheckDataLimit(header, limits);
        return header;
    }

    private static int HeaderLength(ReadOnlySpan<byte> prefix, long? rest, SafetensorsLimits limits)
    {
        ulong stated = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (rest is { } known && stated > (ulong)known)
        {
            throw new ModelFormatException("safetensors header length", 0, $"{stated}", $"at most {known}, the rest of the file");
        }

        return stated <= (ulong)limits.HeaderBytes
            ? (int)stated
            : throw new ModelLimitException("safetensors header length", 0, $"{stated}", $"at most {limits.HeaderBytes}");
    }

    private static void CheckDataLimit(SafetensorsHeader header, SafetensorsLimits limits)
    {
        long limit = Math.Min(limits.DataBytes, Array.MaxLength);
        if (header.DataBytes > limit)
        {
            throw new ModelLimitException("safetensors data", -1, $"{header.DataBytes} bytes", $"at most {limit}");
        }
    }

    private ReadOnlySpan<byte> Bytes(SafetensorsEntry entry) => _data.Span.Slice((int)entry.Begin, (int)entry.ByteCount);

    private StoredTensor Stored(SafetensorsEntry entry) =>
        new(SafetensorsEntry.PartKind, entry.Name, entry.HeaderOffset, _dataStart + entry.Begin, entry.Type, entry.Shape, Bytes(entry));
}
