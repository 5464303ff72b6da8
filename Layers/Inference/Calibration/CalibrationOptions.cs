using System.Collections.Generic;

namespace ManagedDyn.Layers.Inference.Calibration;

/// <summary>Which operating points a calibration makes.</summary>
public sealed record CalibrationOptions
{
    /// <summary>The options used when none are given.</summary>
    public static CalibrationOptions Default { get; } = new();

    /// <summary>Whether a temperature is fitted for each exit; if not, the model's own stay.</summary>
    public bool FitTemperatures { get; init; } = true;

    /// <summary>
    /// How much accuracy the points named "drop-…" may lose against the last exit, as parts of one: 0.003 makes "drop-0.3". The first one is what
    /// <see cref="Budget.Calibrated"/> uses.
    /// </summary>
    public IReadOnlyList<double> Drops { get; init; } = [0.003, 0.01];

    /// <summary>The parts of the whole network's MACs that the points named "macs-…" keep to: 0.5 makes "macs-50". Impossible ones are left out.</summary>
    public IReadOnlyList<double> MacsShares { get; init; } = [0.25, 0.5, 0.75];

    /// <summary>
    /// Mean MACs of a sample that a point named "spend", which then is the first, uses as much of as the curve of accuracy and compute allows: few validation samples
    /// hardly tell the most accurate thresholds from others, and more compute is rarely worse on other samples. Infinity, or less than the first exit takes: no such point.
    /// </summary>
    public double MostMacs { get; init; } = double.PositiveInfinity;

    /// <summary>How many standard errors of the drop, as cross-validation measures it, are kept as a distance, so that it holds on other samples too.</summary>
    public double Safety { get; init; } = 2;

    /// <summary>How to compute.</summary>
    public SessionOptions Session { get; init; } = SessionOptions.Default;
}
