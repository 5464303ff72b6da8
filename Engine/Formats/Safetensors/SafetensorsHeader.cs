using System;
using System.Collections.Generic;
using System.Text.Json;
using System.Text.Unicode;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Formats.Safetensors;

/// <summary>
/// Reads the JSON header. All that a header can claim is checked here, before any memory is taken for the data: every tensor's shape fits its
/// bytes, and the tensors cover the data part from its first byte to its last, each byte once.
/// </summary>
internal ref struct SafetensorsHeader
{
    /// <summary>Where the header starts in a file: behind its own length.</summary>
    internal const int Start = sizeof(ulong);

    /// <summary>The key that holds strings instead of a tensor.</summary>
    internal const string MetadataKey = "__metadata__";

    private const string Part = "safetensors header";

    // The header, a tensor's object, its lists: 3 levels. A little more, so that one level too much is reported as what it is.
    private const int MaximumDepth = 8;

    private readonly SafetensorsLimits _limits;
    private Utf8JsonReader _reader;

    private SafetensorsHeader(ReadOnlySpan<byte> header, SafetensorsLimits limits)
    {
        _limits = limits;
        _reader = new Utf8JsonReader(header, new JsonReaderOptions { MaxDepth = MaximumDepth });
        Metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        Entries = [];
    }

    /// <summary>The string map of the header.</summary>
    internal Dictionary<string, string> Metadata { get; }

    /// <summary>The tensors, by their place in the data part.</summary>
    internal List<SafetensorsEntry> Entries { get; }

    /// <summary>The number of bytes that all tensors take.</summary>
    internal readonly long DataBytes => Entries.Count == 0 ? 0 : Entries[^1].End;

    private readonly long Offset => Start + _reader.TokenStartIndex;

    /// <summary>Reads a header.</summary>
    /// <param name="header">Its bytes.</param>
    /// <param name="limits">The limits.</param>
    internal static SafetensorsHeader Parse(ReadOnlySpan<byte> header, SafetensorsLimits limits)
    {
        if (header.Length == 0 || header[0] != (byte)'{')
        {
            throw new ModelFormatException(Part, Start, header.Length == 0 ? "no byte" : $"byte 0x{header[0]:x2}", "'{' (0x7b)");
        }

        if (!Utf8.IsValid(header))
        {
            throw new ModelFormatException(Part, Start, "bytes that are not UTF-8", "JSON in UTF-8");
        }

        SafetensorsHeader result = new(header, limits);
        try
        {
            result.ReadTop();
        }
        catch (JsonException exception)
        {
            throw new ModelFormatException(Part, Start + result._reader.BytesConsumed, "malformed JSON", "a JSON object of tensors: " + exception.Message, exception);
        }

        result.CheckCover();
        return result;
    }

    /// <summary>Checks that the data part is as long as the tensors say.</summary>
    /// <param name="headerBytes">The header's length.</param>
    /// <param name="dataBytes">How long the data part is.</param>
    internal readonly void CheckDataLength(int headerBytes, long dataBytes)
    {
        if (dataBytes != DataBytes)
        {
            string last = Entries.Count == 0 ? "there is no tensor" : $"the last tensor, {FileText.Quote(Entries[^1].Name)}, ends there";
            throw new ModelFormatException("safetensors data", Start + headerBytes + Math.Min(dataBytes, DataBytes), $"{dataBytes} bytes of data", $"{DataBytes} ({last})");
        }
    }

    private void ReadTop()
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        _reader.Read();
        while (ReadInObject())
        {
            long offset = Offset;
            string name = ReadName(names);
            _reader.Read();
            if (name == MetadataKey)
            {
                ReadMetadata();
            }
            else
            {
                if (Entries.Count == _limits.Entries)
                {
                    throw Beyond("tensors", Entries.Count + 1L, _limits.Entries, offset);
                }

                Entries.Add(ReadEntry(name, offset));
            }
        }

        // A second value behind the first is an error of the JSON reader.
        _reader.Read();
    }

    private void ReadMetadata()
    {
        Expect(JsonTokenType.StartObject, "an object of strings as " + MetadataKey);
        HashSet<string> keys = new(StringComparer.Ordinal);
        while (ReadInObject())
        {
            long offset = Offset;
            string key = ReadName(keys);
            if (keys.Count > _limits.Entries)
            {
                throw Beyond("metadata entries", keys.Count, _limits.Entries, offset);
            }

            _reader.Read();
            Expect(JsonTokenType.String, "a string as the value of metadata ", key);
            Metadata.Add(key, ReadString());
        }
    }

    private SafetensorsEntry ReadEntry(string name, long offset)
    {
        Expect(JsonTokenType.StartObject, "an object with dtype, shape and data_offsets for tensor ", name);
        ElementType? type = null;
        Shape? shape = null;
        long begin = -1;
        long end = -1;
        while (ReadInObject())
        {
            if (_reader.ValueTextEquals("dtype"u8) && type is null)
            {
                type = ReadType(name);
            }
            else if (_reader.ValueTextEquals("shape"u8) && shape is null)
            {
                shape = ReadShape(name);
            }
            else if (_reader.ValueTextEquals("data_offsets"u8) && begin < 0)
            {
                (begin, end) = ReadOffsets(name);
            }
            else
            {
                throw new ModelFormatException(PartOf(name), Offset, $"the key {FileText.Quote(_reader.ValueSpan)}", "dtype, shape and data_offsets, each once");
            }
        }

        if (type is not { } knownType || shape is not { } knownShape || begin < 0)
        {
            string missing = type is null ? "dtype" : shape is null ? "shape" : "data_offsets";
            throw new ModelFormatException(PartOf(name), offset, $"no {missing}", "dtype, shape and data_offsets");
        }

        long byteCount = (long)knownShape.Count * ElementTypes.SizeOf(knownType);
        if (end - begin != byteCount)
        {
            throw new ModelFormatException(PartOf(name), offset, $"data_offsets [{begin}, {end}], {end - begin} bytes", $"{byteCount} bytes for {knownType} {knownShape}");
        }

        return new SafetensorsEntry(name, knownType, knownShape, begin, byteCount, offset);
    }

    private ElementType ReadType(string name)
    {
        _reader.Read();
        Expect(JsonTokenType.String, "a string as dtype");
        return ElementTypes.TryParse(_reader.ValueSpan, out ElementType type)
            ? type
            : throw new ModelFormatException(PartOf(name), Offset, $"element type {FileText.Quote(_reader.ValueSpan)}", ElementTypes.Names);
    }

    private Shape ReadShape(string name)
    {
        long start = ReadListStart("shape");
        Span<int> extents = stackalloc int[Shape.MaximumRank];
        int rank = 0;
        long count = 1;
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
        {
            long extent = ReadInteger(name, "an extent");
            if (rank == Shape.MaximumRank)
            {
                throw Beyond("dimensions of tensor " + FileText.Quote(name), rank + 1, Shape.MaximumRank, start);
            }

            if (extent > int.MaxValue)
            {
                throw Beyond("as an extent of tensor " + FileText.Quote(name), extent, int.MaxValue, Offset);
            }

            extents[rank++] = (int)extent;
            count = count > int.MaxValue && extent > 0 ? count : count * extent;
        }

        return count <= int.MaxValue
            ? new Shape(extents[..rank])
            : throw Beyond("elements of tensor " + FileText.Quote(name), count, int.MaxValue, start);
    }

    private (long Begin, long End) ReadOffsets(string name)
    {
        long start = ReadListStart("data_offsets");
        Span<long> offsets = stackalloc long[2];
        int count = 0;
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
        {
            long value = ReadInteger(name, "an offset");
            if (count == 2)
            {
                throw new ModelFormatException(PartOf(name), Offset, "a third offset", "two offsets, begin and end");
            }

            offsets[count++] = value;
        }

        if (count != 2 || offsets[0] > offsets[1])
        {
            throw new ModelFormatException(PartOf(name), start, count == 2 ? $"data_offsets [{offsets[0]}, {offsets[1]}]" : $"{count} offsets", "two offsets, begin not beyond end");
        }

        return (offsets[0], offsets[1]);
    }

    private long ReadListStart(string what)
    {
        _reader.Read();
        Expect(JsonTokenType.StartArray, $"a list as {what}");
        return Offset;
    }

    private readonly long ReadInteger(string name, string what)
    {
        if (_reader.TokenType == JsonTokenType.Number && _reader.TryGetInt64(out long value) && value >= 0)
        {
            return value;
        }

        throw new ModelFormatException(PartOf(name), Offset, $"{_reader.TokenType} {FileText.Quote(_reader.ValueSpan)} as {what}", "an integer from 0 to 2^63 - 1");
    }

    private bool ReadInObject()
    {
        _reader.Read();
        return _reader.TokenType != JsonTokenType.EndObject;
    }

    private readonly string ReadName(HashSet<string> seen)
    {
        if (_reader.ValueSpan.Length > _limits.NameBytes)
        {
            throw Beyond("bytes of a name", _reader.ValueSpan.Length, _limits.NameBytes, Offset);
        }

        string name = ReadString();
        return seen.Add(name)
            ? name
            : throw new ModelFormatException(Part, Offset, $"the name {FileText.Quote(name)} a second time", "each name once");
    }

    private readonly string ReadString()
    {
        try
        {
            return _reader.GetString()!;
        }
        catch (InvalidOperationException exception)
        {
            // The reader says so for an escaped half of a surrogate pair.
            throw new ModelFormatException(Part, Offset, $"the text {FileText.Quote(_reader.ValueSpan)}", "text that is valid Unicode", exception);
        }
    }

    // The name is quoted only when there is something to report: a sound header has many names.
    private readonly void Expect(JsonTokenType type, string expected, string? name = null)
    {
        if (_reader.TokenType != type)
        {
            throw new ModelFormatException(Part, Offset, $"{_reader.TokenType} {FileText.Quote(_reader.ValueSpan)}", name is null ? expected : expected + FileText.Quote(name));
        }
    }

    private static string PartOf(string name) => SafetensorsEntry.PartKind + FileText.Quote(name);

    private static ModelLimitException Beyond(string what, long value, long limit, long offset) =>
        new(Part, offset, $"{value} {what}", $"at most {limit}");

    private readonly void CheckCover()
    {
        Entries.Sort(static (left, right) =>
        {
            int order = left.Begin.CompareTo(right.Begin);
            order = order != 0 ? order : left.ByteCount.CompareTo(right.ByteCount);
            return order != 0 ? order : string.CompareOrdinal(left.Name, right.Name);
        });
        long end = 0;
        string before = "the start of the data";
        foreach (SafetensorsEntry entry in Entries)
        {
            if (entry.Begin != end)
            {
                string what = entry.Begin < end ? "overlap" : "hole";
                throw new ModelFormatException(entry.Part, entry.HeaderOffset, $"begin {entry.Begin}, which leaves a{(entry.Begin < end ? "n" : string.Empty)} {what} of {Math.Abs(end - entry.Begin)} bytes", $"{end}, right behind {before}");
            }

            end = entry.End;
            before = "tensor " + FileText.Quote(entry.Name);
        }
    }
}
