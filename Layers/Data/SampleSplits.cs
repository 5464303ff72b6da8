using System;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// Samples in three parts, ready for a network: weights are trained on <see cref="Training"/>, everything that is chosen is chosen on <see cref="Validation"/>, and
/// <see cref="Test"/> is only ever measured.
/// </summary>
public sealed class SampleSplits
{
    /// <summary>Puts three parts together.</summary>
    /// <param name="name">The data set's name.</param>
    /// <param name="training">What is trained on.</param>
    /// <param name="validation">What choices are made on.</param>
    /// <param name="test">What is measured.</param>
    /// <exception cref="ArgumentException">The parts differ in shape or classes.</exception>
    public SampleSplits(string name, SampleSet training, SampleSet validation, SampleSet test)
    {
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(validation);
        ArgumentNullException.ThrowIfNull(test);
        CheckSame(training, validation, nameof(validation));
        CheckSame(training, test, nameof(test));
        Name = name;
        Training = training;
        Validation = validation;
        Test = test;
    }

    /// <summary>The data set's name.</summary>
    public string Name { get; }

    /// <summary>What the samples are, in the plural: "images", "texts".</summary>
    public string Noun { get; init; } = "samples";

    /// <summary>Whether classes are even levels of a number from −1 to 1, so that an answer near the true level is nearly right.</summary>
    public bool AreLevels { get; init; }

    /// <summary>What is trained on.</summary>
    public SampleSet Training { get; }

    /// <summary>What choices are made on.</summary>
    public SampleSet Validation { get; }

    /// <summary>What is measured.</summary>
    public SampleSet Test { get; }

    /// <summary>Samples of none of the classes (their labels mean nothing), to choose on from which confidence an answer is given at all; null: there are none.</summary>
    public SampleSet? OutsideValidation { get; init; }

    /// <summary>Samples of none of the classes, to measure how many are turned away; null: there are none.</summary>
    public SampleSet? OutsideTest { get; init; }

    private static void CheckSame(SampleSet first, SampleSet other, string parameter)
    {
        if (first.SampleShape != other.SampleShape || first.ClassNames.Count != other.ClassNames.Count)
        {
            throw new ArgumentException($"The {parameter} part has samples {other.SampleShape} of {other.ClassNames.Count} classes; expected {first.SampleShape} of {first.ClassNames.Count} as in training.", parameter);
        }
    }
}
