using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// A data set in its three parts: weights are trained on <see cref="Training"/>, everything that is chosen (thresholds, temperatures, when to
/// stop) is chosen on <see cref="Validation"/>, and <see cref="Test"/> is only ever measured.
/// </summary>
public sealed class ImageSplits : DataSplits
{
    private readonly ImageDataset? _all;
    private readonly DatasetOptions _options = DatasetOptions.Default;

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

    private ImageSplits(string name, ImageDataset training, ImageDataset validation, ImageDataset test, ImageDataset all, DatasetOptions options)
        : this(name, training, validation, test)
    {
        _all = all;
        _options = options;
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override string Noun => "images";

    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames => Training.ClassNames;

    /// <inheritdoc/>
    public override int TrainingCount => Training.Count;

    /// <inheritdoc/>
    public override int ValidationCount => Validation.Count;

    /// <inheritdoc/>
    public override int TestCount => Test.Count;

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
    /// <param name="options">The seed and the fractions of the split, or the folds.</param>
    /// <exception cref="ArgumentException">Folds are asked for and the source has a test part, or there are not 2 to 100.</exception>
    public static ImageSplits Make(string name, ImageDataset training, ImageDataset? test, DatasetOptions options)
    {
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Folds != 0)
        {
            return test is null
                ? OfFold(name, training, options)
                : throw new ArgumentException($"The data set {name} has a test part of its own; expected none where {options.Folds} folds take turns as it.", nameof(options));
        }

        RandomSource random = new(options.SplitSeed);
        if (test is null)
        {
            (training, test) = training.Split(options.TestFraction, random, "test");
        }

        (ImageDataset rest, ImageDataset validation) = training.Split(options.ValidationFraction, random, "validation");
        return new ImageSplits(name, rest, validation, test);
    }

    /// <summary>The same images with another fold as the test part; pixels are shared.</summary>
    /// <param name="fold">Which, from 0.</param>
    /// <exception cref="InvalidOperationException">The data set was not opened with folds.</exception>
    public override ImageSplits WithFold(int fold) => _all is null
        ? throw new InvalidOperationException($"The data set {Name} was opened without folds.")
        : fold == _options.Fold ? this : OfFold(Name, _all, _options with { Fold = fold });

    private static ImageSplits OfFold(string name, ImageDataset all, DatasetOptions options)
    {
        if (options.Folds is < 2 or > 100 || options.Fold < 0 || options.Fold >= options.Folds)
        {
            throw new ArgumentException($"Fold {options.Fold} of {options.Folds} was asked for; expected one of 2 to 100, counted from 0.", nameof(options));
        }

        RandomSource random = new(options.SplitSeed);
        (ImageDataset training, ImageDataset test) = all.Fold(options.Folds, options.Fold, random);
        (ImageDataset rest, ImageDataset validation) = training.Split(options.ValidationFraction, random, "validation");
        return new ImageSplits(name, rest, validation, test, all, options);
    }

    private static void CheckSame(ImageDataset first, ImageDataset other, string parameter)
    {
        if (first.ImageShape != other.ImageShape || first.ClassNames.Count != other.ClassNames.Count)
        {
            throw new ArgumentException($"The {parameter} part has images {other.ImageShape} of {other.ClassNames.Count} classes; expected {first.ImageShape} of {first.ClassNames.Count} as in training.", parameter);
        }
    }
}
