namespace ManagedDyn.Tool.Reporting.Plots;

/// <summary>A level across the whole plot, with its name at the left end, where curves of accuracy leave room.</summary>
public sealed record ReferenceLine(double Y, string Label);
