using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Formats.Safetensors;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Formats.Safetensors;

public sealed class SafetensorsTests
{
    [Fact]
    public void What_was_written_is_read()
    {
        SafetensorsFile file = SafetensorsFile.Parse(SafetensorsSample.Bytes());
        Assert.Equal("Schön \"quoted\" \n日本 😀", file.Metadata["names"]);
        Assert.Equal("mdyn", file.Metadata["format"]);
        Assert.Equal(2, file.Metadata.Count);
        Assert.Equal(11, file.Entries.Count);
        Assert.Equal([1, -2, 3.5f, float.NaN, float.NegativeInfinity, -0f], file.ReadTensor("z.weight").ToArray());
        Assert.Equal(new Shape(2, 3), file.ReadTensor("z.weight").Shape);
        Assert.Equal([7f], file.ReadTensor("scalar").ToArray());
        Assert.Equal(Shape.Scalar, file.ReadTensor("scalar").Shape);
        Assert.Equal([long.MinValue, -1, long.MaxValue], file.ReadArray<long>("ids").Values);
        Assert.Equal([long.MaxValue], file.ReadIntegers("big").Values);
        Assert.Equal([0, 1, 127, 128, 255], file.ReadArray<byte>("bytes").Values);
        Assert.Equal([true, false, true], file.ReadArray<bool>("mask").Values);
        Assert.Equal([1, 0, 1], file.ReadArray<byte>("mask").Values);
        Assert.Equal([0.5f, 65504f], file.ReadTensor("half").ToArray());
        Assert.Equal([(float)Math.PI, float.PositiveInfinity], file.ReadTensor("double").ToArray());
        Assert.Equal([Math.PI, 1e300], file.ReadArray<double>("double").Values);
        Assert.Equal([-300L, 300L], file.ReadIntegers("shorts").Values);
        Assert.Equal([-128L, 127L], file.ReadIntegers("signed").Values);
        Assert.Equal(new Shape(0, 4), file.ReadTensor("empty").Shape);
    }

    [Fact]
    public void All_ways_to_read_agree()
    {
        byte[] bytes = SafetensorsSample.Bytes();
        SafetensorsFile[] files = [SafetensorsFile.Parse(bytes), SafetensorsFile.Wrap(bytes), SafetensorsFile.Read(new MemoryStream(bytes)), SafetensorsFile.Read(new ForwardStream(bytes, 7))];
        foreach (SafetensorsFile file in files)
        {
            foreach (SafetensorsEntry entry in files[0].Entries)
            {
                Assert.Equal(files[0].Bytes(entry.Name).ToArray(), file.Bytes(entry.Name).ToArray());
            }
        }
    }

    [Fact]
    public void Brain_floats_are_the_upper_half_of_a_float()
    {
        byte[] header = Encoding.UTF8.GetBytes("{\"a\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[0,4]}}");
        byte[] bytes = [.. BitConverter.GetBytes((ulong)header.Length), .. header, 0x80, 0x3f, 0xc0, 0xc0];
        SafetensorsFile file = SafetensorsFile.Parse(bytes);
        Assert.Equal([1f, -6f], file.ReadTensor("a").ToArray());
        Assert.Equal([0x3f80, 0xc0c0], file.ReadArray<ushort>("a").Values);
    }

    [Fact]
    public void Header_is_aligned_and_tensors_are_sorted()
    {
        byte[] bytes = SafetensorsSample.Bytes();
        ulong header = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        Assert.Equal(0UL, header % 8);
        string text = Encoding.UTF8.GetString(bytes.AsSpan(8, (int)header));
        Assert.StartsWith("{\"__metadata__\":{\"format\":", text, StringComparison.Ordinal);
        string[] order = ["big", "double", "ids", "empty", "scalar", "z.weight", "half", "shorts", "bytes", "mask", "signed"];
        int last = -1;
        foreach (string name in order)
        {
            int at = text.IndexOf($"\"{name}\":{{\"dtype\"", StringComparison.Ordinal);
            Assert.True(at > last, name);
            last = at;
        }

        foreach (SafetensorsEntry entry in SafetensorsFile.Parse(bytes).Entries)
        {
            long size = entry.Shape.Count == 0 ? 1 : entry.ByteCount / entry.Shape.Count;
            Assert.Equal(0, entry.Begin % size);
        }
    }

