using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Data;
using Xunit;

namespace ManagedDyn.Tests.Layers.Data;

/// <summary>The scenes: the same whatever is made beside them, and targets that belong to their image in every subset and batch.</summary>
public sealed class SceneImagesTests
{
    [Theory]
    [InlineData(AnswerKind.LabelMap)]
    [InlineData(AnswerKind.Picture)]
    public void A_scene_depends_on_its_number_alone(AnswerKind answers)
    {
        ImageDataset few = SceneImages.Make(answers, 3, 5, "a");
        using Workers workers = new(2);
        ImageDataset many = SceneImages.Make(answers, 40, 5, "a", workers);
        ImageDataset other = SceneImages.Make(answers, 3, 5, "b");
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(Image(few, i), Image(many, i));
            Assert.Equal(Targets(few, i), Targets(many, i));
            Assert.NotEqual(Image(few, i), Image(other, i));
        }
    }

    [Fact]
    public void All_classes_are_there_and_a_digit_differs_from_the_ground()
    {
        ImageDataset scenes = SceneImages.Make(AnswerKind.LabelMap, 30, 1, "training");
        int[] counts = new int[scenes.ClassNames.Count];
        for (int i = 0; i < scenes.Count; i++)
        {
            foreach (int label in Targets(scenes, i))
            {
                counts[label]++;
            }
        }

        Assert.All(counts, count => Assert.True(count > 500, $"{string.Join(", ", counts)} pixels"));
        Assert.True(counts[0] > 30 * 64 * 64 / 2, "the ground is less than half of the scenes");
    }

    [Fact]
    public void Noise_is_what_a_noisy_scene_differs_by()
    {
        ImageDataset scenes = SceneImages.Make(AnswerKind.Picture, 10, 1, "training");
        double sum = 0;
        for (int i = 0; i < scenes.Count; i++)
        {
            float[] image = Image(scenes, i);
            int[] clean = Targets(scenes, i);
            for (int v = 0; v < image.Length; v++)
            {
                sum += Math.Pow(image[v] - (clean[v] / 255.0), 2);
            }
        }

        Assert.InRange(Math.Sqrt(sum / (10 * scenes.ImageShape.Count)), 0.10, 0.15);
    }

    [Fact]
    public void Targets_follow_subsets_and_batches()
    {
        ImageSplits splits = SceneImages.Open(AnswerKind.LabelMap, new DatasetOptions { BuiltInTrainingCount = 200, BuiltInTestCount = 40 });
        Assert.Equal((18, 2, 4), (splits.Training.Count, splits.Validation.Count, splits.Test.Count));
        ImageBatches batches = new(splits.Training, Normalization.Measure(splits.Training), 4, new RandomSource(1));
        Assert.Equal(64 * 64, batches.TargetCount);
        float[] samples = new float[4 * splits.Training.ImageShape.Count];
        int[] labels = new int[4 * 64 * 64];
        int[] ids = new int[4];
        batches.Fill(1, 2, samples, labels, ids);
        ImageDataset whole = SceneImages.Make(AnswerKind.LabelMap, 20, 1, "training");
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(Targets(whole, ids[i]), labels.AsSpan(i * 64 * 64, 64 * 64).ToArray());
        }
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        ImageDataset scenes = SceneImages.Make(AnswerKind.LabelMap, 2, 1, "training");
        Assert.Throws<ArgumentException>(() => scenes.CopyTargets(0, new int[1]));
        Assert.Throws<ArgumentException>(() => ImageDataset.FromMaps(scenes.ImageShape, new byte[64 * 64 * 3], AnswerKind.LabelMap, new byte[7], ["a"]));
        Assert.Throws<ArgumentException>(() => ImageDataset.FromMaps(new(1, 1, 1), new byte[1], AnswerKind.LabelMap, [2], ["a", "b"]));
        Assert.Throws<ArgumentException>(() => new ImageBatches(scenes, Normalization.Measure(scenes), 2, new RandomSource(1), new Augmentation { Flip = true }));
        Assert.Throws<ArgumentOutOfRangeException>(() => SceneImages.Make(AnswerKind.Label, 2, 1, "training"));
    }

    private static float[] Image(ImageDataset set, int index)
    {
        float[] image = new float[set.ImageShape.Count];
        set.CopyImage(index, image);
        return image;
    }

    private static int[] Targets(ImageDataset set, int index)
    {
        int[] targets = new int[set.TargetCount];
        set.CopyTargets(index, targets);
        return targets;
    }
}
