using System;
using System.IO;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;
using Xunit;

namespace ManagedDyn.Tests.Layers.Data;

/// <summary>Opens published data sets, which are not part of this repository.</summary>
public sealed class RealDataTests
{
    /// <summary>Names the folder that holds fashion-mnist, digits and others.</summary>
    private const string FolderVariable = "MANAGEDDYN_DATA";

    private static string Folder(string name)
    {
        string? root = Environment.GetEnvironmentVariable(FolderVariable);
        Assert.SkipWhen(string.IsNullOrEmpty(root), $"{FolderVariable} does not name a folder of data sets.");
        string folder = Path.Combine(root!, name);
        Assert.SkipUnless(Directory.Exists(folder), $"{FolderVariable} has no folder {name}.");
        return folder;
    }

    [Fact]
    public void Fashion_mnist()
    {
        ImageSplits splits = Datasets.Open(Folder("fashion-mnist"));
        Assert.Equal((54_000, 6_000, 10_000), (splits.Training.Count, splits.Validation.Count, splits.Test.Count));
        Assert.Equal(new Shape(28, 28, 1), splits.Training.ImageShape);
        Assert.Equal("Ankle boot", splits.Test.ClassNames[splits.Test.Label(0)]);

        // As published: mean 0.2860, deviation 0.3530 over all 60,000 training images.
        Normalization normalization = Normalization.Measure(splits.Training);
        Assert.InRange(normalization.Mean[0], 0.285f, 0.287f);
        Assert.InRange(normalization.Deviation[0], 0.352f, 0.354f);
    }

    [Fact]
    public void Digits()
    {
        string folder = Folder("digits");
        ImageSplits splits = Datasets.Open(folder);
        Assert.Equal(1_797, splits.Test.Count);
        Assert.Equal(3_823, splits.Training.Count + splits.Validation.Count);
        Assert.Equal(new Shape(8, 8, 1), splits.Training.ImageShape);
        Assert.Equal(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], splits.Training.ClassNames);
        float[] image = new float[64];
        splits.Test.CopyImage(0, image);
        Assert.Equal([0, 0, 5 / 16f, 13 / 16f, 9 / 16f, 1 / 16f], image[..6]);
        Assert.Equal(0, splits.Test.Label(0));
    }

    [Fact]
    public void Sign_digits()
    {
        ImageSplits splits = Datasets.Open(Folder("sign-digits"));
        Assert.Equal(2_059, splits.Training.Count + splits.Validation.Count + splits.Test.Count);
        Assert.Equal(new Shape(100, 100, 3), splits.Training.ImageShape);
        Assert.Equal(10, splits.Training.ClassNames.Count);
    }

    [Theory]
    [InlineData("text-banking77", "texts", 77, 10_003, 3_080)]
    [InlineData("text-clinc150", "texts", 150, 18_000, 4_500)]
    [InlineData("audio-fsdd", "recordings", 10, 2_700, 300)]
    [InlineData("seq-japanese-vowels", "sequences", 9, 270, 370)]
    public void Sequences(string name, string noun, int classes, int training, int test)
    {
        DataSplits splits = Datasets.OpenAny(Folder(name));
        Assert.Equal(noun, splits.Noun);
        Assert.Equal(classes, splits.ClassNames.Count);
        Assert.Equal((training, test), (splits.TrainingCount + splits.ValidationCount, splits.TestCount));
    }
}
