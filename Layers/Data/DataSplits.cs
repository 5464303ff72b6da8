using System;
using System.Collections.Generic;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// A data set in its three parts as its source has it, before an encoding makes of it what a network takes: <see cref="ImageSplits"/>, texts, recordings. What needs no
/// encoding is <see cref="ReadySplits"/>.
/// </summary>
public abstract class DataSplits
{
    /// <summary>The data set's name.</summary>
    public abstract string Name { get; }

    /// <summary>What the samples are, in the plural: "images", "texts".</summary>
    public abstract string Noun { get; }

    /// <summary>The names of the classes.</summary>
    public abstract IReadOnlyList<string> ClassNames { get; }

    /// <summary>The number of samples to train on.</summary>
    public abstract int TrainingCount { get; }

    /// <summary>The number of samples that choices are made on.</summary>
    public abstract int ValidationCount { get; }

    /// <summary>The number of samples to measure.</summary>
    public abstract int TestCount { get; }

    /// <summary>The same data with another fold as the test part.</summary>
    /// <param name="fold">Which, from 0.</param>
    /// <exception cref="InvalidOperationException">The data set was not opened with folds.</exception>
    public virtual DataSplits WithFold(int fold) => throw new InvalidOperationException($"The data set {Name} was opened without folds.");
}
