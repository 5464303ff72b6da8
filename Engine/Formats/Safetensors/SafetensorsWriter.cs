using System;
using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Formats.Safetensors;

/// <summary>
/// Gathers tensors and strings and writes them as a safetensors file. The same content gives the same bytes, in whatever order it was added:
/// tensors of larger elements come first, then by name, so that each is aligned to its element size; metadata goes by key; the header is
/// padded with spaces to a multiple of 8 bytes.
/// </summary>
public sealed class SafetensorsWriter
{
    private const int HeaderAlignment = 8;

    private readonly SortedDictionary<string, string> _metadata = new(StringComparer.Ordinal);
    private readonly List<Item> _items = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>Sets a string of the metadata.</summary>
    /// <param name="key">The key; a second value for it replaces the first.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="ArgumentException">Key or value is no valid Unicode text, or the key too long.</exception>
    public void SetMetadata(string key, string value)
    {
        CheckText(key, nameof(key), SafetensorsLimits.Default.NameBytes);
        CheckText(value, nameof(value), int.MaxValue);
        _metadata[key] = value;
    }

    /// <summary>Adds a copy of a tensor as F32.</summary>
    /// <param name="name">Its name, used once.</param>
    /// <param name="tensor">The values.</param>
    /// <exception cref="ArgumentException">The name is taken, reserved, empty, too long or no valid Unicode text.</exception>
    public void Add(string name, Tensor tensor) => Add<float>(name, tensor.Shape, tensor.Span);

    /// <summary>Adds a copy of an array in its own element type.</summary>
    /// <typeparam name="T">float, double, Half, an integer type, or bool.</typeparam>
    /// <param name="name">Its name, used once.</param>
    /// <param name="array">The values.</param>
    /// <exception cref="ArgumentException">The name is taken, reserved, empty, too long or no valid Unicode text; or the type has no counterpart.</exception>
    public void Add<T>(string name, DataArray<T> array)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(array);
        Add<T>(name, array.Shape, array.Values);
    }

    /// <summary>Adds a copy of values in their own element type.</summary>
    /// <typeparam name="T">float, double, Half, an integer type, or bool.</typeparam>
    /// <param name="name">Its name, used once.</param>
    /// <param name="shape">The extents.</param>
    /// <param name="values">Row-major, as many as the shape has elements.</param>
    /// <exception cref="ArgumentException">
    /// The name is taken, reserved, empty, too long or no valid Unicode text; the type has no counterpart; or the number of values is wrong.
    /// </exception>
    public void Add<T>(string name, Shape shape, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        CheckText(name, nameof(name), SafetensorsLimits.Default.NameBytes);
        if (name.Length == 0 || name == SafetensorsHeader.MetadataKey || _names.Contains(name))
        {
            throw new ArgumentException($"The tensor name {FileText.Quote(name)} is {(name.Length == 0 ? "empty" : _names.Contains(name) ? "taken" : "reserved")}; expected a new one.", nameof(name));
        }

        if (!ElementTypes.TryTypeOf<T>(out ElementType type))
        {
            throw new ArgumentException($"Element type {typeof(T).Name} has no counterpart in a safetensors file; expected one of {ElementTypes.Names}.", nameof(values));
        }

        if (values.Length != shape.Count)
        {
            throw new ArgumentException($"{values.Length} values were given for shape {shape}; expected {shape.Count}.", nameof(values));
        }

        byte[] bytes = new byte[checked(values.Length * ElementTypes.SizeOf(type))];
        LittleEndian.Write(values, bytes);
        _names.Add(name);
        _items.Add(new Item(name, type, shape, bytes));
    }

    /// <summary>Writes the file so that its path holds the old content or the new one whole, whatever happens.</summary>
    /// <param name="path">The path.</param>
    /// <exception cref="IOException">The file cannot be written; what was there is unchanged.</exception>
    public void Save(string path) => AtomicFile.Write(path, Write);

    /// <summary>Writes the file's bytes.</summary>
    /// <param name="stream">Where to.</param>
    public void Write(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _items.Sort(static (left, right) =>
        {
            int order = ElementTypes.SizeOf(right.Type).CompareTo(ElementTypes.SizeOf(left.Type));
            return order != 0 ? order : string.CompareOrdinal(left.Name, right.Name);
        });
        ArrayBufferWriter<byte> header = Header();
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.WrittenCount);
        stream.Write(length);
        stream.Write(header.WrittenSpan);
        foreach (Item item in _items)
        {
            stream.Write(item.Bytes);
        }
    }

    /// <summary>The file's bytes.</summary>
    public byte[] ToArray()
    {
        using MemoryStream stream = new();
        Write(stream);
        return stream.ToArray();
    }

    private ArrayBufferWriter<byte> Header()
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (_metadata.Count > 0)
            {
                json.WriteStartObject(SafetensorsHeader.MetadataKey);
                foreach (KeyValuePair<string, string> pair in _metadata)
                {
                    json.WriteString(pair.Key, pair.Value);
                }

                json.WriteEndObject();
            }

            long begin = 0;
            foreach (Item item in _items)
            {
                WriteEntry(json, item, begin);
                begin += item.Bytes.Length;
            }

            json.WriteEndObject();
        }

        int padding = (HeaderAlignment - (buffer.WrittenCount % HeaderAlignment)) % HeaderAlignment;
        buffer.GetSpan(padding)[..padding].Fill((byte)' ');
        buffer.Advance(padding);
        return buffer;
    }

    private static void WriteEntry(Utf8JsonWriter json, Item item, long begin)
    {
        json.WriteStartObject(item.Name);
        json.WriteString("dtype"u8, ElementTypes.NameOf(item.Type));
        json.WriteStartArray("shape"u8);
        for (int i = 0; i < item.Shape.Rank; i++)
        {
            json.WriteNumberValue(item.Shape[i]);
        }

        json.WriteEndArray();
        json.WriteStartArray("data_offsets"u8);
        json.WriteNumberValue(begin);
        json.WriteNumberValue(begin + item.Bytes.Length);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void CheckText(string text, string parameter, int maximumBytes)
    {
        ArgumentNullException.ThrowIfNull(text, parameter);
        int bytes;
        try
        {
            bytes = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetByteCount(text);
        }
        catch (EncoderFallbackException exception)
        {
            throw new ArgumentException($"The text {FileText.Quote(text)} has half of a surrogate pair; expected valid Unicode.", parameter, exception);
        }

        // An escaped character takes up to 6 bytes and the reader's limit counts the escaped form.
        int escaped = JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text).Length;
        if (Math.Max(bytes, escaped) > maximumBytes)
        {
            throw new ArgumentException($"The text {FileText.Quote(text)} takes {Math.Max(bytes, escaped)} bytes; expected at most {maximumBytes}.", parameter);
        }
    }

    private readonly record struct Item(string Name, ElementType Type, Shape Shape, byte[] Bytes);
}
