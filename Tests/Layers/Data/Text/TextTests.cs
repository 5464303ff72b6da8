using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Data.Text;
using Xunit;

namespace ManagedDyn.Tests.Layers.Data.Text;

public sealed class TextTests : IDisposable
{
    private static readonly string[] Texts = ["The cat, the hat!", "the CAT isn't here", "a hat"];

    private readonly string _folder = Directory.CreateTempSubdirectory("mdyn-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Words_are_ordered_by_frequency_and_the_rest_is_unknown()
    {
        WordTokenizer tokenizer = WordTokenizer.Train(Texts, 5);
        Assert.Equal(["the", "cat", "hat"], tokenizer.Tokens);
        Assert.Equal(5, tokenizer.Vocabulary);
        List<int> identifiers = [];
        tokenizer.Encode("Cat & THE dog", identifiers);
        Assert.Equal([3, 1, 2, 1], identifiers);
        Assert.Equal("cat", tokenizer.Describe(3));
        Assert.Equal(["a", "cat", "hat", "the"], WordTokenizer.Train(Texts, 100, leastCount: 1).Tokens.Where(word => word is "a" or "cat" or "hat" or "the").Order());
        Assert.Equal(3, WordTokenizer.Train(Texts, 100, leastCount: 2).Tokens.Count);
    }

    [Fact]
    public void A_text_fills_its_room_with_padding_behind()
    {
        WordTokenizer tokenizer = WordTokenizer.Train(Texts, 100);
        float[] room = [9, 9, 9, 9];
        Assert.Equal(2, tokenizer.Encode("the cat", room, []));
        Assert.Equal([2f, 3f, 0f, 0f], room);
        Assert.Equal(6, tokenizer.Encode("the the the the the cat", room, []));
        Assert.Equal([2f, 2f, 2f, 2f], room);
    }

    [Fact]
    public void Byte_pairs_merge_what_is_frequent_and_know_every_text()
    {
        BytePairTokenizer tokenizer = BytePairTokenizer.Train(["low low low low lower lower newest newest newest widest"], 300);
        List<int> identifiers = [];
        tokenizer.Encode("low", identifiers);
        Assert.Single(identifiers);
        Assert.Equal("low", tokenizer.Describe(identifiers[0]));
        foreach (string text in new[] { "lowest", "Ünïcödé", "日本語", "👍🏽", new string('x', 200), "a\ud83dz", string.Empty })
        {
            identifiers.Clear();
            tokenizer.Encode(text, identifiers);
            Assert.DoesNotContain(identifiers, identifier => identifier < Tokenizer.First || identifier >= tokenizer.Vocabulary);
            if (!text.Contains('\ud83d') || text.Length > 3)
            {
                Assert.Equal(text.ToLowerInvariant(), string.Concat(identifiers.Select(identifier => Bytes(tokenizer, identifier)).SelectMany(bytes => bytes).ToArray() is var all ? System.Text.Encoding.UTF8.GetString([.. all]) : string.Empty));
            }
        }

        BytePairTokenizer again = new(tokenizer.Merges);
        List<int> other = [];
        again.Encode("lowest newer", other);
        identifiers.Clear();
        tokenizer.Encode("lowest newer", identifiers);
        Assert.Equal(identifiers, other);
        Assert.Throws<ArgumentException>(() => new BytePairTokenizer([(5, 900)]));
        Assert.Throws<ArgumentException>(() => new BytePairTokenizer([(5, 6), (5, 6)]));

        // Each doubles the one before: 256 bytes are a word, 512 are none. Chains of one byte more each are as deep as they are long.
        int first = tokenizer.Vocabulary - tokenizer.Merges.Count;
        List<(int, int)> doubling = [(5, 5)];
        List<(int, int)> chain = [(5, 5)];
        for (int i = 0; i < 7; i++)
        {
            doubling.Add((first + i, first + i));
        }

        for (int i = 0; i < 255; i++)
        {
            chain.Add((first + i, 5));
        }

        Assert.Equal(256, new BytePairTokenizer(doubling).Describe(first + 7).Length);
        Assert.Equal(257, new BytePairTokenizer(chain).Describe(first + 255).Length);
        doubling.Add((first + 7, first + 7));
        chain.Add((first + 255, 5));
        Assert.Contains("512", Assert.Throws<ArgumentException>(() => new BytePairTokenizer(doubling)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new BytePairTokenizer(chain));
    }

    [Fact]
    public void Files_of_all_forms_are_read()
    {
        TextDataset csv = TextFiles.Read(Write("a.csv", "text,category\n\"one, \"\"two\"\"\",b\nthree,a\n"));
        Assert.Equal(["one, \"two\"", "three"], csv.Texts);
        Assert.Equal(["a", "b"], csv.ClassNames);
        Assert.Equal([1, 0], csv.Labels.ToArray());
        TextDataset tsv = TextFiles.Read(Write("a.tsv", "label\tmsg\nspam\twin\ta prize\nham\thello\n"));
        Assert.Equal(["win\ta prize", "hello"], tsv.Texts);
        Assert.Equal([1, 0], tsv.Labels.ToArray());
        TextDataset json = TextFiles.ReadJson(Write("a.json", """{"train": [["x y", "b"], ["z", "a"]], "val": [["q", "b"]]}"""), ["train", "val"]);
        Assert.Equal(["x y", "z", "q"], json.Texts);
        Assert.Equal([1, 0, 1], json.Labels.ToArray());
        Assert.Contains("line 2", Assert.Throws<ModelFormatException>(() => TextFiles.Read(Write("b.tsv", "a\tb\nno tab\n"))).Message, StringComparison.Ordinal);
        Assert.Contains("'b'", Assert.Throws<ModelFormatException>(() => TextFiles.Read(Path.Combine(_folder, "a.csv"), ["a"])).Message, StringComparison.Ordinal);
        Assert.Throws<ModelFormatException>(() => TextFiles.ReadJson(Write("b.json", """{"train": [[]]}"""), ["train"]));
        Assert.Throws<ModelFormatException>(() => TextFiles.Read(Write("b.csv", "words,kind\nx,y\n")));
    }

    [Fact]
    public void Batches_hold_every_text_once_an_epoch_and_texts_of_like_length_together()
    {
        List<string> texts = [];
        List<int> labels = [];
        for (int i = 0; i < 101; i++)
        {
            texts.Add(string.Join(' ', Enumerable.Repeat("w", 1 + (i * 7 % 13))));
            labels.Add(i % 3);
        }

        TextDataset dataset = new(texts, labels, ["x", "y", "z"]);
        TextSamples samples = new(dataset, WordTokenizer.Train(texts, 10), 12);
        IBatchSource batches = samples.Batches(8, new RandomSource(1));
        Assert.Equal(13, batches.BatchCount);
        Assert.Equal(7, samples.CutCount);
        List<int> first = Epoch(batches, 0, out int padding);
        Assert.Equal(Enumerable.Range(0, 101), first.Order());
        Assert.NotEqual(first, Epoch(batches, 1, out _));
        Assert.Equal(first, Epoch(batches, 0, out _));
        Assert.True(padding < 110, $"{padding} places of padding are within the longest texts of their batches.");
        Assert.Equal(Enumerable.Range(0, 101), Epoch(samples.Batches(8), 3, out _));
    }

    [Fact]
    public void The_adding_problem_asks_for_the_sum_of_the_marked_numbers()
    {
        AddingProblem source = new(20, 4, 3, 5, levels: 201);
        float[] samples = new float[4 * 40];
        int[] labels = new int[4];
        source.Fill(1, 2, samples, labels);
        for (int n = 0; n < 4; n++)
        {
            float sum = 0;
            int marks = 0;
            for (int t = 0; t < 20; t++)
            {
                float marker = samples[(n * 40) + (2 * t) + 1];
                Assert.True(marker == 0 || t < 2 || t >= 10);
                marks += marker > 0 ? 1 : 0;
                sum += marker * samples[(n * 40) + (2 * t)];
            }

            Assert.Equal(2, marks);
            Assert.InRange(labels[n] - (((sum + 1) / 2) * 200), -0.51f, 0.51f);
        }

        float[] other = new float[samples.Length];
        source.Fill(0, 2, other, labels);
        Assert.NotEqual(samples, other);
        new AddingProblem(20, 4, 3, 5, isFixed: true).Fill(1, 2, samples, labels);
        Assert.Equal(other, samples);
    }

    private static List<int> Epoch(IBatchSource batches, int epoch, out int padding)
    {
        List<int> ids = [];
        padding = 0;
        for (int batch = 0; batch < batches.BatchCount; batch++)
        {
            int count = batches.CountOf(batch);
            float[] samples = new float[count * 12];
            int[] numbers = new int[count];
            batches.Fill(epoch, batch, samples, new int[count], numbers);
            ids.AddRange(numbers);
            int longest = Enumerable.Range(0, count).Max(n => samples.AsSpan(n * 12, 12).LastIndexOfAnyExcept(0f) + 1);
            padding += Enumerable.Range(0, count).Sum(n => longest - samples.AsSpan(n * 12, 12).LastIndexOfAnyExcept(0f) - 1);
        }

        return ids;
    }

    private static byte[] Bytes(BytePairTokenizer tokenizer, int identifier) => identifier switch
    {
        < 258 => [(byte)(identifier - Tokenizer.First)],
        258 => [],
        _ => [.. Bytes(tokenizer, tokenizer.Merges[identifier - 259].Left), .. Bytes(tokenizer, tokenizer.Merges[identifier - 259].Right)],
    };

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
