using System;

namespace ManagedDyn.Layers.Training;

/// <summary>How a network is trained.</summary>
public sealed record TrainerOptions
{
    /// <summary>How often the training data is gone through.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>The root of all random numbers of the network's layers.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The largest norm of all gradients together, above which they are scaled down to it; null: no limit.</summary>
    public float? ClipNorm { get; init; }

    /// <summary>
    /// δ of the moving average of weights, a ← δ·a + (1 − δ)·p after each step, with which the network is validated and ends; null: no average.
    /// </summary>
    public float? AverageDecay { get; init; }

    /// <summary>Where checkpoints are written; null: nowhere.</summary>
    public string? CheckpointPath { get; init; }

    /// <summary>How many steps lie between checkpoints within an epoch; 0: only the end of each epoch has one.</summary>
    public int CheckpointSteps { get; init; }

    /// <summary>Where the log is written as comma-separated values; null: nowhere.</summary>
    public string? CsvPath { get; init; }

    /// <summary>Where the log is written as one JSON object a line; null: nowhere.</summary>
    public string? JsonLinesPath { get; init; }

    /// <summary>How many steps lie between lines of the log; 0: only epochs have lines.</summary>
    public int LogSteps { get; init; }

    /// <summary>After how much time training stops as if it were cancelled; it changes nothing before. Null: never.</summary>
    public TimeSpan? TimeLimit { get; init; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Epochs, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(CheckpointSteps);
        ArgumentOutOfRangeException.ThrowIfNegative(LogSteps);
        if (ClipNorm is { } norm && !(norm > 0 && float.IsFinite(norm)))
        {
            throw new ArgumentOutOfRangeException(nameof(ClipNorm), norm, "Expected a largest norm above 0.");
        }

        if (AverageDecay is { } decay && !(decay > 0 && decay < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(AverageDecay), decay, "Expected a decay between 0 and 1.");
        }

        if (TimeLimit is { } limit && limit <= TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(nameof(TimeLimit), limit, "Expected a time above 0.");
        }
    }
}
