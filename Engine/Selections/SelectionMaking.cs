using System;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Selections;

/// <summary>How selections are made from lists; they live in the workspace.</summary>
public static class SelectionMaking
{
    /// <summary>Takes the indices of each row as given.</summary>
    /// <param name="workspace">Where the selection lives.</param>
    /// <param name="universe">Indices are from 0 to this, exclusive.</param>
    /// <param name="offsets">Where each row starts in <paramref name="indices"/>, and the end of the last: rows + 1 values, ascending from 0.</param>
    /// <param name="indices">The indices of all rows, ascending and distinct within a row.</param>
    /// <exception cref="ArgumentException">The offsets or indices are not sound; nothing has been made.</exception>
    public static Selection Select(this Workspace workspace, int universe, ReadOnlySpan<int> offsets, ReadOnlySpan<int> indices)
    {
        CheckOffsets(offsets, indices.Length);
        for (int row = 0; row + 1 < offsets.Length; row++)
        {
            int previous = -1;
            foreach (int index in indices[offsets[row]..offsets[row + 1]])
            {
                if (index <= previous || index >= universe)
                {
                    throw new ArgumentException($"Row {row} of a selection holds index {index} after {previous}; expected ascending indices below {universe}.", nameof(indices));
                }

                previous = index;
            }
        }

        int rows = offsets.Length - 1;
        Storage<int> storage = workspace.RentIntegers(offsets.Length + indices.Length);
        offsets.CopyTo(storage.Slice(0, offsets.Length));
        indices.CopyTo(storage.Slice(offsets.Length, indices.Length));
        return Selection.Wrap(storage, rows, universe, indices.Length);
    }

    /// <summary>One row of indices as given, such as the samples of a batch that go on.</summary>
    /// <param name="workspace">Where the selection lives.</param>
    /// <param name="universe">Indices are from 0 to this, exclusive.</param>
    /// <param name="indices">Ascending and distinct.</param>
    public static Selection Select(this Workspace workspace, int universe, ReadOnlySpan<int> indices) =>
        Select(workspace, universe, [0, indices.Length], indices);

    /// <summary>Keeps a selection alive when the scope ends.</summary>
    /// <param name="scope">The innermost scope.</param>
    /// <param name="selection">The selection.</param>
    /// <returns>The same selection.</returns>
    public static Selection Keep(this WorkspaceScope scope, Selection selection)
    {
        if (selection.Storage is { } storage)
        {
            scope.Keep(storage);
        }

        return selection;
    }

    private static void CheckOffsets(ReadOnlySpan<int> offsets, int count)
    {
        if (offsets.Length == 0 || offsets[0] != 0 || offsets[^1] != count)
        {
            throw new ArgumentException($"The offsets of a selection must go from 0 to the number of indices, {count}.", nameof(offsets));
        }

        for (int i = 1; i < offsets.Length; i++)
        {
            if (offsets[i] < offsets[i - 1])
            {
                throw new ArgumentException($"Offset {i} of a selection is {offsets[i]}, less than {offsets[i - 1]} before it.", nameof(offsets));
            }
        }
    }
}
