using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ManagedDyn.Tool.Output;

/// <summary>Writes one JSON document, property by property; numbers that JSON has no word for (NaN, infinities) become null.</summary>
public sealed class JsonDocumentWriter : IDisposable
{
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _json;

    public JsonDocumentWriter(bool indented = true)
        => _json = new Utf8JsonWriter(_buffer, new JsonWriterOptions { Indented = indented, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public JsonDocumentWriter Object(string? name = null)
    {
        if (name is null)
        {
            _json.WriteStartObject();
        }
        else
        {
            _json.WriteStartObject(name);
        }

        return this;
    }

    public JsonDocumentWriter EndObject()
    {
        _json.WriteEndObject();
        return this;
    }

    public JsonDocumentWriter Array(string name)
    {
        _json.WriteStartArray(name);
        return this;
    }

    public JsonDocumentWriter EndArray()
    {
        _json.WriteEndArray();
        return this;
    }

    public JsonDocumentWriter Text(string name, string? value)
    {
        _json.WriteString(name, value);
        return this;
    }

    public JsonDocumentWriter Whole(string name, long value)
    {
        _json.WriteNumber(name, value);
        return this;
    }

    public JsonDocumentWriter Flag(string name, bool value)
    {
        _json.WriteBoolean(name, value);
        return this;
    }

    public JsonDocumentWriter Number(string name, double? value)
    {
        _json.WritePropertyName(name);
        WriteNumber(value);
        return this;
    }

    public JsonDocumentWriter Numbers(string name, IEnumerable<double> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        _json.WriteStartArray(name);
        foreach (double value in values)
        {
            WriteNumber(value);
        }

        _json.WriteEndArray();
        return this;
    }

    public JsonDocumentWriter Texts(string name, IEnumerable<string> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        _json.WriteStartArray(name);
        foreach (string value in values)
        {
            _json.WriteStringValue(value);
        }

        _json.WriteEndArray();
        return this;
    }

    public override string ToString()
    {
        _json.Flush();
        return Encoding.UTF8.GetString(_buffer.WrittenSpan);
    }

    /// <summary>The text written since the last time; a long document is passed on in parts.</summary>
    public string Take()
    {
        string text = ToString();
        _buffer.ResetWrittenCount();
        return text;
    }

    /// <summary>Begins another document behind the one that is whole; <see cref="Take"/> must have taken that.</summary>
    public void Begin() => _json.Reset();

    public void Dispose() => _json.Dispose();

    private void WriteNumber(double? value)
    {
        if (value is { } number && double.IsFinite(number))
        {
            _json.WriteNumberValue(number);
        }
        else
        {
            _json.WriteNullValue();
        }
    }
}
