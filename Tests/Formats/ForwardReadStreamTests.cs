using System;
using System.IO;
using System.Threading.Tasks;
using Xunit;

namespace ManagedDyn.Tests.Formats;

public sealed class ForwardReadStreamTests
{
    private static readonly byte[] Bytes = [1, 2, 3, 4, 5, 6, 7];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task EachWayToReadGivesTheSameBytes(int portion)
    {
        await using Stream spans = new ForwardStream(Bytes, portion);
        byte[] found = new byte[Bytes.Length];
        spans.ReadExactly(found.AsSpan());
        Assert.Equal(Bytes, found);
        Assert.Equal(0, spans.Read(found.AsSpan()));

        await using Stream single = new ForwardStream(Bytes, portion);
        foreach (byte expected in Bytes)
        {
            Assert.Equal(expected, single.ReadByte());
        }

        Assert.Equal(-1, single.ReadByte());

        await using Stream copied = new ForwardStream(Bytes, portion);
        using MemoryStream copy = new();
        await copied.CopyToAsync(copy, TestContext.Current.CancellationToken);
        Assert.Equal(Bytes, copy.ToArray());
    }

    [Fact]
    public void AnArrayIsFilledFromTheOffsetOnly()
    {
        using Stream stream = new ForwardStream(Bytes);
        byte[] found = new byte[6];
        Assert.Equal(0, stream.Read(found, 6, 0));
        Assert.Equal(3, stream.Read(found, 2, 3));
        Assert.Equal([0, 0, 1, 2, 3, 0], found);
        Assert.Equal(4, stream.Read(found, 0, 6));
        Assert.Equal([4, 5, 6, 7, 3, 0], found);
        Assert.Equal(0, stream.Read(found, 0, 6));
    }

    [Fact]
    public void PlacesOutsideTheArrayAreRefusedBeforeAnythingIsRead()
    {
        using Stream stream = new ForwardStream(Bytes);
        byte[] buffer = new byte[4];
        Assert.Throws<ArgumentNullException>(() => stream.Read(null!, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.Read(buffer, -1, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.Read(buffer, 3, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.Read(buffer, 0, -1));
        Assert.Equal(1, stream.ReadByte());
    }

    [Fact]
    public void AllButReadingIsRefused()
    {
        using Stream stream = new ForwardStream(Bytes);
        Assert.True(stream.CanRead);
        Assert.False(stream.CanSeek);
        Assert.False(stream.CanWrite);
        Assert.Throws<NotSupportedException>(() => stream.Length);
        Assert.Throws<NotSupportedException>(() => stream.Position);
        Assert.Throws<NotSupportedException>(() => stream.Position = 0);
        Assert.Throws<NotSupportedException>(() => stream.Seek(0, SeekOrigin.Begin));
        Assert.Throws<NotSupportedException>(() => stream.SetLength(1));
        Assert.Throws<NotSupportedException>(() => stream.Write(Bytes, 0, 1));
        Assert.Throws<NotSupportedException>(() => stream.Write(Bytes.AsSpan()));
        stream.Flush();
        Assert.Equal(1, stream.ReadByte());
    }
}
