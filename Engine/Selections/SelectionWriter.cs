using System;
using System.Numerics;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Selections;

/// <summary>
/// Writes a selection row by row into memory that has room for everything, from words of 64 bits: bit i of word w says whether index 64 · w + i
/// is selected.
/// </summary>
internal ref struct SelectionWriter
{
    private readonly Storage<int> _storage;
    private readonly Span<int> _offsets;
    private readonly Span<int> _indices;
    private readonly int _rows;
    private readonly int _universe;
    private int _row;
    private int _count;

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

        int count = 0;
        while (word != 0)
        {
            target[count++] = start + BitOperations.TrailingZeroCount(word);
            word &= word - 1;
        }

        _count += count;
    }

    /// <summary>Adds one index, larger than those of this row before it.</summary>
    public void Add(int index) => _indices[_count++] = index;

    /// <summary>The indices of the row that is written.</summary>
    public readonly Span<int> Current => _indices[_offsets[_row].._count];

    public void EndRow() => _offsets[++_row] = _count;

    public readonly Selection Finish() => Selection.Wrap(_storage, _rows, _universe, _count);
}
