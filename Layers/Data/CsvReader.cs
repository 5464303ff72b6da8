using System;
using System.IO;
using System.Text;
using ManagedDyn.Engine.Formats;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// Reads comma-separated records (RFC 4180): quoted fields with doubled quotes, line ends within quotes, CRLF, LF or CR between records, a byte
/// order mark at the start, no record for an empty line. A field is a span that holds until the next record.
/// </summary>
public sealed class CsvReader : IDisposable
{
    private const int MaximumRecordCharacters = 1 << 24;
    private const int BufferCharacters = 1 << 14;

    private readonly StreamReader _reader;
    private readonly string _name;
    private readonly char[] _buffer = new char[BufferCharacters];
    private int _bufferStart;
    private int _bufferEnd;
    private char[] _record = new char[1024];
    private int _recordLength;
    private int[] _fieldEnds = new int[64];
    private long _line = 1;

    /// <summary>Reads from a stream, which is closed with the reader.</summary>
    /// <param name="stream">Text in UTF-8, or with a byte order mark in UTF-16.</param>
    /// <param name="name">What messages call the file.</param>
    public CsvReader(Stream stream, string name)
    {
        _reader = new StreamReader(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true), detectEncodingFromByteOrderMarks: true);
        _name = name;
    }

    /// <summary>The number of fields of the record.</summary>
    public int FieldCount { get; private set; }

    /// <summary>The line that the record starts in, from 1.</summary>
    public long Line { get; private set; }

    /// <summary>What messages call the record.</summary>
    public string Place => $"{_name}, line {Line}";

    /// <summary>A field of the record.</summary>
    /// <param name="index">From 0 to <see cref="FieldCount"/> − 1.</param>
    public ReadOnlySpan<char> Field(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, FieldCount);
        int start = index == 0 ? 0 : _fieldEnds[index - 1];
        return _record.AsSpan(start, _fieldEnds[index] - start);
    }

    /// <summary>Reads the next record.</summary>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="ModelFileException">The text is not sound, or a record is too long.</exception>
    public bool Read()
    {
        int next = Peek();
        while (next is '\r' or '\n')
        {
            SkipLineEnd();
            next = Peek();
        }

        FieldCount = 0;
        _recordLength = 0;
        Line = _line;
        if (next < 0)
        {
            return false;
        }

        do
        {
            if (Peek() == '"')
            {
                ReadQuoted();
            }
            else
            {
                ReadPlain();
            }

            EndField();
        }
        while (Take(','));
        SkipLineEnd();
        return true;
    }

    /// <summary>Closes the stream.</summary>
    public void Dispose() => _reader.Dispose();

    private void ReadPlain()
    {
        while (Peek() is var next and >= 0 and not ',' and not '\r' and not '\n')
        {
            if (next == '"')
            {
                throw new ModelFormatException(Place, -1, $"a quote within field {FieldCount + 1}, which does not start with one", "the whole field in quotes, and quotes in it doubled");
            }

            Append();
        }
    }

    private void ReadQuoted()
    {
        _bufferStart++;
        while (true)
        {
            int next = Peek();
            if (next < 0)
            {
                throw new ModelFormatException(Place, -1, $"the end of the file within the quotes of field {FieldCount + 1}", "a closing quote");
            }

            if (next == '"')
            {
                _bufferStart++;
                if (Peek() != '"')
                {
                    break;
                }
            }
            else if (next == '\n')
            {
                _line++;
            }

            Append();
        }

        if (Peek() is >= 0 and not ',' and not '\r' and not '\n')
        {
            throw new ModelFormatException(Place, -1, $"{FileText.Quote([_buffer[_bufferStart]])} behind the closing quote of field {FieldCount + 1}", "a comma or the end of the line");
        }
    }

    private void SkipLineEnd()
    {
        bool carriageReturn = Take('\r');
        if (Take('\n') || carriageReturn)
        {
            _line++;
        }
    }

    private void EndField()
    {
        if (FieldCount == _fieldEnds.Length)
        {
            Array.Resize(ref _fieldEnds, FieldCount * 2);
        }

        _fieldEnds[FieldCount++] = _recordLength;
    }

    private void Append()
    {
        // Fields are counted too: a record of commas alone would grow without limit.
        if (_recordLength + FieldCount >= MaximumRecordCharacters)
        {
            throw new ModelLimitException(Place, -1, $"a record of more than {MaximumRecordCharacters} characters", $"at most {MaximumRecordCharacters}");
        }

        if (_recordLength == _record.Length)
        {
            Array.Resize(ref _record, _recordLength * 2);
        }

        _record[_recordLength++] = _buffer[_bufferStart++];
    }

    private bool Take(char character)
    {
        if (Peek() != character)
        {
            return false;
        }

        if (FieldCount >= MaximumRecordCharacters)
        {
            throw new ModelLimitException(Place, -1, $"{FieldCount} fields", $"fewer than {MaximumRecordCharacters}");
        }

        _bufferStart++;
        return true;
    }

    private int Peek()
    {
        if (_bufferStart == _bufferEnd)
        {
            _bufferStart = 0;
            try
            {
                _bufferEnd = _reader.Read(_buffer, 0, _buffer.Length);
            }
            catch (DecoderFallbackException exception)
            {
                throw new ModelFormatException($"{_name}, after line {_line}", -1, "bytes that are not UTF-8", "text in UTF-8", exception);
            }
            catch (InvalidDataException exception)
            {
                throw DatasetFiles.Damaged(_name, exception);
            }

            if (_bufferEnd == 0)
            {
                return -1;
            }
        }

        return _buffer[_bufferStart];
    }
}
