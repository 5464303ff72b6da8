using System;

namespace ManagedDyn.Layers.Training;

/// <summary>How a run ended.</summary>
public sealed class TrainingResult
{
    /// <summary>Why training returned.</summary>
    public required TrainingStatus Status { get; init; }

    /// <summary>Steps made, over all runs.</summary>
    public required long Step { get; init; }

    /// <summary>Whole epochs made, over all runs.</summary>
    public required int Epochs { get; init; }

    /// <summary>The last validation of this run; null when there was none.</summary>
    public ExitMeasures? Validation { get; init; }

    /// <summary>The best accuracy of the last exit in any validation, over all runs; 0 when there was none.</summary>
    public required double BestAccuracy { get; init; }

    /// <summary>The epoch of the best validation, from 0; −1 when there was none.</summary>
    public required int BestEpoch { get; init; }

    /// <summary>The time trained, over all runs.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Where the time of this run went.</summary>
    public required TrainingTimes Times { get; init; }
}
