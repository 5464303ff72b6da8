using System;
using System.IO;
using System.Text;
using ManagedDyn.Engine.Formats;

namespace ManagedDyn.Layers.Data.Text;

/// <summary>
/// Reads lines of UTF-8 that end in LF, CRLF or CR, each of a bounded length, so that a stream of any number of them takes no more memory than its longest line. Bytes
/// that are no UTF-8 are read as U+FFFD.
/// </summary>
public sealed class LineReader : IDisposable
{
    private const int BufferCharacters = 1 << 14;

    private readonly StreamReader _reader;
    private readonly string _name;
    private readonly int _longest;
    private readonly char[] _buffer = new char[BufferCharacters];
    private readonly StringBuilder _line = new();
    private int _start;
    private int _end;
    private bool _endedInReturn;
    private bool _isInLongLine;

    /// <summary>Reads from a stream, which is closed with the reader.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="longest">The most characters of a line.</param>
    public LineReader(Stream stream, string name, int longest)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentOutOfRangeException.ThrowIfLessThan(longest, 1);
        _reader = new StreamReader(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), detectEncodingFromByteOrderMarks: true);
        _name = name;
        _longest = longest;
    }

    /// <summary>The number of lines read.</summary>
    public long Count { get; private set; }

    /// <summary>Whether a whole line has been taken from the stream already, so that reading it does not wait.</summary>
    public bool HasLine
    {
        get
        {
            ReadOnlySpan<char> there = _buffer.AsSpan(_start, _end - _start);
            return (_endedInReturn && !there.IsEmpty && there[0] == '\n' ? there[1..] : there).ContainsAny('\n', '\r');
        }
    }

    /// <summary>The next line without its end; null when there is none.</summary>
    /// <exception cref="ModelFileException">The line is too long (the next call goes on behind it), or the stream is packed and damaged.</exception>
    public string? Read()
    {
        _line.Clear();
        if (_isInLongLine && !LeaveLongLine())
        {
            return null;
        }

        while (true)
        {
            if (_start == _end && !Fill())
            {
                return _line.Length > 0 ? Take(_line.ToString()) : null;
            }

            if (_endedInReturn)
            {
                _endedInReturn = false;
                if (_buffer[_start] == '\n')
                {
                    _start++;
                    continue;
                }
            }

            ReadOnlySpan<char> there = _buffer.AsSpan(_start, _end - _start);
            int length = there.IndexOfAny('\n', '\r');
            ReadOnlySpan<char> part = length < 0 ? there : there[..length];
            if (part.Length > _longest - _line.Length)
            {
                _isInLongLine = true;
                throw new ModelLimitException($"{_name}, line {++Count}", -1, $"more than {_longest} characters", $"at most {_longest}");
            }

            _start += part.Length;
            if (length < 0)
            {
                _line.Append(part);
                continue;
            }

            _endedInReturn = _buffer[_start++] == '\r';
            return Take(_line.Length == 0 ? part.ToString() : _line.Append(part).ToString());
        }
    }

    /// <summary>Closes the stream.</summary>
    public void Dispose() => _reader.Dispose();

    // Passes over what is left of it, a buffer at a time; false: the stream ends first.
    private bool LeaveLongLine()
    {
        while (_start < _end || Fill())
        {
            int length = _buffer.AsSpan(_start, _end - _start).IndexOfAny('\n', '\r');
            if (length >= 0)
            {
                _endedInReturn = _buffer[_start + length] == '\r';
                _start += length + 1;
                _isInLongLine = false;
                return true;
            }

            _start = _end;
        }

        return false;
    }

    // The mark of the byte order is not always recognised where few bytes come at a time.
    private string Take(string line) => Count++ == 0 && line.StartsWith('\uFEFF') ? line[1..] : line;

    private bool Fill()
    {
        _start = 0;
        try
        {
            // What is there and no more: a line that a person types is answered before the next one.
            _end = _reader.Read(_buffer, 0, _buffer.Length);
        }
        catch (InvalidDataException exception)
        {
            throw DatasetFiles.Damaged(_name, exception);
        }

        return _end > 0;
    }
}
