using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text.Json;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Data.Text;
using ManagedDyn.Layers.Models;

namespace ManagedDyn.Layers.Inference;

/// <summary>How a text becomes a network's input: the identifiers of its tokens, cut at a length, with padding behind. Immutable.</summary>
public sealed class TextEncoding : InputEncoding
{
    internal const string KindName = "text";

    private const string Words = "words";
    private const string Pairs = "byte-pairs";
    private const int MostTokens = 1 << 20;
    private const int LongestText = 65536;

    /// <summary>Makes an encoding.</summary>
    /// <param name="tokenizer">Words or byte pairs.</param>
    /// <param name="length">The most tokens of a text.</param>
    /// <exception cref="ArgumentException">The tokenizer is of a kind that no file could name, or its vocabulary or the length is beyond what models take.</exception>
    public TextEncoding(Tokenizer tokenizer, int length)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, LongestText);
        if (tokenizer is not (WordTokenizer or BytePairTokenizer) || tokenizer.Vocabulary > MostTokens)
        {
            throw new ArgumentException($"The tokenizer is a {tokenizer.GetType().Name} of {tokenizer.Vocabulary} identifiers; expected words or byte pairs, at most {MostTokens}.", nameof(tokenizer));
        }

        Tokenizer = tokenizer;
        SampleShape = new Shape(length);
    }

    /// <summary>What makes identifiers of texts.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>The most tokens of a text.</summary>
    public int Length => SampleShape[0];

    /// <inheritdoc/>
    public override string Kind => KindName;

    /// <inheritdoc/>
    public override Shape SampleShape { get; }

    /// <inheritdoc/>
    public override SampleSplits Encode(DataSplits data)
    {
        if (data is not TextSplits texts)
        {
            ArgumentNullException.ThrowIfNull(data);
            throw Unfit(data, "texts");
        }

        return new SampleSplits(data.Name, Encode(texts.Training), Encode(texts.Validation), Encode(texts.Test))
        {
            Noun = data.Noun,
            OutsideValidation = texts.OutsideValidation is null ? null : Encode(texts.OutsideValidation),
            OutsideTest = texts.OutsideTest is null ? null : Encode(texts.OutsideTest),
        };
    }

    /// <summary>Prepares texts.</summary>
    /// <param name="texts">The texts.</param>
    public TextSamples Encode(TextDataset texts) => new(texts, Tokenizer, Length);

    internal static TextEncoding Read(OptionsReader reader)
    {
        int length = reader.Integer("length", 1, LongestText);
        string kind = reader.Text("tokenizer", Math.Max(Words.Length, Pairs.Length));
        return kind switch
        {
            Words => new TextEncoding(new WordTokenizer(reader.Texts(Words, MostTokens, WordTokenizer.LongestWord)), length),
            Pairs => new TextEncoding(new BytePairTokenizer(ReadMerges(reader.Integers("merges", 2 * MostTokens, 0, 2 * MostTokens))), length),
            _ => throw new ModelFormatException("model file", -1, $"a tokenizer of kind {FileText.Quote(kind)}", $"{Words} or {Pairs}"),
        };
    }

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteNumber("length"u8, Length);
        if (Tokenizer is WordTokenizer words)
        {
            json.WriteString("tokenizer"u8, Words);
            json.WriteStartArray(Words);
            foreach (string word in words.Tokens)
            {
                json.WriteStringValue(word);
            }
        }
        else
        {
            json.WriteString("tokenizer"u8, Pairs);
            json.WriteStartArray("merges"u8);
            foreach ((int left, int right) in ((BytePairTokenizer)Tokenizer).Merges)
            {
                json.WriteNumberValue(left);
                json.WriteNumberValue(right);
            }
        }

        json.WriteEndArray();
    }

    private static List<(int Left, int Right)> ReadMerges(int[] values)
    {
        if (values.Length % 2 != 0)
        {
            throw new ModelFormatException("model file", -1, string.Create(CultureInfo.InvariantCulture, $"{values.Length} numbers of merges"), "two a merge");
        }

        List<(int, int)> merges = [];
        for (int i = 0; i < values.Length; i += 2)
        {
            merges.Add((values[i], values[i + 1]));
        }

        return merges;
    }
}
