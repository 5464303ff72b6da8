using System;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Selections;

/// <summary>How a selection is taken of what was selected before.</summary>
public static class SelectionNesting
{
    /// <summary>
    /// The indices that selected rows stand for: with rows that are themselves indices <paramref name="outer"/>[0], [1], …, the selection of
    /// <paramref name="outer"/>[r] for each r in <paramref name="rows"/>.
    /// </summary>
    /// <param name="workspace">Where the selection lives.</param>
    /// <param name="outer">One row; all or none: each stands for itself.</param>
    /// <param name="rows">One row over as many as the outer selection has.</param>
    /// <exception cref="ArgumentException">The rows are not of the outer selection.</exception>
    public static Selection Nest(this Workspace workspace, Selection outer, Selection rows)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        if (outer.IsAll || rows.IsAll)
        {
            return outer.IsAll ? rows : outer;
        }

        if (outer.Rows != 1 || rows.Rows != 1 || rows.Universe != outer.Count)
        {
            throw new ArgumentException($"A selection of {rows} was taken of {outer}; expected one row over {outer.Count}.", nameof(rows));
        }

        Storage<int> storage = workspace.RentIntegers(2 + rows.Count);
        Span<int> values = storage.Slice(0, 2 + rows.Count);
        values[0] = 0;
        values[1] = rows.Count;
        ReadOnlySpan<int> from = outer.Indices;
        ReadOnlySpan<int> indices = rows.Indices;
        for (int i = 0; i < indices.Length; i++)
        {
            values[2 + i] = from[indices[i]];
        }

        return Selection.Wrap(storage, 1, outer.Universe, rows.Count);
    }
}
