namespace ManagedDyn.Tool.Reporting.Plots;

/// <summary>One axis: its title, its scale, and limits where the data should not choose them.</summary>
public sealed record Axis(string Title)
{
    public AxisScale Scale { get; init; }

    public ValueFormat Format { get; init; }

    public double? Minimum { get; init; }

    public double? Maximum { get; init; }

    /// <summary>Ticks at whole numbers only: epochs, exits.</summary>
    public bool IsWhole { get; init; }
}
