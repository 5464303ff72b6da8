using System.Collections.Generic;

namespace ManagedDyn.Tool.Reporting.Pages;

/// <summary>A table; one row may be marked as the chosen one.</summary>
public sealed record TableBlock(string Title, IReadOnlyList<TableColumn> Columns, IReadOnlyList<IReadOnlyList<TableCell>> Rows) : Block
{
    public int? MarkedRow { get; init; }

    public string? Note { get; init; }
}
