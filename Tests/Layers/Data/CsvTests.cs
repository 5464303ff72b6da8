using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;
using ManagedDyn.Tests.Formats;
using Xunit;

namespace ManagedDyn.Tests.Layers.Data;

public sealed class CsvTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static List<string[]> Records(byte[] text, List<long>? lines = null)
    {
        using CsvReader reader = new(new ForwardStream(text, 5), "table.csv");
        List<string[]> records = [];
        while (reader.Read())
        {
            string[] fields = new string[reader.FieldCount];
            for (int i = 0; i < fields.Length; i++)
            {
                fields[i] = reader.Field(i).ToString();
            }

            records.Add(fields);
            lines?.Add(reader.Line);
        }

        return records;
    }

    private string Table(string text, string name = "table.csv") => _folder.Write(name, Encoding.UTF8.GetBytes(text));

    private ImageSplits Open(string text, DatasetOptions? options = null) =>
        Datasets.Open(Table(text), options ?? new DatasetOptions { TestFraction = 0, ValidationFraction = 0 });

    private string Refused(string text) =>
        Assert.ThrowsAny<ModelFileException>(() => Open(text)).Message;

    [Theory]
    [InlineData("a,b\nc,d\n", "a|b/c|d")]
    [InlineData("a,b\r\nc,d", "a|b/c|d")]
    [InlineData("a,b\rc,d\r", "a|b/c|d")]
    [InlineData("\uFEFFa,b", "a|b")]
    [InlineData("\n\r\na\n\n\nb\n\n", "a/b")]
    [InlineData(",", "|")]
    [InlineData("\"\"", "")]
    [InlineData("\"a\"\"b\",\"c,d\",\"e\r\nf\"", "a\"b|c,d|e\r\nf")]
    [InlineData("a, b ,", "a| b |")]
    [InlineData("", null)]
    [InlineData("\n", null)]
    public void Records_are_read_as_the_rule_says(string text, string? expected)
    {
        List<string> joined = [];
        foreach (string[] record in Records(Encoding.UTF8.GetBytes(text)))
        {
            joined.Add(string.Join('|', record));
        }

        Assert.Equal(expected, joined.Count == 0 ? null : string.Join('/', joined));
    }

    [Fact]
    public void Lines_are_counted_through_quotes_and_empty_lines()
    {
        List<long> lines = [];
        Records(Encoding.UTF8.GetBytes("a\n\r\n\"b\nb\r\nb\",c\rd\n"), lines);
        Assert.Equal([1L, 3, 6], lines);
    }

    [Fact]
    public void Any_records_make_the_round_trip()
    {
        Gen<string[][]> tables = ArbMap.Default.GeneratorFor<NonNull<string>>().Select(static text => text.Get.Replace('\ud800', 'x')).NonEmptyListOf()
            .Select(static fields => (string[])[.. fields]).NonEmptyListOf().Select(static records => (string[][])[.. records]);
        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true), Prop.ForAll(tables.ToArbitrary(), static records =>
        {
            StringBuilder text = new();
            List<string> expected = [];
            foreach (string[] fields in records)
            {
                for (int i = 0; i < fields.Length; i++)
                {
                    fields[i] = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(fields[i]));
                    text.Append(i == 0 ? string.Empty : ",").Append('"').Append(fields[i].Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
                }

                text.Append("\r\n");
                expected.Add(string.Join('\u0001', fields));
            }

            List<string> read = [];
            foreach (string[] fields in Records(Encoding.UTF8.GetBytes(text.ToString())))
            {
                read.Add(string.Join('\u0001', fields));
            }

            Assert.Equal(expected, read);
        }));
    }

    [Theory]
    [InlineData("a\"b\n")]
    [InlineData("\"a\"b\n")]
    [InlineData("\"a\n")]
    [InlineData("\"")]
    public void Wrong_quoting_is_refused(string text) => Assert.Throws<ModelFormatException>(() => Records(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Text_that_is_not_UTF8_is_refused() =>
        Assert.Contains("UTF-8", Assert.Throws<ModelFormatException>(() => Records([(byte)'a', 0xff, 0xfe])).Message, StringComparison.Ordinal);

    [Fact]
    public void Record_without_end_is_refused()
    {
        byte[] endless = new byte[(1 << 24) + 10];
        endless.AsSpan().Fill((byte)'1');
        Assert.Throws<ModelLimitException>(() => Records(endless));
        endless.AsSpan().Fill((byte)',');
        Assert.Throws<ModelLimitException>(() => Records(endless));
    }

    [Fact]
    public void Label_first_or_last_is_found()
    {
        ImageDataset last = Open("0,255,3,4,7\n0,6,5,4,9\n").Training;
        Assert.Equal(new Shape(2, 2, 1), last.ImageShape);
        Assert.Equal(["7", "9"], last.ClassNames);
        float[] image = new float[4];
        last.CopyImage(0, image);
        Assert.Equal([0, 1, 3 / 255f, 4 / 255f], image);
        ImageDataset first = Open("10,255,3,4,0\n2,6,5,4,0\n").Training;
        Assert.Equal(["2", "10"], first.ClassNames);
        Assert.Equal(1, first.Label(0));
        ImageDataset text = Open("cat,1,2,3,4\ndog,4,3,2,1\n").Training;
        Assert.Equal(["cat", "dog"], text.ClassNames);
        ImageDataset named = Open("p1,class,p2,p3,p4\n1,7,2,3,4\n5,8,6,7,8\n").Training;
        Assert.Equal(["7", "8"], named.ClassNames);
        ImageDataset numbered = Open("\uFEFFlabel,0,1,2,3\r\n3,1,2,3,4\r\n4,4,3,2,1\r\n").Training;
        Assert.Equal(["3", "4"], numbered.ClassNames);
        Assert.Equal(2, numbered.Count);
    }

    [Fact]
    public void Ambiguous_label_is_refused_and_can_be_said()
    {
        const string Text = "1,2,3,4,5\n2,3,4,5,6\n";
        Assert.Contains("say which", Refused(Text), StringComparison.Ordinal);
        Assert.Equal(["1", "2"], Open(Text, new DatasetOptions { LabelColumn = LabelColumn.First }).Training.ClassNames);
        Assert.Equal(["5", "6"], Open(Text, new DatasetOptions { LabelColumn = LabelColumn.Last }).Training.ClassNames);
    }

    [Theory]
    [InlineData("0,16,3,4,a\n", 16f)]
    [InlineData("0,17,3,4,a\n", 255f)]
    [InlineData("0,1,1,0,a\n", 1f)]
    public void Whole_numbers_are_brought_between_0_and_1(string text, float maximum)
    {
        float[] image = new float[4];
        Open(text).Training.CopyImage(0, image);
        Assert.Equal(float.Parse(text.Split(',')[1], System.Globalization.CultureInfo.InvariantCulture) / maximum, image[1]);
    }

    [Fact]
    public void Other_numbers_are_taken_as_they_are()
    {
        float[] image = new float[4];
        Open("-0.5,1e3,3,300,a\n").Training.CopyImage(0, image);
        Assert.Equal([-0.5f, 1000, 3, 300], image);
    }

    [Fact]
    public void Colour_and_rows_follow_from_the_number_of_pixels()
    {
        Assert.Equal(new Shape(2, 2, 3), Open("1,2,3,4,5,6,7,8,9,10,11,12,a\n").Training.ImageShape);
        Assert.Equal(new Shape(1, 5, 1), Open("1,2,3,4,5,a\n").Training.ImageShape);
    }

    [Theory]
    [InlineData("0,1,a\n0,1,2,b\n", "line 2: found 4 fields; expected 3")]
    [InlineData("0,1,a\n\n\n0,b\n", "line 4: found 2 fields; expected 3")]
    [InlineData("0,x,a\n0,1,b\n", "found 'x' in field 2; expected a finite number")]
    [InlineData("0,1,a\n0,NaN,b\n", "line 2: found 'NaN' in field 2")]
    [InlineData("0,1,a\n0,1e99,b\n", "line 2: found '1e99' in field 2")]
    [InlineData("0,1,a\n0,1,\n", "line 2: found nothing in field 3; expected a label")]
    [InlineData("0,1,a\n0,\u001b[2J,b\n", "'\\u001b[2J'")]
    [InlineData("0;1;a\n", "separated by commas")]
    [InlineData("", "no record")]
    [InlineData("\n\n", "no record")]
    [InlineData("p1,p2,label\n", "no record")]
    [InlineData("1,\"0,5\",a\n", "'0,5' in field 2")]
    public void Broken_tables_are_refused_with_the_line(string text, string part) =>
        Assert.Contains(part, Refused(text), StringComparison.Ordinal);

    [Fact]
    public void Training_and_test_tables_are_opened_together()
    {
        Table("0,1,2,3,a\n0,3,2,1,b\n", "digits.tra");
        _folder.Write("digits.tes.gz", "0,16,2,3,b\n"u8);
        ImageSplits splits = Datasets.Open(_folder.Root, new DatasetOptions { ValidationFraction = 0 });
        Assert.Equal((2, 0, 1), (splits.Training.Count, splits.Validation.Count, splits.Test.Count));
        Assert.Equal(1, splits.Test.Label(0));
        _folder.Write("digits.tes.gz", "0,16,2,3,c\n"u8);
        Assert.Contains("line 1: found the label 'c'", Assert.Throws<ModelFormatException>(() => Datasets.Open(_folder.Root)).Message, StringComparison.Ordinal);
        _folder.Write("digits.tes.gz", "0,16,2,b\n"u8);
        Assert.Contains("found 4 fields; expected 5", Assert.Throws<ModelFormatException>(() => Datasets.Open(_folder.Root)).Message, StringComparison.Ordinal);
        Table("0,1,2,3,a\n", "other.tra");
        Assert.Contains("2 tables for training", Assert.Throws<ModelFormatException>(() => Datasets.Open(_folder.Root)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_for_values_has_a_limit()
    {
        StringBuilder text = new();
        for (int i = 0; i < 1000; i++)
        {
            text.Append("1,2,3,4,a\n");
        }

        Assert.Equal(1000, Open(text.ToString(), new DatasetOptions { MaximumBytes = 16_000, TestFraction = 0, ValidationFraction = 0 }).Training.Count);
        Assert.Throws<ModelLimitException>(() => Open(text.ToString(), new DatasetOptions { MaximumBytes = 15_999 }));
    }

    [Fact]
    public void Any_bytes_are_read_or_refused()
    {
        byte[] sound = Encoding.UTF8.GetBytes("\uFEFFlabel,\"p1\",p2,p3,p4\r\ncat,1,2,3,4\r\n\"do\"\"g\",5,6.5,7,8\r\n");
        HostileInput.Truncate(sound, static bytes => Records(bytes));
        HostileInput.Mutate(sound, 1, 20_000, static bytes => Records(bytes));
        string path = Table("x");
        int left = 500;
        HostileInput.Mutate(sound, 2, left, bytes =>
        {
            File.WriteAllBytes(path, bytes);
            Datasets.Open(path);
        });
    }
}
