using System.Collections.Generic;

namespace ManagedDyn.Tool.Reporting.Plots;

/// <summary>A named set of points drawn in one colour; points that are not finite are left out.</summary>
public sealed record Series(string Name, IReadOnlyList<PlotPoint> Points)
{
    public SeriesMark Mark { get; init; } = SeriesMark.LineAndPoints;

    public SeriesColour Colour { get; init; }

    /// <summary>Colours point by point, for points that are exits.</summary>
    public IReadOnlyList<SeriesColour>? PointColours { get; init; }
}
