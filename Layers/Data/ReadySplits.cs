using System;
using System.Collections.Generic;

namespace ManagedDyn.Layers.Data;

/// <summary>A data set whose values a network takes as they are, such as one that is built in.</summary>
public sealed class ReadySplits : DataSplits
{
    /// <summary>Wraps samples.</summary>
    /// <param name="samples">The samples.</param>
    public ReadySplits(SampleSplits samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        Samples = samples;
    }

    /// <summary>The samples.</summary>
    public SampleSplits Samples { get; }

    /// <inheritdoc/>
    public override string Name => Samples.Name;

    /// <inheritdoc/>
    public override string Noun => Samples.Noun;

    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames => Samples.Training.ClassNames;

    /// <inheritdoc/>
    public override int TrainingCount => Samples.Training.Count;

    /// <inheritdoc/>
    public override int ValidationCount => Samples.Validation.Count;

    /// <inheritdoc/>
    public override int TestCount => Samples.Test.Count;
}
