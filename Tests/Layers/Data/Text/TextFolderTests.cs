using System;
using System.IO;
using System.Linq;
using System.Text;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Data.Text;
using Xunit;

namespace ManagedDyn.Tests.Layers.Data.Text;

public sealed class TextFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_of_parts_keeps_them_and_splits_off_what_is_missing()
    {
        Write("set/train.csv", "text,category\n" + string.Concat(Enumerable.Range(0, 40).Select(i => $"text {i},c{i % 4}\n")));
        Write("set/test.csv", "text,category\nother,c3\n\"two\nlines\",c0\n");
        TextSplits splits = Assert.IsType<TextSplits>(Datasets.OpenAny(Path.Combine(_folder.Root, "set")));
        Assert.Equal("set", splits.Name);
        Assert.Equal("texts", splits.Noun);
        Assert.Equal(["c0", "c1", "c2", "c3"], splits.ClassNames);
        Assert.Equal((36, 4, 2), (splits.TrainingCount, splits.ValidationCount, splits.TestCount));
        Assert.Equal([0, 1, 2, 3], splits.Validation.Labels.ToArray().Order());
        Assert.Equal(["other", "two\nlines"], splits.Test.Texts);
        TextSplits again = TextFolders.Open(Path.Combine(_folder.Root, "set"));
        Assert.Equal(splits.Validation.Texts, again.Validation.Texts);
        Assert.NotEqual(splits.Validation.Texts, TextFolders.Open(Path.Combine(_folder.Root, "set"), new DatasetOptions { SplitSeed = 2 }).Validation.Texts);
    }

    [Fact]
    public void One_table_plain_or_packed_is_split_in_three()
    {
        string lines = "label\tmsg\n" + string.Concat(Enumerable.Range(0, 50).Select(i => $"{(i % 5 == 0 ? "spam" : "ham")}\tmessage {i}\n"));
        foreach (string name in new[] { "sms.tsv", "sms.tsv.gz" })
        {
            TextSplits splits = TextFolders.Open(Write(name, lines));
            Assert.Equal((36, 4, 10), (splits.TrainingCount, splits.ValidationCount, splits.TestCount));
            Assert.Equal(2, splits.Test.Labels.ToArray().Count(label => label == 1));
        }
    }

    [Fact]
    public void Json_may_hold_texts_of_none_of_the_classes()
    {
        string path = Write("intents.json", """
            {"oos_val": [["weather?", "oos"]], "train": [["a b", "x"], ["c", "y"]], "val": [["a", "x"]], "test": [["d", "y"], ["e", "x"]], "oos_test": [["?", "oos"], ["!", "oos"]]}
            """);
        Write("domains.json", """{"x": ["a"]}""");
        TextSplits splits = TextFolders.Open(_folder.Root);
        Assert.Equal((2, 1, 2), (splits.TrainingCount, splits.ValidationCount, splits.TestCount));
        Assert.Equal(["weather?"], splits.OutsideValidation!.Texts);
        Assert.Equal(2, splits.OutsideTest!.Texts.Count);
        Assert.Equal(2, TextFolders.Open(path).ClassNames.Count);
        Assert.Null(TextFolders.Open(Write("plain.json", """{"train": [["a", "x"], ["b", "y"]], "test": [["d", "y"]]}""")).OutsideTest);
    }

    [Theory]
    [InlineData("a.csv", "text,label\nx\n", "line 2")]
    [InlineData("a.csv", "text,label\n\"x", "quotes")]
    [InlineData("a.csv", "pixel,label\n1,2\n", "no such column")]
    [InlineData("a.tsv", "ham\tok\nno tab\n", "line 2")]
    [InlineData("a.tsv", "h\u0007am\tok\n", "control character")]
    [InlineData("train.json", """{"train": [["a", "x"], ["b"]]}""", "train[1]")]
    [InlineData("train.json", """{"train": [["a", "x"], ["\ud800", "x"]]}""", "train[1]")]
    [InlineData("train.json", """{"train": [["a", "x"]], "test": [["a", "unknown"]]}""", "unknown")]
    public void What_is_not_sound_is_refused_with_its_place(string name, string content, string words)
    {
        string path = Write(name, content);
        ModelFileException error = Assert.ThrowsAny<ModelFileException>(() => name.EndsWith(".json", StringComparison.Ordinal) ? (object)TextFolders.Open(path) : TextFiles.Read(path));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_bytes_are_texts_or_refused()
    {
        byte[] sound = Encoding.UTF8.GetBytes("""{"train": [["a, b", "x"], ["c", "y"]], "val": [["a", "x"]], "test": [["d", "y"]]}""");
        Random random = new(3);
        for (int i = 0; i < 400; i++)
        {
            byte[] bytes = (byte[])sound.Clone();
            for (int change = 0; change <= i % 3; change++)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            foreach (string name in new[] { "fuzz.json", "fuzz.csv", "fuzz.tsv" })
            {
                string path = _folder.Write(name, bytes.AsSpan(0, i % 2 == 0 ? bytes.Length : random.Next(bytes.Length)));
                try
                {
                    _ = TextFolders.Recognise(path);
                    _ = TextFolders.Open(path);
                }
                catch (ModelFileException)
                {
                }
            }
        }
    }

    [Fact]
    public void What_unpacks_to_more_than_the_limit_is_refused()
    {
        string path = Path.Combine(_folder.Root, "bomb.json.gz");
        using (System.IO.Compression.GZipStream packed = new(File.Create(path), System.IO.Compression.CompressionLevel.Fastest))
        {
            byte[] spaces = new byte[1 << 20];
            spaces.AsSpan().Fill((byte)' ');
            for (int i = 0; i <= 128; i++)
            {
                packed.Write(spaces);
            }
        }

        Assert.InRange(new FileInfo(path).Length, 1, 2 << 20);
        Assert.Contains("unpacked", Assert.Throws<ModelLimitException>(() => TextFiles.ReadJson(path, ["train"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stream_ends_at_its_limit()
    {
        using LimitedStream whole = new(new MemoryStream(new byte[10]), 10, "file", "things");
        Assert.Equal(10, whole.ReadAtLeast(new byte[20], 20, throwOnEndOfStream: false));
        using LimitedStream more = new(new MemoryStream(new byte[11]), 10, "file", "things");
        Assert.Throws<ModelLimitException>(() => more.ReadAtLeast(new byte[20], 20, throwOnEndOfStream: false));
    }

    [Fact]
    public void A_part_that_is_no_table_and_folds_are_refused()
    {
        Write("set/one.csv", "text,label\na,b\n");
        Write("set/two.csv", "text,label\na,b\n");
        Assert.Contains("2 tables", Assert.Throws<ModelFormatException>(() => TextFolders.Open(Path.Combine(_folder.Root, "set"))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => TextFolders.Open(Path.Combine(_folder.Root, "set"), new DatasetOptions { Folds = 4 }));
        Write("numbers/train.csv", "1,2,3\n4,5,6\n");
        Assert.False(TextFolders.Recognise(Path.Combine(_folder.Root, "numbers")));
    }

    private string Write(string name, string text) => _folder.Write(name, Encoding.UTF8.GetBytes(text));
}
