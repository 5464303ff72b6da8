using System;
using System.Buffers.Text;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Formats.Npy;

/// <summary>
/// The header's dictionary, a Python literal: <c>{'descr': '&lt;f4', 'fortran_order': False, 'shape': (3, 4), }</c>. Only these three keys with
/// values of these kinds are understood; nothing is evaluated.
/// </summary>
internal ref struct NpyHeader
{
    private readonly ReadOnlySpan<byte> _text;
    private readonly string _part;
    private readonly long _start;
    private int _position;

    private NpyHeader(ReadOnlySpan<byte> text, string part, long start)
    {
        _text = text;
        _part = part;
        _start = start;
    }

    /// <summary>The element type.</summary>
    internal ElementType Type { get; private set; }

    /// <summary>Whether numbers have their most significant byte first.</summary>
    internal bool IsBigEndian { get; private set; }

    /// <summary>Whether the first index runs fastest.</summary>
    internal bool IsFortranOrder { get; private set; }

    /// <summary>The extents.</summary>
    internal Shape Shape { get; private set; }

    /// <summary>Reads a header.</summary>
    /// <param name="text">Its text, which ends with a line feed.</param>
    /// <param name="part">How messages name the file.</param>
    /// <param name="start">Where the text starts in the file.</param>
    internal static NpyHeader Parse(ReadOnlySpan<byte> text, string part, long start)
    {
        NpyHeader header = new(text, part, start);
        if (text.IsEmpty || text[^1] != (byte)'\n')
        {
            header._position = Math.Max(text.Length - 1, 0);
            throw header.Wrong("a line feed at the end of the header");
        }

        header.Read();
        return header;
    }

    private void Read()
    {
        Expect('{', "a dictionary");
        bool type = false;
        bool order = false;
        bool shape = false;
        while (!Take('}'))
        {
            int at = _position;
            ReadOnlySpan<byte> key = ReadString("a key");
            Expect(':', "a colon");
            if (key.SequenceEqual("descr"u8) && !type)
            {
                type = true;
                ReadType();
            }
            else if (key.SequenceEqual("fortran_order"u8) && !order)
            {
                order = true;
                IsFortranOrder = ReadTruth();
            }
            else if (key.SequenceEqual("shape"u8) && !shape)
            {
                shape = true;
                ReadShape();
            }
            else
            {
                _position = at;
                throw Wrong("the keys descr, fortran_order and shape, each once");
            }

            if (!Take(','))
            {
                Expect('}', "a comma or the end of the dictionary");
                break;
            }
        }

        if (!type || !order || !shape)
        {
            throw Wrong("the keys descr, fortran_order and shape before");
        }

        SkipSpace();
        if (_position != _text.Length)
        {
            throw Wrong("nothing but spaces behind the dictionary");
        }
    }

    private void ReadType()
    {
        SkipSpace();
        int at = _position;
        ReadOnlySpan<byte> text = ReadString("the element type as text (structured types are not read)");
        byte order = text.IsEmpty ? (byte)0 : text[0];
        ReadOnlySpan<byte> kind = text.IsEmpty ? text : text[1..];
        ElementType? type = null;
        for (ElementType candidate = ElementType.Bool; candidate <= ElementType.F64; candidate++)
        {
            if (candidate != ElementType.BF16 && NameOf(candidate)[1..].SequenceEqual(kind))
            {
                type = candidate;
            }
        }

        bool single = type is { } known && ElementTypes.SizeOf(known) == 1;
        if (type is null || !(order is (byte)'<' or (byte)'>' || (order == '|' && single)))
        {
            _position = at;
            throw kind.StartsWith("O"u8)
                ? Wrong("numbers or booleans; Python objects are not read, as that would run code from the file")
                : Wrong("<, > or | and b1, i1, i2, i4, i8, u1, u2, u4, u8, f2, f4 or f8");
        }

        Type = type.Value;
        IsBigEndian = order == '>';
    }

    /// <summary>The name of a little-endian type; all types but BF16 have one.</summary>
    internal static ReadOnlySpan<byte> NameOf(ElementType type) => type switch
    {
        ElementType.Bool => "|b1"u8,
        ElementType.U8 => "|u1"u8,
        ElementType.I8 => "|i1"u8,
        ElementType.U16 => "<u2"u8,
        ElementType.I16 => "<i2"u8,
        ElementType.F16 => "<f2"u8,
        ElementType.U32 => "<u4"u8,
        ElementType.I32 => "<i4"u8,
        ElementType.F32 => "<f4"u8,
        ElementType.U64 => "<u8"u8,
        ElementType.I64 => "<i8"u8,
        ElementType.F64 => "<f8"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, $"{type} has no counterpart in an npy file."),
    };

    private bool ReadTruth()
    {
        SkipSpace();
        if (_text[_position..].StartsWith("True"u8))
        {
            _position += 4;
            return true;
        }

        if (_text[_position..].StartsWith("False"u8))
        {
            _position += 5;
            return false;
        }

        throw Wrong("True or False");
    }

    private void ReadShape()
    {
        Expect('(', "a tuple");
        Span<int> extents = stackalloc int[Shape.MaximumRank];
        int rank = 0;
        long count = 1;
        bool comma = true;
        int start = _position;
        while (!Take(')'))
        {
            if (!comma)
            {
                throw Wrong("a comma");
            }

            int at = _position;
            if (rank == extents.Length)
            {
                throw new ModelLimitException(_part, _start + at, "more than 8 dimensions", $"at most {Shape.MaximumRank}");
            }

            int extent = ReadExtent();
            extents[rank++] = extent;
            count = count > int.MaxValue && extent > 0 ? count : count * extent;
            comma = Take(',');
        }

        if (rank == 1 && !comma)
        {
            throw Wrong("a comma behind the only extent, as a tuple has");
        }

        if (count > int.MaxValue)
        {
            throw new ModelLimitException(_part, _start + start, $"{count} elements", $"at most {int.MaxValue}");
        }

        Shape = new Shape(extents[..rank]);
    }

    private int ReadExtent()
    {
        SkipSpace();
        ReadOnlySpan<byte> rest = _text[_position..];
        int digits = rest.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (digits <= 0)
        {
            throw Wrong("an extent, 0 or more");
        }

        if (!Utf8Parser.TryParse(rest[..digits], out int extent, out int consumed) || consumed != digits)
        {
            throw new ModelLimitException(_part, _start + _position, $"the extent {FileText.Quote(rest[..digits])}", $"at most {int.MaxValue}");
        }

        // Files of Python 2 write long integers with an L.
        _position += rest[digits] == 'L' ? digits + 1 : digits;
        return extent;
    }

    private ReadOnlySpan<byte> ReadString(string expected)
    {
        SkipSpace();
        if (_position >= _text.Length || _text[_position] is not ((byte)'\'' or (byte)'"'))
        {
            throw Wrong(expected);
        }

        byte quote = _text[_position];
        int length = _text[(_position + 1)..].IndexOf(quote);
        if (length < 0)
        {
            throw Wrong("a closing quote");
        }

        ReadOnlySpan<byte> text = _text.Slice(_position + 1, length);
        if (text.Contains((byte)'\\'))
        {
            throw Wrong("text without escapes");
        }

        _position += length + 2;
        return text;
    }

    private void Expect(char character, string expected)
    {
        if (!Take(character))
        {
            throw Wrong(expected);
        }
    }

    private bool Take(char character)
    {
        SkipSpace();
        if (_position < _text.Length && _text[_position] == character)
        {
            _position++;
            return true;
        }

        return false;
    }

    private void SkipSpace()
    {
        while (_position < _text.Length && _text[_position] is (byte)' ' or (byte)'\n' or (byte)'\t' or (byte)'\r')
        {
            _position++;
        }
    }

    private readonly ModelFormatException Wrong(string expected)
    {
        ReadOnlySpan<byte> rest = _text[Math.Min(_position, _text.Length)..];
        string found = rest.IsEmpty ? "the end of the header" : FileText.Quote(rest[..Math.Min(rest.Length, 40)]);
        return new ModelFormatException(_part, _start + _position, found, expected);
    }
}
