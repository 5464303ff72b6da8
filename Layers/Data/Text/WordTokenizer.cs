using System;
using System.Collections.Generic;

namespace ManagedDyn.Layers.Data.Text;

/// <summary>A token for each word, in lower case: the most frequent words of the training texts, and one token for all others.</summary>
public sealed class WordTokenizer : Tokenizer
{
    /// <summary>The most characters of a word that is known.</summary>
    internal const int LongestWord = 64;

    private readonly string[] _words;
    private readonly Dictionary<string, int> _identifiers = new(StringComparer.Ordinal);

    /// <summary>Makes a tokenizer from its words.</summary>
    /// <param name="words">In the order of their identifiers, from <see cref="Tokenizer.First"/>; all different.</param>
    /// <exception cref="ArgumentException">A word stands there twice, is empty or too long, or holds a control character or half of a character.</exception>
    public WordTokenizer(IReadOnlyList<string> words)
    {
        ArgumentNullException.ThrowIfNull(words);
        _words = [.. words];
        for (int i = 0; i < _words.Length; i++)
        {
            if (!IsSound(_words[i]))
            {
                throw new ArgumentException($"Word {i} has {_words[i].Length} characters, or one that no text shows; expected 1 to {LongestWord} sound ones.", nameof(words));
            }

            if (!_identifiers.TryAdd(_words[i], First + i))
            {
                throw new ArgumentException($"The word \"{_words[i]}\" is there twice, the second time as number {i}; expected different words.", nameof(words));
            }
        }
    }

    /// <summary>The words, in the order of their identifiers.</summary>
    public IReadOnlyList<string> Tokens => _words;

    /// <inheritdoc/>
    public override int Vocabulary => First + _words.Length;

    /// <summary>Takes the most frequent words; of words as frequent, those that come first in the order of their characters.</summary>
    /// <param name="texts">The training texts.</param>
    /// <param name="vocabulary">The most identifiers, padding and unknown included.</param>
    /// <param name="leastCount">How often a word must occur.</param>
    public static WordTokenizer Train(IEnumerable<string> texts, int vocabulary, int leastCount = 1)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabulary, First);
        List<KeyValuePair<string, int>> counts = [.. Count(texts)];
        counts.RemoveAll(pair => pair.Value < leastCount);
        counts.Sort(static (left, right) => left.Value != right.Value ? right.Value.CompareTo(left.Value) : string.CompareOrdinal(left.Key, right.Key));
        int kept = Math.Min(counts.Count, vocabulary - First);
        string[] words = new string[kept];
        for (int i = 0; i < kept; i++)
        {
            words[i] = counts[i].Key;
        }

        return new WordTokenizer(words);
    }

    /// <inheritdoc/>
    public override void Encode(ReadOnlySpan<char> text, List<int> identifiers)
    {
        ArgumentNullException.ThrowIfNull(identifiers);
        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup = _identifiers.GetAlternateLookup<ReadOnlySpan<char>>();
        Span<char> lower = stackalloc char[LongestWord];
        foreach (ReadOnlySpan<char> word in new Words(text))
        {
            int length = word.Length > LongestWord ? -1 : word.ToLowerInvariant(lower);
            identifiers.Add(length >= 0 && lookup.TryGetValue(lower[..length], out int identifier) ? identifier : Unknown);
        }
    }

    /// <inheritdoc/>
    public override string Describe(int identifier) => identifier switch
    {
        Padding => "<padding>",
        Unknown => "<unknown>",
        _ => _words[identifier - First],
    };

    /// <inheritdoc/>
    public override IReadOnlyList<string> Pieces(string text)
    {
        List<string> pieces = [];
        foreach (ReadOnlySpan<char> word in new Words(text))
        {
            pieces.Add(word.ToString());
        }

        return pieces;
    }

    // Words are printed, and are read from files that may be hostile.
    private static bool IsSound(ReadOnlySpan<char> word)
    {
        for (int i = 0; i < word.Length; i++)
        {
            if (char.IsSurrogate(word[i]) ? i + 1 == word.Length || !char.IsSurrogatePair(word[i], word[++i]) : char.IsControl(word[i]))
            {
                return false;
            }
        }

        return word.Length is > 0 and <= LongestWord;
    }

    /// <summary>How often each word occurs, in lower case; overlong ones are left out.</summary>
    internal static Dictionary<string, int> Count(IEnumerable<string> texts)
    {
        Dictionary<string, int> counts = new(StringComparer.Ordinal);
        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        Span<char> lower = stackalloc char[LongestWord];
        foreach (string text in texts)
        {
            foreach (ReadOnlySpan<char> word in new Words(text))
            {
                if (IsSound(word))
                {
                    ReadOnlySpan<char> key = lower[..word.ToLowerInvariant(lower)];
                    lookup[key] = lookup.TryGetValue(key, out int count) ? count + 1 : 1;
                }
            }
        }

        return counts;
    }
}
