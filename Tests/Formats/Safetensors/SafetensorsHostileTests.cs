using System;
using System.Buffers.Binary;
using System.IO;
using System.Text;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Formats.Safetensors;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Formats.Safetensors;

public sealed class SafetensorsHostileTests
{
    private const string Sound = "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";

    private static byte[] File(string header, int dataBytes = 0, ulong? length = null)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        byte[] file = new byte[8 + text.Length + dataBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(file, length ?? (ulong)text.Length);
        text.CopyTo(file.AsSpan(8));
        return file;
    }

    private static string One(string type, string shape, string offsets) => $"{{\"a\":{{\"dtype\":{type},\"shape\":{shape},\"data_offsets\":{offsets}}}}}";

    /// <summary>Reads all that a file offers, in each of the ways to read it; they must agree on whether it is sound.</summary>
    private static void ReadAll(byte[] bytes)
    {
        SafetensorsFile streamed;
        try
        {
            streamed = SafetensorsFile.Read(new ForwardStream(bytes));
        }
        catch (ModelFileException)
        {
            Assert.ThrowsAny<ModelFileException>(() => SafetensorsFile.Wrap(bytes));
            throw;
        }

        SafetensorsFile file = SafetensorsFile.Wrap(bytes);
        foreach (SafetensorsEntry entry in file.Entries)
        {
            Assert.Equal(file.Bytes(entry.Name).ToArray(), streamed.Bytes(entry.Name).ToArray());
            if (entry.Type is ElementType.F32 or ElementType.F64 or ElementType.F16 or ElementType.BF16)
            {
                Assert.Equal(entry.Shape, file.ReadTensor(entry.Name).Shape);
            }
            else
            {
                Assert.Equal(entry.Shape, file.ReadIntegers(entry.Name).Shape);
            }
        }
    }

    private static ModelFormatException Refused(byte[] bytes) => HostileInput.Refused<ModelFormatException>(bytes, static b => SafetensorsFile.Wrap(b));

    private static ModelLimitException Limited(byte[] bytes, SafetensorsLimits? limits = null) =>
        HostileInput.Refused<ModelLimitException>(bytes, b => SafetensorsFile.Wrap(b, limits));

