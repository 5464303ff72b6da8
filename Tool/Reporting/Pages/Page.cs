using System.Collections.Generic;

namespace ManagedDyn.Tool.Reporting.Pages;

/// <summary>A whole report.</summary>
public sealed record Page(string Title, IReadOnlyList<Section> Sections)
{
    public string? Kicker { get; init; }

    public string? Lead { get; init; }

    public IReadOnlyList<Figure> Figures { get; init; } = [];

    public string? Footer { get; init; }
}
