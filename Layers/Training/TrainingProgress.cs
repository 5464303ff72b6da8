using System;

namespace ManagedDyn.Layers.Training;

/// <summary>Where training is.</summary>
public sealed class TrainingProgress
{
    /// <summary>Steps made, over all runs.</summary>
    public required long Step { get; init; }

    /// <summary>Steps to be made.</summary>
    public required long TotalSteps { get; init; }

    /// <summary>The epoch, from 0.</summary>
    public required int Epoch { get; init; }

    /// <summary>Epochs to be made.</summary>
    public required int Epochs { get; init; }

    /// <summary>The learning rate of the last step.</summary>
    public required float LearningRate { get; init; }

    /// <summary>The objective over the last batch.</summary>
    public required float BatchLoss { get; init; }

    /// <summary>The means over the epoch so far.</summary>
    public required ExitMeasures Training { get; init; }

    /// <summary>The validation at the end of the epoch; null within it.</summary>
    public ExitMeasures? Validation { get; init; }

    /// <summary>Samples a second in this run, validation left out.</summary>
    public required double SamplesPerSecond { get; init; }

    /// <summary>The time trained, over all runs.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>The time that remains at the pace of this run.</summary>
    public required TimeSpan Remaining { get; init; }
}
