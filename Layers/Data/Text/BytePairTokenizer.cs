using System;
using System.Collections.Generic;
using System.Text;

namespace ManagedDyn.Layers.Data.Text;

/// <summary>
/// Byte-pair encoding within words (Sennrich, Haddow and Birch, ACL 2016), over the bytes of UTF-8 in lower case, so that nothing is unknown: a word is its bytes and
/// an end mark, and the pairs that training merged are merged in the order in which it did.
/// </summary>
public sealed class BytePairTokenizer : Tokenizer
{
    private const int Bytes = 256;
    private const int EndMark = First + Bytes;
    private const int FirstMerge = EndMark + 1;
    private const int LongestWord = 64;

    // Of a word's bytes with the end mark; a merge of more would apply nowhere, and a few dozen that double would stand for more than memory holds.
    private const int MostPieces = (4 * LongestWord) + 1;

    private readonly (int Left, int Right)[] _merges;
    private readonly Dictionary<(int Left, int Right), int> _ranks = [];

    /// <summary>Makes a tokenizer from its merges.</summary>
    /// <param name="merges">Pairs of identifiers, each below that of its own merge; all different.</param>
    /// <exception cref="ArgumentException">A pair stands there twice, names what is not there yet, or stands for more than a word of 64 characters.</exception>
    public BytePairTokenizer(IReadOnlyList<(int Left, int Right)> merges)
    {
        ArgumentNullException.ThrowIfNull(merges);
        _merges = [.. merges];
        int[] pieces = new int[_merges.Length];
        for (int i = 0; i < _merges.Length; i++)
        {
            (int left, int right) = _merges[i];
            if (left < First || right < First || left >= FirstMerge + i || right >= FirstMerge + i || !_ranks.TryAdd(_merges[i], i))
            {
                throw new ArgumentException($"Merge {i} is of {left} and {right}; expected a new pair of identifiers from {First} to {FirstMerge + i - 1}.", nameof(merges));
            }

            pieces[i] = (left < FirstMerge ? 1 : pieces[left - FirstMerge]) + (right < FirstMerge ? 1 : pieces[right - FirstMerge]);
            if (pieces[i] > MostPieces)
            {
                throw new ArgumentException($"Merge {i} stands for {pieces[i]} bytes; expected at most {MostPieces}, those of a word of {LongestWord} characters.", nameof(merges));
            }
        }
    }

    /// <summary>The pairs, in the order of training.</summary>
    public IReadOnlyList<(int Left, int Right)> Merges => _merges;

    /// <inheritdoc/>
    public override int Vocabulary => FirstMerge + _merges.Length;

