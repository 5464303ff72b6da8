using System;
using System.Numerics;
using System.Runtime.Intrinsics;
using CommunityToolkit.HighPerformance;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Selections;

/// <summary>Selections from masks and scores, and masks from selections. 64 entries at a time become the bits of a word, whose set bits are listed.</summary>
public static class MaskSelections
{
    private const int WordBits = 64;

    /// <summary>Selects where a mask is true.</summary>
    /// <param name="workspace">Where the selection lives.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="universe">The number of entries of a row.</param>
    /// <param name="mask">[rows, universe], row-major.</param>
    /// <exception cref="ArgumentException">The mask's length is not rows · universe.</exception>
    public static Selection SelectMask(this Workspace workspace, int rows, int universe, ReadOnlySpan<bool> mask)
    {
        CheckLength(rows, universe, mask.Length, nameof(mask));

        // A bool is a byte that is not zero; comparing bytes takes any such byte as true.
        ReadOnlySpan<byte> bytes = mask.AsBytes();
        SelectionWriter writer = new(workspace, rows, universe, bytes.Length - System.MemoryExtensions.Count(bytes, (byte)0));
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<byte> values = bytes.Slice(row * universe, universe);
            int i = 0;
            for (; i <= universe - WordBits; i += WordBits)
            {
                ulong zeros = 0;
                for (int part = 0; part < WordBits; part += Vector128<byte>.Count)
                {
                    Vector128<byte> isZero = Vector128.Equals(Vector128.Create(values.Slice(i + part, Vector128<byte>.Count)), Vector128<byte>.Zero);
                    zeros |= (ulong)isZero.ExtractMostSignificantBits() << part;
                }

                writer.AddWord(~zeros, i);
            }

            ulong rest = 0;
            for (int j = i; j < universe; j++)
            {
                rest |= (values[j] != 0 ? 1UL : 0UL) << (j - i);
            }

            writer.AddWord(rest, i);
            writer.EndRow();
        }

        return writer.Finish();
    }

    /// <summary>Selects where a bit mask is 1; each row starts with a new word.</summary>
    /// <param name="workspace">Where the selection lives.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="universe">The number of bits of a row.</param>
    /// <param name="words">[rows, ⌈universe / 64⌉]: bit i of word w stands for index 64 · w + i; bits beyond the universe must be 0.</param>
    /// <exception cref="ArgumentException">The number of words is wrong, or a bit beyond the universe is set; nothing has been made.</exception>
    public static Selection SelectBits(this Workspace workspace, int rows, int universe, ReadOnlySpan<ulong> words)
    {
        int rowWords = WordCount(universe);
        if (rows < 0 || words.Length != (long)rows * rowWords)
        {
            throw new ArgumentException($"The bit mask has {words.Length} words; expected {rowWords} for each of {rows} rows.", nameof(words));
        }

        int count = 0;
        for (int i = 0; i < words.Length; i++)
        {
            count += BitOperations.PopCount(words[i]);
            int last = universe % WordBits;
            if (last != 0 && i % rowWords == rowWords - 1 && words[i] >> last != 0)
            {
                throw new ArgumentException($"Row {i / rowWords} of a bit mask has bits beyond its {universe}; expected them to be 0.", nameof(words));
            }
        }

        SelectionWriter writer = new(workspace, rows, universe, count);
        for (int row = 0; row < rows; row++)
        {
            for (int word = 0; word < rowWords; word++)
            {
                writer.AddWord(words[(row * rowWords) + word], word * WordBits);
            }

            writer.EndRow();
        }

        return writer.Finish();
    }

    /// <summary>Selects where a score is above a threshold, or at it. A score that is no number is not selected.</summary>
    /// <param name="workspace">Where the selection lives.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="universe">The number of scores of a row.</param>
    /// <param name="scores">[rows, universe], row-major.</param>
    /// <param name="threshold">The smallest score that is selected.</param>
    /// <exception cref="ArgumentException">The number of scores is not rows · universe.</exception>
    public static Selection SelectAtLeast(this Workspace workspace, int rows, int universe, ReadOnlySpan<float> scores, float threshold)
    {
        CheckLength(rows, universe, scores.Length, nameof(scores));
        SelectionWriter writer = new(workspace, rows, universe, scores.Length);
        Vector128<float> bound = Vector128.Create(threshold);
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<float> values = scores.Slice(row * universe, universe);
            int i = 0;
            for (; i <= universe - WordBits; i += WordBits)
            {
                ulong word = 0;
                for (int part = 0; part < WordBits; part += Vector128<float>.Count)
                {
                    Vector128<float> isEnough = Vector128.GreaterThanOrEqual(Vector128.Create(values.Slice(i + part, Vector128<float>.Count)), bound);
                    word |= (ulong)isEnough.ExtractMostSignificantBits() << part;
                }

                writer.AddWord(word, i);
            }

            for (; i < universe; i++)
            {
                if (values[i] >= threshold)
                {
                    writer.Add(i);
                }
            }

            writer.EndRow();
        }

        return writer.Finish();
    }

    /// <summary>Writes a selection as a mask of true and false.</summary>
    /// <param name="selection">The selection.</param>
    /// <param name="mask">[rows, universe], row-major; overwritten.</param>
    /// <exception cref="ArgumentException">The mask's length is not rows · universe.</exception>
    public static void ToMask(this Selection selection, Span<bool> mask)
    {
        CheckLength(selection.Rows, selection.Universe, mask.Length, nameof(mask));
        mask.Fill(selection.IsAll);
        for (int row = 0; row < selection.Rows && !selection.IsAll; row++)
        {
            Span<bool> values = mask.Slice(row * selection.Universe, selection.Universe);
            foreach (int index in selection.Row(row))
            {
                values[index] = true;
            }
        }
    }

    /// <summary>Writes a selection as a bit mask.</summary>
    /// <param name="selection">The selection.</param>
    /// <param name="words">[rows, <see cref="WordCount"/>]; overwritten.</param>
    /// <exception cref="ArgumentException">The number of words is wrong.</exception>
    public static void ToBits(this Selection selection, Span<ulong> words)
    {
        int rowWords = WordCount(selection.Universe);
        if (words.Length != (long)selection.Rows * rowWords)
        {
            throw new ArgumentException($"There is room for {words.Length} words; expected {rowWords} for each of {selection.Rows} rows.", nameof(words));
        }

        words.Clear();
        for (int row = 0; row < selection.Rows; row++)
        {
            Span<ulong> values = words.Slice(row * rowWords, rowWords);
            if (selection.IsAll)
            {
                Fill(values, selection.Universe);
                continue;
            }

            foreach (int index in selection.Row(row))
            {
                values[index / WordBits] |= 1UL << (index % WordBits);
            }
        }
    }

    /// <summary>The number of words of a row of a bit mask.</summary>
    /// <param name="universe">The number of bits.</param>
    public static int WordCount(int universe) => (int)(((long)universe + WordBits - 1) / WordBits);

    private static void Fill(Span<ulong> words, int universe)
    {
        words.Fill(ulong.MaxValue);
        if (universe % WordBits != 0)
        {
            words[^1] = (1UL << (universe % WordBits)) - 1;
        }
    }

    private static void CheckLength(int rows, int universe, int length, string name)
    {
        if (rows < 0 || universe < 0 || length != (long)rows * universe)
        {
            throw new ArgumentException($"There are {length} entries; expected {rows} rows of {universe}.", name);
        }
    }
}
