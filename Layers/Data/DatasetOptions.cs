namespace ManagedDyn.Layers.Data;

/// <summary>How a data set is opened and split.</summary>
public sealed record DatasetOptions
{
    /// <summary>The usual options.</summary>
    public static DatasetOptions Default { get; } = new();

    /// <summary>The seed of the split; the same seed always gives the same parts.</summary>
    public ulong SplitSeed { get; init; } = 1;

    /// <summary>The share of the training images that is kept for validation.</summary>
    public float ValidationFraction { get; init; } = 0.1f;

    /// <summary>The share of all images that is kept for the test, where the source has no test part of its own.</summary>
    public float TestFraction { get; init; } = 0.2f;

    /// <summary>
    /// How many parts, of like shares of each class, take turns as the test part, 2 to 100; 0: <see cref="TestFraction"/> says what is for the test. Only for
    /// sources that have no test part of their own.
    /// </summary>
    public int Folds { get; init; }

    /// <summary>Which of the <see cref="Folds"/> is the test part, from 0.</summary>
    public int Fold { get; init; }

    /// <summary>Reads image files; needed for folders of images.</summary>
    public IImageDecoder? Decoder { get; init; }

    /// <summary>The height and width that image files, and the images of IDX files, are resized to; 0: files must all have one size.</summary>
    public int ImageSize { get; init; }

    /// <summary>Frames taken of each video, evenly from its first to its last.</summary>
    public int Frames { get; init; } = 16;

    /// <summary>Where a table has its labels.</summary>
    public LabelColumn LabelColumn { get; init; } = LabelColumn.Found;

    /// <summary>The most memory that the pixels of one part may take, in bytes.</summary>
    public int MaximumBytes { get; init; } = 2_000_000_000;

    /// <summary>How many training images the built-in set has.</summary>
    public int BuiltInTrainingCount { get; init; } = 20_000;

    /// <summary>How many test images the built-in set has.</summary>
    public int BuiltInTestCount { get; init; } = 4_000;

    /// <summary>The seed of the built-in set's images.</summary>
    public ulong BuiltInSeed { get; init; } = 1;
}
