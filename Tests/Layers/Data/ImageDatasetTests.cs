using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;
using Xunit;

namespace ManagedDyn.Tests.Layers.Data;

public sealed class ImageDatasetTests
{
    private static ImageDataset Numbered(int count, int classes = 3)
    {
        byte[] pixels = new byte[count * 2];
        int[] labels = new int[count];
        string[] names = new string[classes];
        for (int i = 0; i < count; i++)
        {
            pixels[2 * i] = (byte)i;
            labels[i] = i % classes;
        }

        for (int i = 0; i < classes; i++)
        {
            names[i] = $"class {i}";
        }

        return ImageDataset.FromBytes(new Shape(1, 2, 1), pixels, labels, names);
    }

    [Fact]
    public void Bytes_are_given_out_between_0_and_1()
    {
        ImageDataset dataset = ImageDataset.FromBytes(new Shape(1, 1, 2), [0, 16, 8, 4], [0, 1], ["a", "b"], maximum: 16);
        float[] image = new float[2];
        dataset.CopyImage(0, image);
        Assert.Equal([0, 1], image);
        dataset.CopyImage(1, image);
        Assert.Equal([0.5f, 0.25f], image);
        Assert.Equal(1, dataset.Label(1));
        Assert.True(float.IsNaN(dataset.Difficulty(1)));
    }

