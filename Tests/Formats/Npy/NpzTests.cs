using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Text;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Formats.Npy;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Formats.Npy;

public sealed class NpzTests
{
    private static byte[] Archive(CompressionLevel level, params (string Name, byte[] Content)[] entries)
    {
        using MemoryStream stream = new();
        using (ZipArchive archive = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] content) in entries)
            {
                using Stream entry = archive.CreateEntry(name, level).Open();
                entry.Write(content);
            }
        }

        return stream.ToArray();
    }

    private static byte[] Npy<T>(params T[] values)
        where T : unmanaged
    {
        using MemoryStream stream = new();
        NpyFile.Write<T>(stream, new Shape(values.Length), values);
        return stream.ToArray();
    }

    private static IReadOnlyDictionary<string, NpyArray> Parse(byte[] bytes, NpyLimits? limits = null) => NpzFile.Read(new MemoryStream(bytes), limits);

    private static void Read(byte[] bytes) => Parse(bytes);

    private static byte[] Sample(CompressionLevel level)
    {
        NpzWriter writer = new();
        writer.Add("weights/b", Tensor.From(new Shape(2, 2), [1, 2, 3, 4]));
        writer.Add<long>("a", new Shape(3), [1, 2, 3]);
        using MemoryStream stream = new();
        writer.Write(stream, level);
        return stream.ToArray();
    }

    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Optimal)]
    public void What_was_written_is_read(CompressionLevel level)
    {
        IReadOnlyDictionary<string, NpyArray> arrays = Parse(Sample(level));
        Assert.Equal(2, arrays.Count);
        Assert.Equal([1, 2, 3, 4], arrays["weights/b"].ToTensor().ToArray());
        Assert.Equal([1, 2, 3], arrays["a"].ToIntegers().Values);
        byte[] first = Sample(level);
        byte[] second = Sample(level);
        Assert.Equal(first, second);
        Assert.NotEmpty(first);
    }

    [Theory]
    [InlineData("../x.npy")]
    [InlineData("a/../../x.npy")]
    [InlineData("/etc/x.npy")]
    [InlineData("..\\x.npy")]
    [InlineData("C:/x.npy")]
    [InlineData("a//x.npy")]
    [InlineData("./x.npy")]
    [InlineData("x\0.npy")]
    [InlineData("x.txt")]
    [InlineData(".npy")]
    [InlineData("folder/")]
    [InlineData("x.npy/..")]
    public void Names_that_lead_out_or_are_of_another_kind_are_refused(string name) =>
        HostileInput.Refused<ModelFormatException>(Archive(CompressionLevel.NoCompression, (name, Npy(1))), Read);

    [Fact]
    public void Repeated_and_long_names_are_refused()
    {
        HostileInput.Refused<ModelFormatException>(Archive(CompressionLevel.NoCompression, ("x.npy", Npy(1)), ("x.npy", Npy(2))), Read);
        HostileInput.Refused<ModelLimitException>(Archive(CompressionLevel.NoCompression, (new string('x', 5000) + ".npy", Npy(1))), Read);
    }

    [Fact]
    public void Too_many_entries_are_refused()
    {
        (string, byte[])[] entries = new (string, byte[])[5];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = ($"x{i}.npy", Npy(1));
        }

        byte[] archive = Archive(CompressionLevel.NoCompression, entries);
        HostileInput.Refused<ModelLimitException>(archive, bytes => Parse(bytes, new NpyLimits { Entries = 4 }));
        Assert.Equal(5, Parse(archive, new NpyLimits { DataBytes = 20 }).Count);
        HostileInput.Refused<ModelLimitException>(archive, bytes => Parse(bytes, new NpyLimits { DataBytes = 19 }));
    }

    [Fact]
    public void Archive_that_unpacks_to_a_thousand_times_its_size_is_refused()
    {
        byte[] bomb = Archive(CompressionLevel.SmallestSize, ("x.npy", Npy(new byte[1 << 26])));
        Assert.True(bomb.Length < 1 << 17);
        Assert.Contains("1000 times", HostileInput.Refused<ModelLimitException>(bomb, Read).Message, StringComparison.Ordinal);

        // The same with a size in the directory that hides it: what is read counts, not what is stated.
        byte[] hidden = (byte[])bomb.Clone();
        Overwrite(hidden, BitConverter.GetBytes((1 << 26) + 128), [0, 1, 0, 0]);
        HostileInput.Refused<ModelFileException>(hidden, Read);

        // What is packed as well, but small, is read.
        Assert.Equal(1 << 19, Parse(Archive(CompressionLevel.SmallestSize, ("x.npy", Npy(new byte[1 << 19]))))["x"].Shape.Count);
    }

    [Fact]
    public void Encrypted_entries_are_refused()
    {
        byte[] archive = Archive(CompressionLevel.NoCompression, ("x.npy", Npy(1)));
        int directory = Find(archive, [0x50, 0x4b, 0x01, 0x02]);
        archive[6] |= 1;
        archive[directory + 8] |= 1;
        Assert.Contains("encrypted", HostileInput.Refused<ModelFormatException>(archive, Read).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Altered_content_is_found_by_its_checksum()
    {
        byte[] archive = Archive(CompressionLevel.NoCompression, ("x.npy", Npy(1, 2, 3)));
        archive[Find(archive, "{'descr'"u8.ToArray()) + 118] ^= 1;
        Assert.Contains("checksum", HostileInput.Refused<ModelFormatException>(archive, Read).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Entries_that_are_no_arrays_are_refused()
    {
        HostileInput.Refused<ModelFormatException>(Archive(CompressionLevel.NoCompression, ("x.npy", Encoding.ASCII.GetBytes("text"))), Read);
        HostileInput.Refused<ModelFormatException>("PK not a zip file"u8.ToArray(), Read);
        HostileInput.Refused<ModelFormatException>([], Read);
        Assert.Throws<ArgumentException>(() => NpzFile.Read(new ForwardStream(Sample(CompressionLevel.Optimal))));
    }

    [Fact]
    public void Wrong_use_of_the_writer_is_refused()
    {
        NpzWriter writer = new();
        writer.Add<int>("x", new Shape(1), [1]);
        Assert.Throws<ArgumentException>(() => writer.Add<int>("x", new Shape(1), [1]));
        Assert.Throws<ArgumentException>(() => writer.Add<int>("../x", new Shape(1), [1]));
        Assert.Throws<ArgumentException>(() => writer.Add<int>(string.Empty, new Shape(1), [1]));
        Assert.Throws<ArgumentException>(() => writer.Add<int>("y", new Shape(2), [1]));
    }

    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Optimal)]
    public void Every_truncation_is_refused(CompressionLevel level) => Assert.Equal(0, HostileInput.Truncate(Sample(level), Read));

    [Theory]
    [InlineData(1, CompressionLevel.NoCompression)]
    [InlineData(2, CompressionLevel.Optimal)]
    public void Mutations_are_read_or_refused(int seed, CompressionLevel level) => HostileInput.Mutate(Sample(level), seed, 20_000, Read);

    private static int Find(byte[] bytes, byte[] part)
    {
        int at = bytes.AsSpan().IndexOf(part);
        Assert.True(at >= 0);
        return at;
    }

    private static void Overwrite(byte[] bytes, byte[] old, byte[] replacement)
    {
        int count = 0;
        for (int at = bytes.AsSpan().IndexOf(old); at >= 0; at = bytes.AsSpan().IndexOf(old))
        {
            replacement.CopyTo(bytes, at);
            count++;
        }

        Assert.True(count > 0);
    }
}
