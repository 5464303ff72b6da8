using System;

namespace ManagedDyn.Engine.Kernels.MatrixMultiply;

/// <summary>The output columns that one panel yields, and where they go.</summary>
internal readonly ref struct PanelColumns
{
    /// <summary>Columns side by side: the panel's first <paramref name="count"/> go to the output's from <paramref name="first"/> on.</summary>
    public PanelColumns(int first, int count)
    {
        First = first;
        Count = count;
    }

    /// <summary>Columns one by one.</summary>
    /// <param name="sources">Columns of the panel.</param>
    /// <param name="targets">The columns of the output that they go to.</param>
    public PanelColumns(ReadOnlySpan<int> sources, ReadOnlySpan<int> targets)
    {
        Sources = sources;
        Targets = targets;
        Count = targets.Length;
    }

    /// <summary>Some of the columns of a whole panel, each to its own place in the output's columns from <paramref name="first"/> on.</summary>
    /// <param name="first">Where the panel's first column belongs.</param>
    /// <param name="masks">For each column of the panel all bits set, or none where the output stays as it is.</param>
    public PanelColumns(int first, ReadOnlySpan<int> masks)
    {
        First = first;
        Count = masks.Length;
        Masks = masks;
    }

    public int First { get; }

    public int Count { get; }

    public ReadOnlySpan<int> Sources { get; }

    public ReadOnlySpan<int> Targets { get; }

    public ReadOnlySpan<int> Masks { get; }

    public bool AreMasked => !Masks.IsEmpty;

    public bool AreContiguous => Targets.IsEmpty;

    /// <summary>The number of the panel's columns, from the first, that must be computed.</summary>
    public int Extent => AreContiguous || Count == 0 ? Count : Sources[^1] + 1;
}
