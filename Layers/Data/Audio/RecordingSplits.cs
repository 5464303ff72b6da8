using System;
using System.Collections.Generic;

namespace ManagedDyn.Layers.Data.Audio;

/// <summary>Labelled recordings in three parts.</summary>
public sealed class RecordingSplits : DataSplits
{
    /// <summary>Puts three parts together.</summary>
    /// <param name="name">The data set's name.</param>
    /// <param name="training">What is trained on.</param>
    /// <param name="validation">What choices are made on.</param>
    /// <param name="test">What is measured.</param>
    /// <exception cref="ArgumentException">The parts differ in their classes, or there is nothing to train on.</exception>
    public RecordingSplits(string name, RecordingDataset training, RecordingDataset validation, RecordingDataset test)
    {
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(validation);
        ArgumentNullException.ThrowIfNull(test);
        if (validation.ClassNames.Count != training.ClassNames.Count || test.ClassNames.Count != training.ClassNames.Count || training.Recordings.Count == 0)
        {
            throw new ArgumentException($"The parts have {training.ClassNames.Count}, {validation.ClassNames.Count} and {test.ClassNames.Count} classes and {training.Recordings.Count} recordings to train on; expected the same classes and at least one recording.", nameof(training));
        }

        Name = name;
        Training = training;
        Validation = validation;
        Test = test;
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override string Noun => "recordings";

    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames => Training.ClassNames;

    /// <inheritdoc/>
    public override int TrainingCount => Training.Recordings.Count;

    /// <inheritdoc/>
    public override int ValidationCount => Validation.Recordings.Count;

    /// <inheritdoc/>
    public override int TestCount => Test.Recordings.Count;

    /// <summary>What is trained on.</summary>
    public RecordingDataset Training { get; }

    /// <summary>What choices are made on.</summary>
    public RecordingDataset Validation { get; }

    /// <summary>What is measured.</summary>
    public RecordingDataset Test { get; }
}
