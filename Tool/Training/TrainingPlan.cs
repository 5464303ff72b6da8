using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Layers.Data;

namespace ManagedDyn.Tool.Training;

/// <summary>Everything that a training run is made from; the same plan gives the same weights.</summary>
public sealed record TrainingPlan
{
    public const string UsualModel = "msdnet-small";

    public const string UsualAttention = "se";

    public const string UsualActivation = "relu";

    public const string Words = "words";

    public const string BytePairs = "byte-pairs";

    public required string Data { get; init; }

    public string Model { get; init; } = UsualModel;

    public int Epochs { get; init; } = 10;

    public int BatchSize { get; init; } = 64;

    public double Rate { get; init; } = 0.1;

    public double Decay { get; init; } = 5e-4;

    public double Smoothing { get; init; }

    public double Distillation { get; init; }

    /// <summary>The file of a trained model that every exit learns from too; empty: none.</summary>
    public string Teacher { get; init; } = "";

    public long Seed { get; init; } = 1;

    public int Shift { get; init; }

    public bool Flip { get; init; }

    public double Erase { get; init; }

    /// <summary>Pixels that images are resized to; 0: as they are.</summary>
    public int ImageSize { get; init; }

    /// <summary>How many parts of the data take turns as the test part; 0: there is one test part.</summary>
    public int Folds { get; init; }

    /// <summary>Which of the parts is the test part, from 0.</summary>
    public int Fold { get; init; }

    /// <summary>The share of the dynamic part that shall run; 0: as the model's preset has it.</summary>
    public double Target { get; init; }

    /// <summary>The attention of the models that have a choice, such as "se".</summary>
    public string Attention { get; init; } = UsualAttention;

    /// <summary>The activation of the models that have a choice, such as "relu".</summary>
    public string Activation { get; init; } = UsualActivation;

    /// <summary>What texts are cut into: words, or byte pairs.</summary>
    public string Tokenizer { get; init; } = Words;

    /// <summary>The most identifiers of tokens. A preset is given the number that there is; 0: the input is no text.</summary>
    public int Vocabulary { get; init; } = 4096;

    /// <summary>The most tokens of a text; 0: as many as nearly all training texts have.</summary>
    public int Length { get; init; }

    /// <summary>The tree that has grown, as numbers of <see cref="ManagedDyn.Layers.Models.AdaptiveTreeOptions.Nodes"/> with commas; empty: the model's own.</summary>
    public string Tree { get; init; } = "";

    /// <summary>Whether the classes are levels of a number; told to a preset, and no part of the plan.</summary>
    public bool AreLevels { get; init; }

    /// <summary>The samples drawn of a built-in data set, where a command takes other numbers at times; empty: not told.</summary>
    public string BuiltInSamples { get; init; } = "";

    public Augmentation Augmentation => new() { ShiftPixels = Shift, Flip = Flip, EraseProbability = (float)Erase };

    /// <summary>The plan as names and values, for the model's record, the report and the plan file.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Entries => BuiltInSamples.Length == 0 ? Common : [.. Common, new("built-in samples", BuiltInSamples)];

    private IReadOnlyList<KeyValuePair<string, string>> Common =>
    [
        new("data", Data),
        new("model", Model),
        new("epochs", Text(Epochs)),
        new("batch", Text(BatchSize)),
        new("rate", Text(Rate)),
        new("decay", Text(Decay)),
        new("smoothing", Text(Smoothing)),
        new("distillation", Text(Distillation)),
        new("teacher", Teacher),
        new("seed", Text(Seed)),
        new("shift", Text(Shift)),
        new("flip", Flip ? "yes" : "no"),
        new("erase", Text(Erase)),
        new("image size", Text(ImageSize)),
        new("folds", Text(Folds)),
        new("fold", Text(Fold)),
        new("target", Text(Target)),
        new("attention", Attention),
        new("activation", Activation),
        new("tokenizer", Tokenizer),
        new("vocabulary", Text(Vocabulary)),
        new("length", Text(Length)),
        new("tree", Tree),
    ];

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
