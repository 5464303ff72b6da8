using System.Collections.Generic;

namespace ManagedDyn.Tool.Reporting.Plots;

/// <summary>Lines and points over two axes.</summary>
public sealed record LinePlot(string Title, Axis X, Axis Y, IReadOnlyList<Series> Series) : Plot(Title)
{
    public IReadOnlyList<ReferenceLine> References { get; init; } = [];
}
