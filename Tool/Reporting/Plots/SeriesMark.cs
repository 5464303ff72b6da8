namespace ManagedDyn.Tool.Reporting.Plots;

public enum SeriesMark
{
    Line,
    Points,
    LineAndPoints,

    /// <summary>A thin broken line: something to compare with.</summary>
    Dashed,
}
