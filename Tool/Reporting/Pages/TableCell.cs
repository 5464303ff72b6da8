using System.Collections.Generic;

namespace ManagedDyn.Tool.Reporting.Pages;

/// <summary>Text, or shares of exits drawn as one stacked bar.</summary>
public sealed record TableCell(string Text)
{
    public IReadOnlyList<double>? Shares { get; init; }

    public static implicit operator TableCell(string text) => FromText(text);

    public static TableCell FromText(string text) => new(text);
}
