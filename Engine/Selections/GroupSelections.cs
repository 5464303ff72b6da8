using System;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Selections;

/// <summary>Selections of groups of neighbouring indices, of the rows that select an index, and of the first indices.</summary>
public static class GroupSelections
{
    // Indices of a row up to which looking through all of them takes less time than a search.
    private const int ScannedLength = 32;

    /// <summary>The members of selected groups: group g stands for the indices g · size to (g + 1) · size, exclusive.</summary>
    /// <param name="workspace">Where the selection lives.</param>
    /// <param name="groups">The groups, in any number of rows; all stays all.</param>
    /// <param name="size">Members of a group, at least 1.</param>
    /// <returns>As many rows, over groups · size.</returns>
    public static Selection SelectMembers(this Workspace workspace, Selection groups, int size)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        int universe = checked(groups.Universe * size);
        if (groups.IsAll)
        {
            return Selection.All(groups.Rows, universe);
        }

        SelectionWriter writer = new(workspace, groups.Rows, universe, checked(groups.Count * size));
        for (int row = 0; row < groups.Rows; row++)
        {
            foreach (int group in groups.Row(row))
            {
                for (int i = 0; i < size; i++)
                {
                    writer.Add((group * size) + i);
                }
            }

            writer.EndRow();
        }

        return writer.Finish();
    }

    /// <summary>The rows that select an index, as one row: what an expert gets of a batch.</summary>
    /// <param name="workspace">Where the selection lives.</param>
    /// <param name="selection">The selection; all gives all rows.</param>
    /// <param name="index">The index.</param>
    /// <returns>One row over the selection's rows.</returns>
    public static Selection SelectRowsOf(this Workspace workspace, Selection selection, int index)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        if ((uint)index >= (uint)selection.Universe)
        {
            throw new ArgumentOutOfRangeException(nameof(index), index, $"Index {index} was asked of a selection over {selection.Universe}.");
        }

        if (selection.IsAll)
        {
            return Selection.All(1, selection.Rows);
        }

        SelectionWriter writer = new(workspace, 1, selection.Rows, selection.Rows);
        if (selection.Count > (long)selection.Rows * ScannedLength)
        {
            for (int row = 0; row < selection.Rows; row++)
            {
                if (selection.Row(row).BinarySearch(index) >= 0)
                {
                    writer.Add(row);
                }
            }
        }
        else
        {
            // Short lists are looked through as one: a search in each would take longer than what an expert then does with a row.
            ReadOnlySpan<int> indices = selection.Indices;
            ReadOnlySpan<int> offsets = selection.Offsets;
            int row = 0;
            int at = indices.IndexOf(index);
            while (at >= 0)
            {
                while (offsets[row + 1] <= at)
                {
                    row++;
                }

                writer.Add(row);
                int next = indices[(at + 1)..].IndexOf(index);
                at = next < 0 ? next : at + 1 + next;
            }
        }

        writer.EndRow();
        return writer.Finish();
    }

    /// <summary>The first indices of each row, as many as are asked for.</summary>
    /// <param name="workspace">Where the selection lives.</param>
    /// <param name="universe">Indices are from 0 to this, exclusive.</param>
    /// <param name="counts">How many for each row, from 0 to the universe.</param>
    /// <exception cref="ArgumentException">A count is out of range.</exception>
    public static Selection SelectFirst(this Workspace workspace, int universe, ReadOnlySpan<int> counts)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        int total = 0;
        foreach (int count in counts)
        {
            if (count < 0 || count > universe)
            {
                throw new ArgumentException($"The first {count} of {universe} indices were asked for.", nameof(counts));
            }

            total = checked(total + count);
        }

        SelectionWriter writer = new(workspace, counts.Length, universe, total);
        foreach (int count in counts)
        {
            for (int i = 0; i < count; i++)
            {
                writer.Add(i);
            }

            writer.EndRow();
        }

        return writer.Finish();
    }
}
