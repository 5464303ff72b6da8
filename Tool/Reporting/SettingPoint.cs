using System.Collections.Generic;

namespace ManagedDyn.Tool.Reporting;

/// <summary>The network under one setting of its confidence thresholds.</summary>
public sealed record SettingPoint(string Setting, double Macs, double Accuracy)
{
    public double? Milliseconds { get; init; }

    /// <summary>The share of inputs that left at each exit.</summary>
    public IReadOnlyList<double> Shares { get; init; } = [];

    /// <summary>The accuracy among those that left at each exit; NaN where nobody did.</summary>
    public IReadOnlyList<double> ExitAccuracies { get; init; } = [];
}
