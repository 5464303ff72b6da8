using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;

namespace ManagedDyn.Layers.Data.Text;

/// <summary>Labelled texts in three parts, and texts of none of the classes where the source has some.</summary>
public sealed class TextSplits : DataSplits
{
    /// <summary>Puts three parts together.</summary>
    /// <param name="name">The data set's name.</param>
    /// <param name="training">What is trained on.</param>
    /// <param name="validation">What choices are made on.</param>
    /// <param name="test">What is measured.</param>
    /// <exception cref="ArgumentException">The parts differ in their classes.</exception>
    public TextSplits(string name, TextDataset training, TextDataset validation, TextDataset test)
    {
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(validation);
        ArgumentNullException.ThrowIfNull(test);
        if (validation.ClassNames.Count != training.ClassNames.Count || test.ClassNames.Count != training.ClassNames.Count)
        {
            throw new ArgumentException($"The parts have {training.ClassNames.Count}, {validation.ClassNames.Count} and {test.ClassNames.Count} classes; expected the same.", nameof(training));
        }

        Name = name;
        Training = training;
        Validation = validation;
        Test = test;
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override string Noun => "texts";

    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames => Training.ClassNames;

    /// <inheritdoc/>
    public override int TrainingCount => Training.Texts.Count;

    /// <inheritdoc/>
    public override int ValidationCount => Validation.Texts.Count;

    /// <inheritdoc/>
    public override int TestCount => Test.Texts.Count;

    /// <summary>What is trained on.</summary>
    public TextDataset Training { get; }

    /// <summary>What choices are made on.</summary>
    public TextDataset Validation { get; }

    /// <summary>What is measured.</summary>
    public TextDataset Test { get; }

    /// <summary>Texts of none of the classes, to choose on; their labels mean nothing. null: there are none.</summary>
    public TextDataset? OutsideValidation { get; init; }

    /// <summary>Texts of none of the classes, to measure; their labels mean nothing. null: there are none.</summary>
    public TextDataset? OutsideTest { get; init; }

    /// <summary>Takes the parts that the source has not from the training part, each class by its share.</summary>
    /// <param name="name">The data set's name.</param>
    /// <param name="training">What the source gives for training.</param>
    /// <param name="validation">The source's validation part; null when it has none.</param>
    /// <param name="test">The source's test part; null when it has none.</param>
    /// <param name="options">The seed and the fractions of the split.</param>
    public static TextSplits Make(string name, TextDataset training, TextDataset? validation, TextDataset? test, DatasetOptions options)
    {
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(options);
        RandomSource random = new(options.SplitSeed);
        if (test is null)
        {
            (training, test) = training.Split(options.TestFraction, random, "test");
        }

        if (validation is null)
        {
            (training, validation) = training.Split(options.ValidationFraction, random, "validation");
        }

        return new TextSplits(name, training, validation, test);
    }
}
