using System;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Selections;

/// <summary>Selections from selections: complement, union, intersection, difference, and a selection within a selection.</summary>
public static class SetSelections
{
    /// <summary>What is not selected, row by row.</summary>
    /// <param name="workspace">Where the selection lives.</param>
    /// <param name="selection">The selection.</param>
    public static Selection Complement(this Workspace workspace, Selection selection)
    {
        int total = checked(selection.Rows * selection.Universe);
        SelectionWriter writer = new(workspace, selection.Rows, selection.Universe, total - selection.Count);
        for (int row = 0; row < selection.Rows; row++)
        {
            int next = 0;
            if (!selection.IsAll)
            {
                foreach (int index in selection.Row(row))
                {
                    for (; next < index; next++)
                    {
                        writer.Add(next);
                    }

                    next = index + 1;
                }
            }
            else
            {
                next = selection.Universe;
            }

            for (; next < selection.Universe; next++)
            {
                writer.Add(next);
            }

            writer.EndRow();
        }

        return writer.Finish();
    }

    /// <summary>What either selects, row by row; all if one of them is all.</summary>
    /// <param name="workspace">Where the selection lives.</param>
    /// <param name="left">A selection.</param>
    /// <param name="right">Another one with as many rows and the same universe.</param>
    /// <exception cref="ArgumentException">Rows or universes differ.</exception>
    public static Selection Union(this Workspace workspace, Selection left, Selection right)
    {
        RequireSame(left, right);
        return left.IsAll ? left : right.IsAll ? right : Merge(workspace, left, right, leftOnly: true, both: true, rightOnly: true);
    }

    /// <summary>What both select, row by row.</summary>
    /// <param name="workspace">Where the selection lives.</param>
    /// <param name="left">A selection.</param>
    /// <param name="right">Another one with as many rows and the same universe.</param>
    /// <exception cref="ArgumentException">Rows or universes differ.</exception>
    public static Selection Intersect(this Workspace workspace, Selection left, Selection right)
    {
        RequireSame(left, right);
        return left.IsAll ? right : right.IsAll ? left : Merge(workspace, left, right, leftOnly: false, both: true, rightOnly: false);
    }

    /// <summary>What the first selects and the second does not, row by row.</summary>
    /// <param name="workspace">Where the selection lives.</param>
    /// <param name="left">A selection.</param>
    /// <param name="right">Another one with as many rows and the same universe.</param>
    /// <exception cref="ArgumentException">Rows or universes differ.</exception>
    public static Selection Except(this Workspace workspace, Selection left, Selection right)
    {
        RequireSame(left, right);
        if (left.IsAll || right.IsAll)
        {
            // All without some is their complement; anything without all is nothing, which is the complement of all.
            return workspace.Complement(right);
        }

        return Merge(workspace, left, right, leftOnly: true, both: false, rightOnly: false);
    }

    /// <summary>A selection among what another one selected: index i of the inner one stands for the i-th index of the outer one's row.</summary>
    /// <param name="workspace">Where the selection lives.</param>
    /// <param name="outer">The selection that came first; one row.</param>
    /// <param name="inner">One row over as many indices as the outer one selects.</param>
    /// <returns>One row over the outer universe.</returns>
    /// <exception cref="ArgumentException">One of them has several rows, or the inner universe is not what the outer one selects.</exception>
    public static Selection Compose(this Workspace workspace, Selection outer, Selection inner)
    {
        if (outer.Rows != 1 || inner.Rows != 1 || inner.Universe != outer.Count)
        {
            throw new ArgumentException($"A selection {inner} was made within {outer}; expected one row each, over {outer.Count}.", nameof(inner));
        }

        if (outer.IsAll || inner.IsAll)
        {
            return outer.IsAll ? inner : outer;
        }

        SelectionWriter writer = new(workspace, 1, outer.Universe, inner.Count);
        ReadOnlySpan<int> list = outer.Indices;
        foreach (int index in inner.Indices)
        {
            writer.Add(list[index]);
        }

        writer.EndRow();
        return writer.Finish();
    }

    /// <summary>The rows of a selection that another selects: regrouping a batch whose samples have selections of their own.</summary>
    /// <param name="workspace">Where the selection lives.</param>
    /// <param name="selection">Any selection.</param>
    /// <param name="rows">One row over the selection's rows.</param>
    /// <exception cref="ArgumentException">The second is not one row over the first one's rows.</exception>
    public static Selection TakeRows(this Workspace workspace, Selection selection, Selection rows)
    {
        if (rows.Rows != 1 || rows.Universe != selection.Rows)
        {
            throw new ArgumentException($"Rows {rows} were taken of a selection with {selection.Rows} rows; expected one row over them.", nameof(rows));
        }

        if (rows.IsAll)
        {
            return selection;
        }

        if (selection.IsAll)
        {
            return Selection.All(rows.Count, selection.Universe);
        }

        int count = 0;
        foreach (int row in rows.Indices)
        {
            count += selection.RowCount(row);
        }

        SelectionWriter writer = new(workspace, rows.Count, selection.Universe, count);
        foreach (int row in rows.Indices)
        {
            foreach (int index in selection.Row(row))
            {
                writer.Add(index);
            }

            writer.EndRow();
        }

        return writer.Finish();
    }

    /// <summary>A selection with a list: all indices are listed where everything is selected.</summary>
    /// <param name="workspace">Where the selection lives.</param>
    /// <param name="selection">Any selection.</param>
    public static Selection Expand(this Workspace workspace, Selection selection) =>
        selection.IsAll ? workspace.Complement(workspace.Complement(selection)) : selection;

    private static Selection Merge(Workspace workspace, Selection left, Selection right, bool leftOnly, bool both, bool rightOnly)
    {
        int capacity = checked((leftOnly || both ? left.Count : 0) + (rightOnly ? right.Count : 0));
        SelectionWriter writer = new(workspace, left.Rows, left.Universe, capacity);
        for (int row = 0; row < left.Rows; row++)
        {
            ReadOnlySpan<int> a = left.Row(row);
            ReadOnlySpan<int> b = right.Row(row);
            int i = 0;
            int j = 0;
            while (i < a.Length || j < b.Length)
            {
                int x = i < a.Length ? a[i] : int.MaxValue;
                int y = j < b.Length ? b[j] : int.MaxValue;
                if (x < y ? leftOnly : x > y ? rightOnly : both)
                {
                    writer.Add(Math.Min(x, y));
                }

                i += x <= y ? 1 : 0;
                j += y <= x ? 1 : 0;
            }

            writer.EndRow();
        }

        return writer.Finish();
    }

    private static void RequireSame(Selection left, Selection right)
    {
        if (left.Rows != right.Rows || left.Universe != right.Universe)
        {
            throw new ArgumentException($"A selection has {left.Rows} rows of {left.Universe}, another {right.Rows} of {right.Universe}; expected the same.", nameof(right));
        }
    }
}
