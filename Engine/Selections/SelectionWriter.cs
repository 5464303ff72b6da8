using System;
using System.Numerics;
using System.Runtime.Intrinsics;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Selections;

/// <summary>
/// Writes a selection row by row into memory that has room for everything, from words of 64 bits: bit i of word w says whether index 64 · w + i
/// is selected.
/// </summary>
internal ref struct SelectionWriter
{
    // Bits up to which finding one after the other takes less time than four places at a time.
    private const int ScannedBits = 16;

    private readonly Storage<int> _storage;
    private readonly Span<int> _offsets;
    private readonly Span<int> _indices;
    private readonly int _rows;
    private readonly int _universe;
    private int _row;
    private int _count;

    // For each set of four bits the places of those that are set, ascending.
    private static ReadOnlySpan<byte> Places =>
    [
        0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0,
        2, 0, 0, 0, 0, 2, 0, 0, 1, 2, 0, 0, 0, 1, 2, 0,
        3, 0, 0, 0, 0, 3, 0, 0, 1, 3, 0, 0, 0, 1, 3, 0,
        2, 3, 0, 0, 0, 2, 3, 0, 1, 2, 3, 0, 0, 1, 2, 3,
    ];

    public SelectionWriter(Workspace workspace, int rows, int universe, int capacity)
    {
        _storage = workspace.RentIntegers(checked(rows + 1 + capacity));
        _offsets = _storage.Slice(0, rows + 1);
        _indices = _storage.Slice(rows + 1, capacity);
        _offsets[0] = 0;
        _rows = rows;
        _universe = universe;
    }

    /// <summary>Adds the set bits of a word; words come in ascending order.</summary>
    public void AddWord(ulong word, int start)
    {
        Span<int> target = _indices[_count..];
        if (word == ulong.MaxValue)
        {
            for (int i = 0; i < 64; i++)
            {
                target[i] = start + i;
            }

            _count += 64;
            return;
        }

        int count = BitOperations.PopCount(word);
        if (count > ScannedBits && target.Length >= count + 3)
        {
            AddNibbles(word, start, target);
        }
        else
        {
            for (int i = 0; word != 0; i++, word &= word - 1)
            {
                target[i] = start + BitOperations.TrailingZeroCount(word);
            }
        }

        _count += count;
    }

    // Four indices at a time, of which the next overwrite those that are not set.
    private static void AddNibbles(ulong word, int start, Span<int> target)
    {
        Vector128<int> first = Vector128.Create(start);
        for (int at = 0; word != 0; word >>= 4)
        {
            int set = (int)(word & 15);
            Vector128<int> places = Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(BitConverter.ToInt32(Places.Slice(4 * set, 4))).AsSByte()));
            (first + places).CopyTo(target[at..]);
            at += BitOperations.PopCount((uint)set);
            first += Vector128.Create(4);
        }
    }

    /// <summary>Adds one index, larger than those of this row before it.</summary>
    public void Add(int index) => _indices[_count++] = index;

    /// <summary>Adds places for indices, which the caller fills, ascending in the end.</summary>
    public Span<int> Take(int count)
    {
        Span<int> places = _indices.Slice(_count, count);
        _count += count;
        return places;
    }

    public void EndRow() => _offsets[++_row] = _count;

    public readonly Selection Finish() => Selection.Wrap(_storage, _rows, _universe, _count);
}
