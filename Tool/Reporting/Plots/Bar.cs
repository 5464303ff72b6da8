namespace ManagedDyn.Tool.Reporting.Plots;

/// <summary>One bar: its name below, its value on top, and a smaller second line below the name.</summary>
public sealed record Bar(string Name, double Value)
{
    public string? Detail { get; init; }

    public SeriesColour Colour { get; init; }
}