    [Theory]
    [InlineData(200, 5)]
    [InlineData(31, 4)]
    [InlineData(2, 3)]
    public void Folds_hold_each_image_once_and_like_shares_of_each_class(int count, int folds)
    {
        ImageDataset all = Numbered(count);
        HashSet<int> seen = [];
        for (int fold = 0; fold < folds; fold++)
        {
            (ImageDataset remaining, ImageDataset part) = all.Fold(folds, fold, new RandomSource(9));
            Assert.Equal(count, remaining.Count + part.Count);
            Assert.InRange(part.Count, count / folds, (count + folds - 1) / folds);
            int[] classes = new int[3];
            for (int i = 0; i < part.Count; i++)
            {
                Assert.True(seen.Add(part.SampleId(i)));
                classes[part.Label(i)]++;
            }

            for (int label = 0; label < 3; label++)
            {
                int whole = (count + 2 - label) / 3;
                Assert.InRange(classes[label], whole / folds, (whole + folds - 1) / folds);
            }
        }

        Assert.Equal(count, seen.Count);
        Assert.Throws<ArgumentOutOfRangeException>(() => all.Fold(folds, folds, new RandomSource(9)));
        Assert.Throws<ArgumentOutOfRangeException>(() => all.Fold(1, 0, new RandomSource(9)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.1f)]
    [InlineData(0.5f)]
    [InlineData(1)]
    public void Split_takes_each_class_share_and_loses_none(float fraction)
    {
        ImageDataset all = Numbered(200);
        (ImageDataset remaining, ImageDataset part) = all.Split(fraction, new RandomSource(9), "validation");
        Assert.Equal(200, remaining.Count + part.Count);
        HashSet<int> seen = [];
        int[] taken = new int[3];
        for (int i = 0; i < remaining.Count; i++)
        {
            Assert.True(seen.Add(remaining.SampleId(i)));
        }

        for (int i = 0; i < part.Count; i++)
        {
            Assert.True(seen.Add(part.SampleId(i)));
            Assert.True(i == 0 || part.SampleId(i) > part.SampleId(i - 1));
            taken[part.Label(i)]++;
        }

        Assert.Equal([(int)MathF.Round(67 * fraction), (int)MathF.Round(67 * fraction), (int)MathF.Round(66 * fraction)], taken);
    }

    [Fact]
    public void Split_depends_on_seed_and_name_alone()
    {
        static int[] Ids(ulong seed, string name)
        {
            (_, ImageDataset part) = Numbered(200).Split(0.2f, new RandomSource(seed), name);
            int[] ids = new int[part.Count];
            for (int i = 0; i < ids.Length; i++)
            {
                ids[i] = part.SampleId(i);
            }

            return ids;
        }

        int[] first = Ids(1, "validation");
        int[] again = Ids(1, "validation");
        Assert.Equal(first, again);
        Assert.NotEqual(Ids(1, "validation"), Ids(2, "validation"));
        Assert.NotEqual(Ids(1, "validation"), Ids(1, "test"));
    }

    [Fact]
    public void Subset_of_a_subset_keeps_the_numbers()
    {
        ImageDataset subset = Numbered(100).Subset([90, 50, 7]).Subset([2, 0]);
        Assert.Equal(7, subset.SampleId(0));
        Assert.Equal(90, subset.SampleId(1));
        float[] image = new float[2];
        subset.CopyImage(1, image);
        Assert.Equal(90 / 255f, image[0]);
        Assert.Throws<ArgumentOutOfRangeException>(() => subset.Label(2));
    }

    [Fact]
    public void Wrong_content_is_refused()
    {
        Shape shape = new(1, 1, 1);
        Assert.Throws<ArgumentException>(() => ImageDataset.FromBytes(new Shape(1, 1), [1], [0], ["a"]));
        Assert.Throws<ArgumentException>(() => ImageDataset.FromBytes(new Shape(1, 0, 1), [], [0], ["a"]));
        Assert.Throws<ArgumentException>(() => ImageDataset.FromBytes(shape, [1, 2], [0], ["a"]));
        Assert.Throws<ArgumentException>(() => ImageDataset.FromBytes(shape, [1], [1], ["a"]));
        Assert.Throws<ArgumentException>(() => ImageDataset.FromBytes(shape, [1], [-1], ["a"]));
        Assert.Throws<ArgumentException>(() => ImageDataset.FromBytes(shape, [1], [0], ["a"], maximum: 0));
        Assert.Throws<ArgumentException>(() => ImageDataset.FromBytes(shape, [1], [0], ["a"], difficulties: [1, 2]));
        Assert.Contains("NaN", Assert.Throws<ArgumentException>(() => ImageDataset.FromFloats(shape, [float.NaN], [0], ["a"])).Message, StringComparison.Ordinal);
        ImageDataset one = Numbered(4);
        Assert.Throws<ArgumentException>(() => new ImageSplits("x", one, one, Numbered(4, 2)));
        Assert.Throws<ArgumentException>(() => one.CopyImage(0, new float[3]));
    }

    [Fact]
    public void Normalisation_gives_mean_0_and_deviation_1()
    {
        ImageDataset glyphs = GlyphImages.Make(50, 2, "training");
        Normalization normalization = Normalization.Measure(glyphs);
        float[] all = new float[50 * glyphs.ImageShape.Count];
        for (int i = 0; i < 50; i++)
        {
            glyphs.CopyImage(i, all.AsSpan(i * glyphs.ImageShape.Count, glyphs.ImageShape.Count));
        }

        normalization.Apply(all);
        for (int c = 0; c < 3; c++)
        {
            double sum = 0;
            double squares = 0;
            for (int i = c; i < all.Length; i += 3)
            {
                sum += all[i];
                squares += (double)all[i] * all[i];
            }

            Assert.InRange(sum / (all.Length / 3), -1e-4, 1e-4);
            Assert.InRange(squares / (all.Length / 3), 0.999, 1.001);
        }
    }

    [Fact]
    public void Channel_that_never_varies_is_only_shifted()
    {
        Normalization normalization = Normalization.Measure(ImageDataset.FromBytes(new Shape(1, 1, 2), [255, 0, 255, 255], [0, 0], ["a"]));
        Assert.Equal([1, 0.5f], normalization.Mean.ToArray());
        Assert.Equal([1, 0.5f], normalization.Deviation.ToArray());
        Assert.Throws<ArgumentException>(() => new Normalization([1], [0]));
        Assert.Throws<ArgumentException>(() => new Normalization([float.NaN], [1]));
    }
}
