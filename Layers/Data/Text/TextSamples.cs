using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Data.Text;

/// <summary>Texts as a network takes them: identifiers of tokens, [length] floats a text, with padding behind.</summary>
public sealed class TextSamples : SampleSet
{
    private readonly TextDataset _texts;
    private readonly int _vocabulary;
    private readonly int[] _tokens;
    private readonly int[] _starts;

    /// <summary>Encodes texts.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="tokenizer">Trained on the training part.</param>
    /// <param name="length">The most tokens of a text; the rest is cut off.</param>
    public TextSamples(TextDataset texts, Tokenizer tokenizer, int length)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        _texts = texts;
        _vocabulary = tokenizer.Vocabulary;
        SampleShape = new Shape(length);
        _starts = new int[texts.Texts.Count + 1];
        List<int> all = [];
        List<int> scratch = [];
        for (int i = 0; i < texts.Texts.Count; i++)
        {
            scratch.Clear();
            tokenizer.Encode(texts.Texts[i], scratch);
            CutCount += scratch.Count > length ? 1 : 0;
            for (int t = 0; t < Math.Min(length, scratch.Count); t++)
            {
                all.Add(scratch[t]);
            }

            _starts[i + 1] = all.Count;
        }

        _tokens = [.. all];
    }

    /// <inheritdoc/>
    public override Shape SampleShape { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames => _texts.ClassNames;

    /// <inheritdoc/>
    public override int Count => _texts.Texts.Count;

    /// <inheritdoc/>
    public override bool HasLengths => true;

    /// <summary>The number of texts that are longer than there is room.</summary>
    public int CutCount { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<KeyValuePair<string, string>> Settings =>
        [new("tokens", string.Create(CultureInfo.InvariantCulture, $"{_tokens.Length} of a vocabulary of {_vocabulary}"))];

    /// <inheritdoc/>
    public override int Label(int index) => _texts.Labels[index];

    /// <inheritdoc/>
    public override int Length(int index) => _starts[index + 1] - _starts[index];

    /// <inheritdoc/>
    public override void Read(int index, Span<float> destination)
    {
        Check(index, destination.Length);
        ReadOnlySpan<int> tokens = _tokens.AsSpan(_starts[index].._starts[index + 1]);
        for (int t = 0; t < tokens.Length; t++)
        {
            destination[t] = tokens[t];
        }

        destination[tokens.Length..].Clear();
    }
}