    [Fact]
    public void Sound_file_is_read()
    {
        SafetensorsFile file = SafetensorsFile.Parse(File(Sound, 8));
        Assert.Equal(new Shape(2), file.ReadTensor("a").Shape);
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    [InlineData(1UL << 40)]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 63)]
    [InlineData(70UL)]
    public void Header_length_that_does_not_fit_is_refused(ulong length)
    {
        Assert.InRange(Refused(File(Sound, 8, length)).Offset, 0, 10);
        Stream stream = new ForwardStream(File(Sound, 8, length));
        Assert.ThrowsAny<ModelFileException>(() => SafetensorsFile.Read(stream));
    }

    [Fact]
    public void Header_beyond_the_limit_is_refused_before_it_is_read()
    {
        byte[] start = new byte[100];
        BinaryPrimitives.WriteUInt64LittleEndian(start, 100_000_001);
        HostileInput.Refused<ModelLimitException>(start, static b => SafetensorsFile.Read(new ForwardStream(b)));
        BinaryPrimitives.WriteUInt64LittleEndian(start, 100_000_000);
        HostileInput.Refused<ModelFormatException>(start, static b => SafetensorsFile.Read(new ForwardStream(b)));
    }

    [Theory]
    [InlineData(" {}")]
    [InlineData("[]")]
    [InlineData("\uFEFF{}")]
    [InlineData("<html>")]
    [InlineData("version https://git-lfs.github.com/spec/v1")]
    public void Header_that_does_not_start_with_a_brace_is_refused(string header) => Assert.Equal(8, Refused(File(header)).Offset);

    [Theory]
    [InlineData("{}{}")]
    [InlineData("{} x")]
    [InlineData("{}\0")]
    [InlineData("{")]
    [InlineData("{\"a\"")]
    [InlineData("{\"a\":}")]
    [InlineData("{,}")]
    [InlineData("{/* comment */}")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],}}")]
    public void Malformed_header_is_refused(string header) => Refused(File(header));

    [Fact]
    public void Header_that_is_not_text_is_refused()
    {
        byte[] file = File(Sound, 8);
        file[10] = 0xff;
        Assert.Contains("UTF-8", Refused(file).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_of_a_surrogate_pair_in_a_name_is_refused() =>
        Assert.Contains("Unicode", Refused(File(Sound.Replace("\"a\"", "\"\\ud800\"", StringComparison.Ordinal), 8)).Message, StringComparison.Ordinal);

    [Fact]
    public void Trailing_bytes_are_refused()
    {
        ModelFormatException exception = Refused(File(Sound, 9));
        Assert.Equal(8 + Sound.Length + 8, exception.Offset);
        Assert.Contains("9 bytes", exception.Message, StringComparison.Ordinal);
        byte[] longer = File(Sound, 9);
        Assert.Throws<ModelFormatException>(() => SafetensorsFile.Read(new ForwardStream(longer)));
        Assert.Throws<ModelFormatException>(() => SafetensorsFile.Read(new MemoryStream(longer)));
    }

    [Fact]
    public void Too_many_entries_are_refused()
    {
        StringBuilder header = new("{");
        for (int i = 0; i < 100_001; i++)
        {
            header.Append(i == 0 ? string.Empty : ",").Append("\"t").Append(i).Append("\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}");
        }

        byte[] file = File(header.Append('}').ToString());
        Assert.Equal(100_001, SafetensorsFile.Wrap(file).Entries.Count);
        Limited(file, new SafetensorsLimits { Entries = 100_000 });
    }

    [Fact]
    public void Too_much_metadata_is_refused() =>
        Limited(File("{\"__metadata__\":{\"a\":\"\",\"b\":\"\",\"c\":\"\"}}"), new SafetensorsLimits { Entries = 2 });

    [Theory]
    [InlineData('[')]
    [InlineData('{')]
    public void Depth_bomb_is_refused(char open)
    {
        string level = open == '[' ? "[" : "{\"a\":";
        StringBuilder header = new("{\"a\":");
        for (int i = 0; i < 100_000; i++)
        {
            header.Append(level);
        }

        Refused(File(header.ToString()));
    }

    [Theory]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},\"\\u0061\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"shape\":[0],\"data_offsets\":[0,0]}}")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0],\"data_offsets\":[0,0]}}")]
    [InlineData("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}")]
    [InlineData("{\"__metadata__\":{},\"__metadata__\":{}}")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0],\"more\":1}}")]
    public void Repeated_or_unknown_names_are_refused(string header) => Refused(File(header));

    [Theory]
    [InlineData("{\"__metadata__\":{\"k\":1}}")]
    [InlineData("{\"__metadata__\":{\"k\":null}}")]
    [InlineData("{\"__metadata__\":{\"k\":{}}}")]
    [InlineData("{\"__metadata__\":\"k\"}")]
    [InlineData("{\"__metadata__\":[]}")]
    [InlineData("{\"a\":1}")]
    [InlineData("{\"a\":{}}")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[0]}}")]
    [InlineData("{\"a\":{\"shape\":[0],\"data_offsets\":[0,0]}}")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,0]}}")]
    public void Values_of_another_kind_and_missing_ones_are_refused(string header) => Refused(File(header));

    [Theory]
    [InlineData("\"F99\"", "[0]", "[0,0]")]
    [InlineData("\"F8_E4M3\"", "[0]", "[0,0]")]
    [InlineData("\"f32\"", "[0]", "[0,0]")]
    [InlineData("\"\"", "[0]", "[0,0]")]
    [InlineData("7", "[0]", "[0,0]")]
    [InlineData("\"U8\"", "\"0\"", "[0,0]")]
    [InlineData("\"U8\"", "[\"0\"]", "[0,0]")]
    [InlineData("\"U8\"", "[-1]", "[0,0]")]
    [InlineData("\"U8\"", "[0.5]", "[0,0]")]
    [InlineData("\"U8\"", "[1e400]", "[0,0]")]
    [InlineData("\"U8\"", "[18446744073709551616]", "[0,0]")]
    [InlineData("\"U8\"", "[[0]]", "[0,0]")]
    [InlineData("\"U8\"", "[null]", "[0,0]")]
    [InlineData("\"U8\"", "[0]", "[0]")]
    [InlineData("\"U8\"", "[0]", "[]")]
    [InlineData("\"U8\"", "[0]", "[0,0,0]")]
    [InlineData("\"U8\"", "[0]", "[\"0\",0]")]
    [InlineData("\"U8\"", "[0]", "[-1,0]")]
    [InlineData("\"U8\"", "[0]", "[0,1e400]")]
    [InlineData("\"U8\"", "[0]", "[0,0.0]")]
    [InlineData("\"U8\"", "[0]", "{}")]
    [InlineData("\"U8\"", "[4]", "[8,4]")]
    [InlineData("\"U8\"", "[4]", "[0,8]")]
    [InlineData("\"U8\"", "[4]", "[0,3]")]
    [InlineData("\"F32\"", "[1]", "[0,1]")]
    [InlineData("\"U8\"", "[4]", "[4,8]")]
    [InlineData("\"U8\"", "[16]", "[0,16]")]
    [InlineData("\"U8\"", "[1]", "[9223372036854775806,9223372036854775807]")]
    [InlineData("\"U8\"", "[]", "[0,0]")]
    public void Entry_that_is_wrong_is_refused(string type, string shape, string offsets) => Refused(File(One(type, shape, offsets), 8));

    [Theory]
    [InlineData("[2147483648,2147483648]")]
    [InlineData("[4611686018427387904,8]")]
    [InlineData("[4194305,4194305,211106198978564]")]
    [InlineData("[0,4611686018427387904]")]
    [InlineData("[65536,65536]")]
    [InlineData("[1,1,1,1,1,1,1,1,1]")]
    public void Shape_beyond_what_can_be_held_is_refused(string shape) => Limited(File(One("\"U8\"", shape, "[0,4]"), 4));

    [Fact]
    public void Rank_bomb_is_refused() => Limited(File(One("\"U8\"", "[1" + new string(',', 1) + string.Join(',', new string('1', 100_000).ToCharArray()) + "]", "[0,1]"), 1));

    [Fact]
    public void Huge_extents_beside_a_zero_are_sound() =>
        Assert.Equal(0, SafetensorsFile.Wrap(File(One("\"U8\"", "[2147483647,0,2147483647]", "[0,0]"))).Find("a").Shape.Count);

    [Theory]
    [InlineData(0, 4, 4, 8, true)]
    [InlineData(4, 8, 0, 4, true)]
    [InlineData(0, 4, 0, 4, false)]
    [InlineData(0, 4, 2, 8, false)]
    [InlineData(0, 4, 5, 8, false)]
    [InlineData(1, 4, 4, 8, false)]
    [InlineData(0, 8, 4, 4, false)]
    [InlineData(0, 8, 0, 0, true)]
    [InlineData(0, 8, 8, 8, true)]
    [InlineData(0, 8, 9, 9, false)]
    [InlineData(0, 8, 2, 6, false)]
    public void Tensors_must_cover_the_data_without_hole_or_overlap(int begin, int end, int otherBegin, int otherEnd, bool sound)
    {
        byte[] file = File($"{{\"a\":{{\"dtype\":\"U8\",\"shape\":[{end - begin}],\"data_offsets\":[{begin},{end}]}},\"b\":{{\"dtype\":\"U8\",\"shape\":[{otherEnd - otherBegin}],\"data_offsets\":[{otherBegin},{otherEnd}]}}}}", 8);
        if (sound)
        {
            Assert.Equal(2, SafetensorsFile.Wrap(file).Entries.Count);
        }
        else
        {
            Refused(file);
        }
    }

    [Fact]
    public void Unaligned_values_are_read()
    {
        byte[] file = File("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[1,5]}}", 5);
        BinaryPrimitives.WriteSingleLittleEndian(file.AsSpan(file.Length - 4), 1.5f);
        Assert.Equal([1.5f], SafetensorsFile.Wrap(file).ReadTensor("b").ToArray());
    }

    [Fact]
    public void Long_names_are_refused()
    {
        string longest = new('n', 4096);
        Assert.True(SafetensorsFile.Wrap(File(Sound.Replace("\"a\"", $"\"{longest}\"", StringComparison.Ordinal), 8)).Contains(longest));
        Limited(File(Sound.Replace("\"a\"", $"\"{longest}n\"", StringComparison.Ordinal), 8));
    }

    [Fact]
    public void Names_cannot_forge_lines_of_a_message()
    {
        string header = "{\"\\u001b[31m\\n../x\\u202e\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,2]}}";
        Assert.Contains("\\u001b[31m\\u000a../x\\u202e", Refused(File(header, 2)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_beyond_the_limit_is_refused_before_it_is_read()
    {
        byte[] file = File(One("\"F64\"", "[200000000]", "[0,1600000000]"));
        HostileInput.Refused<ModelLimitException>(file, static b => SafetensorsFile.Read(new ForwardStream(b), new SafetensorsLimits { DataBytes = 1_000_000_000 }));
        HostileInput.Refused<ModelFormatException>(file, static b => SafetensorsFile.Read(new ForwardStream(b)));
    }

    [Fact]
    public void Every_truncation_is_refused() => Assert.Equal(0, HostileInput.Truncate(SafetensorsSample.Bytes(), ReadAll));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Mutations_are_read_or_refused(int seed) => HostileInput.Mutate(SafetensorsSample.Bytes(), seed, 20_000, ReadAll);
}
