using System;
using ManagedDyn.Engine.Execution;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// A data set in its three parts: weights are trained on <see cref="Training"/>, everything that is chosen (thresholds, temperatures, when to
/// stop) is chosen on <see cref="Validation"/>, and <see cref="Test"/> is only ever measured.
/// </summary>
public sealed class ImageSplits
{
    /// <summary>Puts three parts together.</summary>
    /// <param name="name">The data set's name.</param>
    /// <param name="training">What is trained on.</param>
    /// <param name="validation">What choices are made on.</param>
    /// <param name="test">What is measured.</param>
    /// <exception cref="ArgumentException">The parts differ in image shape or classes.</exception>
    public ImageSplits(string name, ImageDataset training, ImageDataset validation, ImageDataset test)
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

    /// <summary>What is trained on.</summary>
    public ImageDataset Training { get; }

    /// <summary>What choices are made on.</summary>
    public ImageDataset Validation { get; }

    /// <summary>What is measured.</summary>
    public ImageDataset Test { get; }

    /// <summary>Takes the validation part, and the test part where the source has none, from the training part.</summary>
    /// <param name="name">The data set's name.</param>
    /// <param name="training">What the source gives for training.</param>
    /// <param name="test">The source's test part; null when it has none.</param>
    /// <param name="options">The seed and the fractions of the split.</param>
    public static ImageSplits Make(string name, ImageDataset training, ImageDataset? test, DatasetOptions options)
    {
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(options);
        RandomSource random = new(options.SplitSeed);
        if (test is null)
        {
            (training, test) = training.Split(options.TestFraction, random, "test");
        }

        (ImageDataset rest, ImageDataset validation) = training.Split(options.ValidationFraction, random, "validation");
        return new ImageSplits(name, rest, validation, test);
    }

    private static void CheckSame(ImageDataset first, ImageDataset other, string parameter)
    {
        if (first.ImageShape != other.ImageShape || first.ClassNames.Count != other.ClassNames.Count)
        {
            throw new ArgumentException($"The {parameter} part has images {other.ImageShape} of {other.ClassNames.Count} classes; expected {first.ImageShape} of {first.ClassNames.Count} as in training.", parameter);
        }
    }
}