    [Fact]
    public void Order_of_adding_does_not_show()
    {
        SafetensorsWriter first = new();
        first.SetMetadata("a", "1");
        first.SetMetadata("b", "2");
        first.Add<int>("x", new Shape(1), [1]);
        first.Add<int>("y", new Shape(1), [2]);
        SafetensorsWriter second = new();
        second.Add<int>("y", new Shape(1), [2]);
        second.SetMetadata("b", "3");
        second.SetMetadata("b", "2");
        second.SetMetadata("a", "1");
        second.Add<int>("x", new Shape(1), [1]);
        Assert.Equal(first.ToArray(), second.ToArray());
    }

    [Fact]
    public void Any_content_makes_the_round_trip()
    {
        Gen<(string Name, int[] Shape)> tensor = from name in ArbMap.Default.GeneratorFor<NonEmptyString>()
                                                 from rank in Gen.Choose(0, 5)
                                                 from shape in Gen.Choose(0, 4).ArrayOf(rank)
                                                 select (name.Get, shape);
        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true), Prop.ForAll(tensor.ListOf().ToArbitrary(), static list =>
        {
            SafetensorsWriter writer = new();
            Dictionary<string, float[]> expected = [];
            foreach ((string name, int[] extents) in list)
            {
                Shape shape = new(extents);
                float[] values = new float[shape.Count];
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = i - name.Length;
                }

                try
                {
                    writer.Add(name, Tensor.From(shape, values));
                    expected.Add(name, values);
                }
                catch (ArgumentException)
                {
                    // A name that is taken or half of a surrogate pair.
                }
            }

            SafetensorsFile file = SafetensorsFile.Parse(writer.ToArray());
            Assert.Equal(expected.Count, file.Entries.Count);
            foreach ((string name, float[] values) in expected)
            {
                Assert.Equal(values, file.ReadTensor(name).ToArray());
            }
        }));
    }

    [Fact]
    public void Wrong_use_of_the_writer_is_refused()
    {
        SafetensorsWriter writer = new();
        writer.Add<int>("x", new Shape(1), [1]);
        byte[] before = writer.ToArray();
        Assert.Throws<ArgumentException>(() => writer.Add<int>("x", new Shape(1), [1]));
        Assert.Throws<ArgumentException>(() => writer.Add<int>("__metadata__", new Shape(1), [1]));
        Assert.Throws<ArgumentException>(() => writer.Add<int>(string.Empty, new Shape(1), [1]));
        Assert.Throws<ArgumentException>(() => writer.Add<int>("\ud800", new Shape(1), [1]));
        Assert.Throws<ArgumentException>(() => writer.Add<int>(new string('n', 4097), new Shape(1), [1]));
        Assert.Throws<ArgumentException>(() => writer.Add<int>("y", new Shape(2), [1]));
        Assert.Throws<ArgumentException>(() => writer.Add<decimal>("y", new Shape(1), [1]));
        Assert.Throws<ArgumentException>(() => writer.SetMetadata("\ud800", string.Empty));
        Assert.Equal(before, writer.ToArray());
    }

    [Fact]
    public void Wrong_use_of_the_file_is_refused()
    {
        SafetensorsFile file = SafetensorsFile.Parse(SafetensorsSample.Bytes());
        Assert.Throws<KeyNotFoundException>(() => file.ReadTensor("absent"));
        Assert.Throws<ModelFormatException>(() => file.ReadTensor("ids"));
        Assert.Throws<ModelFormatException>(() => file.ReadArray<int>("ids"));
        Assert.Throws<ModelFormatException>(() => file.ReadIntegers("double"));
        Assert.Throws<ArgumentException>(() => file.CopyTo("scalar", new float[2]));
        SafetensorsWriter writer = new();
        writer.Add<byte>("u", new Shape(2), [1, 2]);
        writer.Add<ulong>("big", new Shape(2), [1, 1UL << 63]);
        byte[] bytes = writer.ToArray();
        Assert.Contains("9223372036854775808", Assert.Throws<ModelFormatException>(() => SafetensorsFile.Parse(bytes).ReadIntegers("big")).Message, StringComparison.Ordinal);
        byte[] disguised = Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(bytes).Replace("\"dtype\":\"U8\"", "\"dtype\":\"BOOL\"", StringComparison.Ordinal));
        bytes = [.. BitConverter.GetBytes(BitConverter.ToUInt64(bytes) + 2), .. disguised[8..]];
        ModelFormatException wrong = Assert.Throws<ModelFormatException>(() => SafetensorsFile.Parse(bytes).ReadArray<bool>("u"));
        Assert.Equal(bytes.Length - 1, wrong.Offset);
    }
}
