using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Layers.Data.Text;
using Xunit;

namespace ManagedDyn.Tests.Layers.Data.Text;

public sealed class LineReaderTests
{
    [Theory]
    [InlineData("", new string[0])]
    [InlineData("\n", new[] { "" })]
    [InlineData("a", new[] { "a" })]
    [InlineData("a\nb\n", new[] { "a", "b" })]
    [InlineData("a\r\n\r\nb\rc\n\nd", new[] { "a", "", "b", "c", "", "d" })]
    [InlineData("\uFEFFa\n", new[] { "a" })]
    public void Lines_end_in_any_way(string text, string[] lines)
    {
        foreach (int portion in new[] { 1, 2, 3, 1000 })
        {
            using LineReader reader = new(new Slow(Encoding.UTF8.GetBytes(text), portion), "x", 100);
            Assert.Equal(lines, All(reader));
            Assert.Equal(lines.Length, reader.Count);
            Assert.Null(reader.Read());
        }
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\r")]
    public void Lines_behind_one_that_is_too_long_are_read(string end)
    {
        string text = $"one{end}{new string('a', 100_000)}{end}three{end}{new string('b', 11)}";
        using LineReader reader = new(new MemoryStream(Encoding.UTF8.GetBytes(text)), "some", 10);
        Assert.Equal("one", reader.Read());
        Assert.Contains("line 2", Assert.Throws<ModelLimitException>(reader.Read).Message, StringComparison.Ordinal);
        Assert.Equal("three", reader.Read());
        Assert.Equal(3, reader.Count);
        Assert.Contains("line 4", Assert.Throws<ModelLimitException>(reader.Read).Message, StringComparison.Ordinal);
        Assert.Null(reader.Read());
        Assert.Null(reader.Read());
    }

    [Fact]
    public void Long_lines_and_many_lines_pass_the_buffer()
    {
        StringBuilder text = new();
        List<string> expected = [];
        for (int i = 0; i < 300; i++)
        {
            expected.Add(new string((char)('a' + (i % 26)), i * 401 % 40_000));
            text.Append(expected[^1]).Append(i % 2 == 0 ? "\n" : "\r\n");
        }

        using LineReader reader = new(new MemoryStream(Encoding.UTF8.GetBytes(text.ToString())), "x", 40_000);
        Assert.Equal(expected, All(reader));
    }

    [Fact]
    public void A_line_beyond_the_limit_is_refused_and_bytes_that_are_no_text_are_marked()
    {
        using LineReader reader = new(new MemoryStream(Encoding.UTF8.GetBytes("abc\nabcd\n")), "x", 3);
        Assert.Equal("abc", reader.Read());
        Assert.Contains("line 2", Assert.Throws<ModelLimitException>(reader.Read).Message, StringComparison.Ordinal);
        using LineReader bytes = new(new MemoryStream([(byte)'a', 0xFF, (byte)'\n']), "x", 3);
        Assert.Equal("a\uFFFD", bytes.Read());
    }

    [Fact]
    public void What_may_wait_is_told()
    {
        using LineReader reader = new(new Slow(Encoding.UTF8.GetBytes("a\nb\nc"), 4), "x", 10);
        Assert.Equal("a", reader.Read());
        Assert.True(reader.HasLine);
        Assert.Equal("b", reader.Read());
        Assert.False(reader.HasLine);
        Assert.Equal("c", reader.Read());
    }

    private static List<string> All(LineReader reader)
    {
        List<string> lines = [];
        while (reader.Read() is { } line)
        {
            lines.Add(line);
        }

        return lines;
    }

    // Gives out few bytes at a time, as a pipe does.
    private sealed class Slow(byte[] bytes, int portion) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, portion));

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, portion)]);
    }
}
