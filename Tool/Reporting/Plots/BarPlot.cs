using System.Collections.Generic;

namespace ManagedDyn.Tool.Reporting.Plots;

/// <summary>Bars from zero, one a category.</summary>
public sealed record BarPlot(string Title, Axis Y, IReadOnlyList<Bar> Bars) : Plot(Title);
