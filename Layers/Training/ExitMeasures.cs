using System.Collections.Generic;

namespace ManagedDyn.Layers.Training;

/// <summary>How well the exits of a network do on some samples.</summary>
public sealed class ExitMeasures
{
    internal ExitMeasures(long samples, double loss, double[] losses, double[] accuracies)
    {
        Samples = samples;
        Loss = loss;
        Losses = losses;
        Accuracies = accuracies;
    }

    /// <summary>The number of samples.</summary>
    public long Samples { get; }

    /// <summary>The mean of the objective; in validation the mean cross-entropy of the last exit.</summary>
    public double Loss { get; }

    /// <summary>The mean loss of each exit.</summary>
    public IReadOnlyList<double> Losses { get; }

    /// <summary>The share of samples that each exit classifies rightly, from 0 to 1.</summary>
    public IReadOnlyList<double> Accuracies { get; }
}
