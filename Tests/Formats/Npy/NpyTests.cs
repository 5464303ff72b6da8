using System;
using System.IO;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Formats.Npy;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Formats.Npy;

public sealed class NpyTests
{
    private const string Float = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n";

    private static byte[] File(string header, byte[]? data = null, int version = 1, int? length = null)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        byte[] size = version == 1 ? BitConverter.GetBytes((ushort)(length ?? text.Length)) : BitConverter.GetBytes(length ?? text.Length);
        return [0x93, .. "NUMPY"u8, (byte)version, 0, .. size, .. text, .. data ?? new byte[8]];
    }

    private static string Header(string descr, string order, string shape) => $"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n";

    private static byte[] Written<T>(Shape shape, params T[] values)
        where T : unmanaged
    {
        using MemoryStream stream = new();
        NpyFile.Write<T>(stream, shape, values);
        return stream.ToArray();
    }

    private static void Read(byte[] bytes) => NpyFile.Read(new ForwardStream(bytes), "x.npy");

    private static T Refused<T>(byte[] bytes)
        where T : ModelFileException => HostileInput.Refused<T>(bytes, Read);

    [Fact]
    public void Written_bytes_are_those_of_numpy()
    {
        // numpy.save of np.arange(6, dtype=np.int16).reshape(2, 3)
        byte[] expected = [0x93, .. "NUMPY"u8, 1, 0, 0x76, 0, .. "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }"u8, .. Encoding.ASCII.GetBytes(new string(' ', 58)), (byte)'\n', 0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0];
        Assert.Equal(expected, Written<short>(new Shape(2, 3), 0, 1, 2, 3, 4, 5));
    }

    [Fact]
    public void Any_array_makes_the_round_trip()
    {
        Gen<int[]> shapes = Gen.Choose(0, 8).SelectMany(static rank => Gen.Choose(0, 3).ArrayOf(rank));
        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true), Prop.ForAll(shapes.ToArbitrary(), static extents =>
        {
            Shape shape = new(extents);
            double[] values = new double[shape.Count];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = i - 0.25;
            }

            byte[] bytes = Written(shape, values);
            Assert.Equal(0, (bytes.Length - (8 * values.Length)) % 64);
            NpyArray array = NpyFile.Parse(bytes);
            Assert.Equal(shape, array.Shape);
            Assert.Equal(values, array.ToArray<double>().Values);
        }));
    }

    [Fact]
    public void Each_type_is_read()
    {
        Assert.Equal([true, false], NpyFile.Parse(Written(new Shape(2), true, false)).ToArray<bool>().Values);
        Assert.Equal([0.5f, -2], NpyFile.Parse(Written(new Shape(2), (Half)0.5f, (Half)(-2))).ToTensor().ToArray());
        Assert.Equal([0.5f, -2], NpyFile.Parse(Written(new Shape(2), 0.5, -2)).ToTensor().ToArray());
        Assert.Equal([0.5f, -2], NpyFile.Parse(Written(new Shape(2), 0.5f, -2f)).ToTensor().ToArray());
        Assert.Equal([-1L, 7], NpyFile.Parse(Written<sbyte>(new Shape(2), -1, 7)).ToIntegers().Values);
        Assert.Equal([255L, 7], NpyFile.Parse(Written<byte>(new Shape(2), 255, 7)).ToIntegers().Values);
        Assert.Equal([-1L, 7], NpyFile.Parse(Written<short>(new Shape(2), -1, 7)).ToIntegers().Values);
        Assert.Equal([65535L, 7], NpyFile.Parse(Written<ushort>(new Shape(2), 65535, 7)).ToIntegers().Values);
        Assert.Equal([-1L, 7], NpyFile.Parse(Written(new Shape(2), -1, 7)).ToIntegers().Values);
        Assert.Equal([uint.MaxValue, 7L], NpyFile.Parse(Written<uint>(new Shape(2), uint.MaxValue, 7)).ToIntegers().Values);
        Assert.Equal([long.MinValue, 7L], NpyFile.Parse(Written(new Shape(2), long.MinValue, 7L)).ToIntegers().Values);
        Assert.Throws<ModelFormatException>(() => NpyFile.Parse(Written<ulong>(new Shape(1), ulong.MaxValue)).ToIntegers());
        Assert.Throws<ModelFormatException>(() => NpyFile.Parse(Written<int>(new Shape(1), 1)).ToTensor());
        Assert.Throws<ModelFormatException>(() => NpyFile.Parse(Written<int>(new Shape(1), 1)).ToArray<uint>());
        Assert.Throws<ArgumentException>(() => Written<decimal>(new Shape(1), 1));
        Assert.Throws<ArgumentException>(() => Written<int>(new Shape(2), 1));
    }

    [Fact]
    public void Big_endian_numbers_are_turned()
    {
        Assert.Equal([1f, -2f], NpyFile.Parse(File(Header("'>f4'", "False", "(2,)"), [0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0])).ToTensor().ToArray());
        Assert.Equal([258L], NpyFile.Parse(File(Header("'>u2'", "False", "(1,)"), [1, 2])).ToIntegers().Values);
        Assert.Equal([1L], NpyFile.Parse(File(Header("'>i8'", "False", "(1,)"), [0, 0, 0, 0, 0, 0, 0, 1])).ToIntegers().Values);
    }

    [Fact]
    public void Column_major_arrays_are_turned()
    {
        // The element at [i, j, k] of shape (2, 3, 2) stands at i + 2 j + 6 k.
        byte[] data = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
        Assert.Equal([0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11], NpyFile.Parse(File(Header("'|u1'", "True", "(2, 3, 2)"), data)).ToArray<byte>().Values);
        Assert.Equal(data, NpyFile.Parse(File(Header("'|u1'", "True", "(12,)"), data)).ToArray<byte>().Values);
        Assert.Equal(0, NpyFile.Parse(File(Header("'|u1'", "True", "(2, 0)"), [])).Shape.Count);
    }

    [Theory]
    [InlineData(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }   \n")]
    [InlineData(2, Float)]
    [InlineData(3, Float)]
    [InlineData(1, "{\"shape\":(2L,),\"fortran_order\":False,\"descr\":\"<f4\"}\n")]
    [InlineData(1, "{'descr':'<f4','fortran_order':True,'shape':( 1 , 2 , ) }\n")]
    public void Other_ways_to_write_a_header_are_read(int version, string header) => Assert.Equal(2, NpyFile.Parse(File(header, version: version)).Shape.Count);

    [Fact]
    public void Scalar_is_read() => Assert.Equal(Shape.Scalar, NpyFile.Parse(File(Header("'<f8'", "False", "()"))).Shape);

    [Theory]
    [InlineData("'|O'", "False", "(1,)", "Python objects are not read")]
    [InlineData("'O'", "False", "(1,)", "expected <, >")]
    [InlineData("'<c8'", "False", "(1,)", "'<c8'")]
    [InlineData("'<U1'", "False", "(2,)", "<U1")]
    [InlineData("'|S8'", "False", "(1,)", "|S8")]
    [InlineData("'<M8[ns]'", "False", "(1,)", "M8")]
    [InlineData("'=f4'", "False", "(2,)", "=f4")]
    [InlineData("'|f4'", "False", "(2,)", "|f4")]
    [InlineData("'<f16'", "False", "(1,)", "<f16")]
    [InlineData("''", "False", "(1,)", "expected <, >")]
    [InlineData("[('a', '<f4')]", "False", "(2,)", "structured types are not read")]
    [InlineData("'<f4'", "0", "(2,)", "True or False")]
    [InlineData("'<f4'", "false", "(2,)", "True or False")]
    [InlineData("'<f4'", "False", "(2)", "comma behind the only extent")]
    [InlineData("'<f4'", "False", "[2]", "a tuple")]
    [InlineData("'<f4'", "False", "2", "a tuple")]
    [InlineData("'<f4'", "False", "(-2,)", "0 or more")]
    [InlineData("'<f4'", "False", "(2.0,)", "found '.0")]
    [InlineData("'<f4'", "False", "(2,,)", "an extent")]
    [InlineData("'<f4'", "False", "(2 2)", "a comma")]
    [InlineData("'<f4'", "False", "(0x2,)", "found 'x2")]
    [InlineData("'<f4'", "False", "(2", "found '}")]
    [InlineData("'<f4'", "False", "__import__('os')", "a tuple")]
    [InlineData("'<f4'", "False", "(3,)", "the end of the file after 8 bytes; expected 12 bytes")]
    [InlineData("'<f4'", "False", "(1,)", "one more byte")]
    public void Headers_that_are_wrong_are_refused(string descr, string order, string shape, string part)
    {
        ModelFormatException exception = Refused<ModelFormatException>(File(Header(descr, order, shape)));
        Assert.Contains(part, exception.Message, StringComparison.Ordinal);
        Assert.True(exception.Offset >= 10);
    }

    [Theory]
    [InlineData("(2147483648,)")]
    [InlineData("(4611686018427387904, 8)")]
    [InlineData("(99999999999999999999999999999999,)")]
    [InlineData("(65536, 65536)")]
    [InlineData("(4194305, 4194305, 211106198978564)")]
    [InlineData("(0, 4611686018427387904)")]
    [InlineData("(1, 1, 1, 1, 1, 1, 1, 1, 1)")]
    [InlineData("(536870912, 2)")]
    public void Shapes_beyond_what_can_be_held_are_refused(string shape) => Refused<ModelLimitException>(File(Header("'<f4'", "False", shape)));

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }")]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("{}\n")]
    [InlineData("{'descr': '<f4', 'fortran_order': False}\n")]
    [InlineData("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}\n")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}\n")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x\n")]
    [InlineData("{'descr': '<f4' 'fortran_order': False, 'shape': (2,)}\n")]
    [InlineData("{'descr' '<f4', 'fortran_order': False, 'shape': (2,)}\n")]
    [InlineData("{descr: '<f4', 'fortran_order': False, 'shape': (2,)}\n")]
    [InlineData("{'descr': '<f4\\x00', 'fortran_order': False, 'shape': (2,)}\n")]
    [InlineData("{'descr': '<f4, 'fortran_order': False, 'shape': (2,)}\n")]
    [InlineData("{'descr': '<f4', 'fortran_order': Fals\n")]
    public void Broken_headers_are_refused(string header) => Refused<ModelFormatException>(File(header));

    [Fact]
    public void Other_files_and_versions_are_refused()
    {
        Assert.Equal(0, Refused<ModelFormatException>("PK\u0003\u0004 a zip file"u8.ToArray()).Offset);
        Assert.Equal(6, Refused<ModelFormatException>(File(Float, version: 4)).Offset);
        Assert.Equal(6, Refused<ModelFormatException>(File(Float, version: 0)).Offset);
        byte[] minor = File(Float);
        minor[7] = 1;
        Refused<ModelFormatException>(minor);
        Refused<ModelLimitException>(File(Float, version: 2, length: int.MaxValue));
        Refused<ModelLimitException>(File(Float, version: 2, length: -1));
        Refused<ModelFormatException>(File(Float, length: 60000));
    }

    [Fact]
    public void Files_are_saved_and_loaded()
    {
        string folder = Directory.CreateTempSubdirectory("mdyn-test-").FullName;
        try
        {
            string path = Path.Combine(folder, "x.npy");
            NpyFile.Save(path, Tensor.From(new Shape(1, 2), [3, 4]));
            Assert.Equal([3, 4], NpyFile.Load(path).ToTensor().ToArray());
            NpyFile.Save(path, new DataArray<int>(new Shape(1), [5]));
            Assert.Equal([5], NpyFile.Load(path).ToArray<int>().Values);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        Assert.Equal(0, HostileInput.Truncate(Written<int>(new Shape(2, 3), 0, 1, 2, 3, 4, 5), Read));
        Assert.Equal(0, HostileInput.Truncate(File(Header("'>f8'", "True", "(1, 1)"), version: 3), Read));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Mutations_are_read_or_refused(int seed)
    {
        HostileInput.Mutate(Written<int>(new Shape(2, 3), 0, 1, 2, 3, 4, 5), seed, 20_000, Read);
        HostileInput.Mutate(File(Header("'>f8'", "True", "(1, 1)"), version: 3), seed, 20_000, Read);
    }

    [Theory]
    [InlineData("'<f4'", "False")]
    [InlineData("'>f4'", "False")]
    [InlineData("'<f8'", "True")]
    [InlineData("'>f2'", "True")]
    public void Reading_in_parts_gives_the_whole(string descr, string order)
    {
        int size = descr[3] - '0';
        byte[] data = new byte[12 * size];
        for (int i = 0; i < data.Length; i++)
        {
            data[i] = (byte)(i % size is 0 or 1 ? 0x3c + (i % 3) : i);
        }

        byte[] file = File(Header(descr, order, "(4, 3)"), data);
        float[] whole = NpyFile.Parse(file).ToTensor().ToArray();
        NpyReader reader = new(new ForwardStream(file, 5), "x.npy");
        float[] parts = new float[12];
        reader.ReadSingles(parts.AsSpan(0, 3));
        reader.ReadSingles(parts.AsSpan(3, 0));
        reader.ReadSingles(parts.AsSpan(3, 9));
        reader.ExpectEnd();
        Assert.Equal(whole, parts);
        Assert.Throws<ArgumentException>(() => reader.ReadSingles(new float[1]));
    }

    [Fact]
    public void Reading_in_parts_refuses_what_is_cut()
    {
        Assert.Equal(0, HostileInput.Truncate(Written(new Shape(4, 3), new float[12]), ReadRows));
        HostileInput.Refused<ModelFormatException>([.. Written(new Shape(4, 3), new float[12]), 0], ReadRows);

        static void ReadRows(byte[] bytes)
        {
            NpyReader reader = new(new ForwardStream(bytes), "x.npy");
            float[] row = new float[3];
            for (int i = 0; i < 4; i++)
            {
                reader.ReadSingles(row);
            }

            reader.ExpectEnd();
        }
    }
}
