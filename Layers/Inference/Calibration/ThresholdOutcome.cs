using System.Collections.Generic;

namespace ManagedDyn.Layers.Inference.Calibration;

/// <summary>What thresholds gave on a set of samples.</summary>
public sealed record ThresholdOutcome
{
    /// <summary>The thresholds.</summary>
    public required ExitThresholds Thresholds { get; init; }

    /// <summary>The part of the samples answered rightly.</summary>
    public required double Accuracy { get; init; }

    /// <summary>The mean MACs a sample.</summary>
    public required double MeanMacs { get; init; }

    /// <summary>How many samples left at each exit.</summary>
    public required IReadOnlyList<int> ExitCounts { get; init; }

    /// <summary>The exit that each sample left at.</summary>
    public required IReadOnlyList<int> ExitOfSample { get; init; }

    /// <summary>How many samples are answered rightly that the last exit gets wrong.</summary>
    public required int Gained { get; init; }

    /// <summary>How many samples are answered wrongly that the last exit gets right.</summary>
    public required int Lost { get; init; }

    /// <summary>How much lower the accuracy is than the last exit's; negative when it is higher.</summary>
    public required double Drop { get; init; }

    /// <summary>
    /// The standard error of <see cref="Drop"/> as an estimate for other samples of the same kind. Only samples where the answers differ in
    /// being right count, so it is much smaller than the error of an accuracy.
    /// </summary>
    public required double DropError { get; init; }
}
