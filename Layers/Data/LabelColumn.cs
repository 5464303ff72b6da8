namespace ManagedDyn.Layers.Data;

/// <summary>Which column of a table holds the labels.</summary>
public enum LabelColumn
{
    /// <summary>The one that a header names "label", "class" or "target"; else the first or the last, when only one of them can be.</summary>
    Found,

    /// <summary>The first.</summary>
    First,

    /// <summary>The last.</summary>
    Last,
}
