using System;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Selections;

/// <summary>
/// For each of some rows, a sorted set of indices of one universe: the samples of a batch that go on (one row), the pixels of each
/// sample's map that are computed (a row a sample), the channels, experts or tokens in use. A small handle, as <see cref="Tensor"/> is.
/// </summary>
/// <remarks>
/// <see cref="All(int, int)"/> holds no list: the dense case costs nothing and runs the same code. Within a row the indices ascend and are
/// distinct. The default value means "no selection given", which operators take as everything.
/// </remarks>
public readonly struct Selection
{
    // Layout: rows + 1 offsets into the indices, then the indices of all rows one after another. Null: everything is selected.
    private readonly Storage<int>? _storage;
    private readonly int _generation;

    private Selection(Storage<int>? storage, int rows, int universe, int count)
    {
        _storage = storage;
        _generation = storage?.Generation ?? 0;
        Rows = rows;
        Universe = universe;
        Count = count;
    }

    /// <summary>The number of rows.</summary>
    public int Rows { get; }

    /// <summary>Indices are from 0 to this, exclusive, in every row.</summary>
    public int Universe { get; }

    /// <summary>The number of selected indices, over all rows.</summary>
    public int Count { get; }

    /// <summary>Whether a selection was given at all.</summary>
    public bool Exists => Rows > 0 || _storage is not null;

    /// <summary>Whether everything is selected and there is no list: always so for what <see cref="All(int, int)"/> made, also for the default value.</summary>
    public bool IsAll => _storage is null;

    /// <summary>Whether nothing is selected.</summary>
    public bool IsEmpty => Count == 0 && !(_storage is null && Rows == 0);

    /// <summary>Where each row's indices start in <see cref="Indices"/>, and where the last ends: <see cref="Rows"/> + 1 values.</summary>
    /// <exception cref="InvalidOperationException">Everything is selected, so there is no list; or the workspace scope has ended.</exception>
    public ReadOnlySpan<int> Offsets => Live().Slice(0, Rows + 1);

    /// <summary>The indices of all rows one after another, ascending within a row.</summary>
    /// <exception cref="InvalidOperationException">Everything is selected, so there is no list; or the workspace scope has ended.</exception>
    public ReadOnlySpan<int> Indices => Live().Slice(Rows + 1, Count);

    internal Storage<int>? Storage => _storage is null ? null : Live();

    /// <summary>Everything, without a list.</summary>
    /// <param name="rows">The number of rows.</param>
    /// <param name="universe">The number of indices that could be selected in each row.</param>
    public static Selection All(int rows, int universe)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(universe);
        return new Selection(null, rows, universe, checked(rows * universe));
    }

    /// <summary>The number of indices selected in one row.</summary>
    /// <param name="row">The row.</param>
    public int RowCount(int row)
    {
        CheckRow(row);
        if (_storage is null)
        {
            return Universe;
        }

        ReadOnlySpan<int> offsets = Offsets;
        return offsets[row + 1] - offsets[row];
    }

    /// <summary>The indices selected in one row, ascending.</summary>
    /// <param name="row">The row.</param>
    /// <exception cref="InvalidOperationException">Everything is selected, so there is no list; or the workspace scope has ended.</exception>
    public ReadOnlySpan<int> Row(int row)
    {
        CheckRow(row);
        ReadOnlySpan<int> offsets = Offsets;
        return Indices[offsets[row]..offsets[row + 1]];
    }

    /// <summary>What is selected, in words.</summary>
    public override string ToString() => IsAll ? $"all of {Rows} × {Universe}" : $"{Count} of {Rows} × {Universe}";

    /// <summary>Wraps offsets and indices that are known to be sound.</summary>
    internal static Selection Wrap(Storage<int> storage, int rows, int universe, int count) => new(storage, rows, universe, count);

    private void CheckRow(int row)
    {
        if ((uint)row >= (uint)Rows)
        {
            throw new ArgumentOutOfRangeException(nameof(row), row, $"Row {row} was asked of a selection with {Rows} rows.");
        }
    }

    private Storage<int> Live()
    {
        if (_storage is null)
        {
            throw new InvalidOperationException("Everything is selected, so there is no list of indices; test IsAll first, or expand it.");
        }

        if (_storage.Generation != _generation)
        {
            throw new InvalidOperationException($"A selection ({Count} of {Rows} × {Universe}) was used after its workspace scope ended.");
        }

        return _storage;
    }
}
