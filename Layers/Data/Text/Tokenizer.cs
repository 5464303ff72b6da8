using System;
using System.Collections.Generic;

namespace ManagedDyn.Layers.Data.Text;

/// <summary>Turns text into identifiers of a vocabulary that was trained from data. Immutable and shared by threads.</summary>
public abstract class Tokenizer
{
    /// <summary>The identifier behind the end of a text.</summary>
    public const int Padding = 0;

    /// <summary>The identifier of what the vocabulary does not hold.</summary>
    public const int Unknown = 1;

    /// <summary>The first identifier of a token.</summary>
    public const int First = 2;

    /// <summary>The number of identifiers, padding and unknown included.</summary>
    public abstract int Vocabulary { get; }

    /// <summary>The identifiers of a text, appended to a list.</summary>
    /// <param name="text">The text.</param>
    /// <param name="identifiers">The list; what it holds stays.</param>
    public abstract void Encode(ReadOnlySpan<char> text, List<int> identifiers);

    /// <summary>What an identifier stands for, in words a person can read.</summary>
    /// <param name="identifier">From 0 to below <see cref="Vocabulary"/>.</param>
    public abstract string Describe(int identifier);

    /// <summary>What each token of a text stands for, as a person reads it.</summary>
    /// <param name="text">The text.</param>
    /// <returns>As many pieces as the text has tokens.</returns>
    public virtual IReadOnlyList<string> Pieces(string text)
    {
        List<int> identifiers = [];
        Encode(text, identifiers);
        string[] pieces = new string[identifiers.Count];
        for (int i = 0; i < pieces.Length; i++)
        {
            pieces[i] = Describe(identifiers[i]);
        }

        return pieces;
    }

    /// <summary>A text as a network takes it: identifiers as floats, cut at the room there is, with padding behind.</summary>
    /// <param name="text">The text.</param>
    /// <param name="values">The room.</param>
    /// <param name="scratch">A list to use again.</param>
    /// <returns>The number of tokens that the whole text has.</returns>
    public int Encode(ReadOnlySpan<char> text, Span<float> values, List<int> scratch)
    {
        ArgumentNullException.ThrowIfNull(scratch);
        scratch.Clear();
        Encode(text, scratch);
        values.Clear();
        for (int i = 0; i < Math.Min(values.Length, scratch.Count); i++)
        {
            values[i] = scratch[i];
        }

        return scratch.Count;
    }
}
