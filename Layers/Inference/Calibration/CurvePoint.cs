using System;
using System.Collections.Generic;

namespace ManagedDyn.Layers.Inference.Calibration;

/// <summary>One point of an accuracy–compute curve.</summary>
/// <param name="Name">Such as "exit 2" or the name of an operating point.</param>
/// <param name="Thresholds">The thresholds that give it.</param>
/// <param name="MeanMacs">Mean MACs a sample.</param>
/// <param name="Accuracy">The part of the samples answered rightly.</param>
public sealed record CurvePoint(string Name, ExitThresholds Thresholds, double MeanMacs, double Accuracy)
{
    /// <summary>The part of the samples that leaves at each exit.</summary>
    public IReadOnlyList<double> ExitShares { get; init; } = [];

    /// <summary>The mean time a sample, in batches; null when it was not measured.</summary>
    public TimeSpan? MeanTime { get; init; }
}
