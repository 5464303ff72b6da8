namespace ManagedDyn.Tool.Reporting.Plots;

/// <summary>A point, with a label drawn beside it and a note shown when the pointer rests on it.</summary>
public readonly record struct PlotPoint(double X, double Y, string? Label = null, string? Note = null);