    /// <summary>Merges the most frequent pair again and again; of pairs as frequent, the one with the smallest identifiers.</summary>
    /// <param name="texts">The training texts.</param>
    /// <param name="vocabulary">The most identifiers; at least 259, padding, unknown, bytes and the end mark.</param>
    public static BytePairTokenizer Train(IEnumerable<string> texts, int vocabulary)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabulary, FirstMerge);
        List<(int[] Pieces, int Count)> words = [];
        List<KeyValuePair<string, int>> counts = [.. WordTokenizer.Count(texts)];
        counts.Sort(static (left, right) => string.CompareOrdinal(left.Key, right.Key));
        List<int> pieces = [];
        foreach ((string word, int count) in counts)
        {
            pieces.Clear();
            AddBytes(word, pieces);
            words.Add((pieces.ToArray(), count));
        }

        List<(int, int)> merges = [];
        Dictionary<(int Left, int Right), long> pairs = [];
        while (FirstMerge + merges.Count < vocabulary && MostFrequent(words, pairs) is { } best)
        {
            int merged = FirstMerge + merges.Count;
            merges.Add(best);
            for (int i = 0; i < words.Count; i++)
            {
                int length = Merge(words[i].Pieces, words[i].Pieces.Length, best, merged);
                words[i] = (length == words[i].Pieces.Length ? words[i].Pieces : words[i].Pieces[..length], words[i].Count);
            }
        }

        return new BytePairTokenizer(merges);
    }

    /// <inheritdoc/>
    public override void Encode(ReadOnlySpan<char> text, List<int> identifiers)
    {
        ArgumentNullException.ThrowIfNull(identifiers);
        foreach (ReadOnlySpan<char> word in new Words(text))
        {
            for (ReadOnlySpan<char> rest = word; !rest.IsEmpty;)
            {
                int length = Math.Min(rest.Length, LongestWord);
                length -= length < rest.Length && char.IsHighSurrogate(rest[length - 1]) ? 1 : 0;
                EncodeWord(rest[..length], identifiers);
                rest = rest[length..];
            }
        }
    }

    /// <inheritdoc/>
    public override string Describe(int identifier)
    {
        List<byte> bytes = [];
        Expand(identifier, bytes);
        return identifier < First ? (identifier == Padding ? "<padding>" : "<unknown>") : Encoding.UTF8.GetString([.. bytes]);
    }

    private static void AddBytes(ReadOnlySpan<char> word, List<int> pieces)
    {
        Span<char> lower = stackalloc char[LongestWord];
        Span<byte> bytes = stackalloc byte[4 * LongestWord];
        int count = Encoding.UTF8.GetBytes(lower[..word.ToLowerInvariant(lower)], bytes);
        foreach (byte value in bytes[..count])
        {
            pieces.Add(First + value);
        }

        pieces.Add(EndMark);
    }

    private static (int Left, int Right)? MostFrequent(List<(int[] Pieces, int Count)> words, Dictionary<(int Left, int Right), long> pairs)
    {
        pairs.Clear();
        foreach ((int[] pieces, int count) in words)
        {
            for (int i = 0; i + 1 < pieces.Length; i++)
            {
                (int, int) pair = (pieces[i], pieces[i + 1]);
                pairs[pair] = pairs.GetValueOrDefault(pair) + count;
            }
        }

        (int Left, int Right)? best = null;
        long most = 1;
        foreach (((int Left, int Right) pair, long count) in pairs)
        {
            if (count > most || (count == most && best is { } other && pair.CompareTo(other) < 0))
            {
                (best, most) = (pair, count);
            }
        }

        return best;
    }

    // Merges a pair from the left, in place; returns what is left of the length.
    private static int Merge(Span<int> pieces, int length, (int Left, int Right) pair, int merged)
    {
        int to = 0;
        for (int from = 0; from < length; from++)
        {
            bool isPair = from + 1 < length && pieces[from] == pair.Left && pieces[from + 1] == pair.Right;
            pieces[to++] = isPair ? merged : pieces[from];
            from += isPair ? 1 : 0;
        }

        return to;
    }

    private void EncodeWord(ReadOnlySpan<char> word, List<int> identifiers)
    {
        int start = identifiers.Count;
        AddBytes(word, identifiers);
        Span<int> pieces = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(identifiers)[start..];
        int length = pieces.Length;
        while (length > 1)
        {
            int rank = int.MaxValue;
            for (int i = 0; i + 1 < length; i++)
            {
                rank = Math.Min(rank, _ranks.GetValueOrDefault((pieces[i], pieces[i + 1]), int.MaxValue));
            }

            if (rank == int.MaxValue)
            {
                break;
            }

            length = Merge(pieces, length, _merges[rank], FirstMerge + rank);
        }

        identifiers.RemoveRange(start + length, pieces.Length - length);
    }

    private void Expand(int identifier, List<byte> bytes)
    {
        if (identifier >= FirstMerge)
        {
            Expand(_merges[identifier - FirstMerge].Left, bytes);
            Expand(_merges[identifier - FirstMerge].Right, bytes);
        }
        else if (identifier is >= First and < EndMark)
        {
            bytes.Add((byte)(identifier - First));
        }
    }
}
