using System;
using System.Collections.Generic;
using System.Security.Cryptography;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Data;
using Xunit;

namespace ManagedDyn.Tests.Layers.Data;

public sealed class GlyphImagesTests
{
    private const int Values = GlyphImages.Size * GlyphImages.Size * GlyphImages.Channels;

    private static byte[] Bytes(ImageDataset dataset)
    {
        float[] image = new float[Values];
        byte[] bytes = new byte[dataset.Count * Values];
        for (int i = 0; i < dataset.Count; i++)
        {
            dataset.CopyImage(i, image);
            for (int j = 0; j < Values; j++)
            {
                bytes[(i * Values) + j] = (byte)MathF.Round(image[j] * 255);
            }
        }

        return bytes;
    }

    [Fact]
    public void Images_are_the_same_on_every_machine()
    {
        // Whoever changes how images are drawn changes every figure measured on them: then this value changes, deliberately.
        byte[] hash = SHA256.HashData(Bytes(GlyphImages.Make(300, 1, "training")));
        Assert.Equal("FAC4EDE04F43738D", Convert.ToHexString(hash)[..16]);
    }

    [Fact]
    public void Any_image_can_be_made_alone_and_on_any_thread()
    {
        using Workers workers = new(3);
        ImageDataset together = GlyphImages.Make(150, 7, "training", workers);
        byte[] all = Bytes(together);
        byte[] one = new byte[Values];
        foreach (int index in new[] { 149, 0, 63, 64, 65 })
        {
            (int label, float difficulty) = GlyphImages.Draw(7, "training", index, one);
            Assert.Equal(all.AsSpan(index * Values, Values).ToArray(), one);
            Assert.Equal(together.Label(index), label);
            Assert.Equal(together.Difficulty(index), difficulty);
        }
    }

    [Fact]
    public void Parts_and_seeds_differ()
    {
        HashSet<string> seen = [];
        byte[] one = new byte[Values];
        foreach (ulong seed in new ulong[] { 1, 2 })
        {
            foreach (string part in new[] { "training", "test" })
            {
                for (int i = 0; i < 50; i++)
                {
                    GlyphImages.Draw(seed, part, i, one);
                    Assert.True(seen.Add(Convert.ToHexString(SHA256.HashData(one))));
                }
            }
        }
    }

    [Fact]
    public void Classes_and_difficulties_are_even()
    {
        ImageDataset dataset = GlyphImages.Make(5000, 3, "training");
        int[] labels = new int[GlyphImages.ClassCount];
        int[] levels = new int[10];
        for (int i = 0; i < dataset.Count; i++)
        {
            labels[dataset.Label(i)]++;
            levels[(int)(dataset.Difficulty(i) * 10)]++;
        }

        // 500 are expected of each, with a standard deviation of 21.
        Assert.All(labels, static count => Assert.InRange(count, 400, 600));
        Assert.All(levels, static count => Assert.InRange(count, 400, 600));
    }

    [Fact]
    public void Harder_images_lie_further_from_the_mean_image_of_their_class()
    {
        // The correlation with a class's mean drawing, light and dark set aside, stands for how easily a simple look tells the class.
        ImageDataset dataset = GlyphImages.Make(4000, 5, "training");
        float[][] means = new float[GlyphImages.ClassCount][];
        float[] image = new float[Values];
        for (int label = 0; label < means.Length; label++)
        {
            means[label] = new float[Values / 3];
        }

        for (int i = 0; i < 2000; i++)
        {
            float[] grey = Grey(dataset, i, image);
            for (int j = 0; j < grey.Length; j++)
            {
                means[dataset.Label(i)][j] += MathF.Abs(grey[j]);
            }
        }

        int[] right = new int[2];
        int[] total = new int[2];
        for (int i = 2000; i < 4000; i++)
        {
            float[] grey = Grey(dataset, i, image);
            int best = 0;
            float bestMatch = float.NegativeInfinity;
            for (int label = 0; label < means.Length; label++)
            {
                float match = Correlation(grey, means[label]);
                (best, bestMatch) = match > bestMatch ? (label, match) : (best, bestMatch);
            }

            int half = dataset.Difficulty(i) < 0.5f ? 0 : 1;
            total[half]++;
            right[half] += best == dataset.Label(i) ? 1 : 0;
        }

        float easy = right[0] / (float)total[0];
        float hard = right[1] / (float)total[1];
        Assert.True(easy > 0.6f && hard > 0.15f && easy > hard + 0.2f, FormattableString.Invariant($"easy {easy:P1}, hard {hard:P1}"));
    }

    [Fact]
    public void Validation_is_taken_from_training_and_never_from_test()
    {
        ImageSplits splits = GlyphImages.Open(new DatasetOptions { BuiltInTrainingCount = 1000, BuiltInTestCount = 200, BuiltInSeed = 4 });
        Assert.Equal(200, splits.Test.Count);
        Assert.Equal(1000, splits.Training.Count + splits.Validation.Count);
        Assert.InRange(splits.Validation.Count, 95, 105);
        HashSet<int> ids = [];
        foreach (ImageDataset part in new[] { splits.Training, splits.Validation })
        {
            for (int i = 0; i < part.Count; i++)
            {
                Assert.True(ids.Add(part.SampleId(i)));
            }
        }
    }

    private static float[] Grey(ImageDataset dataset, int index, float[] image)
    {
        dataset.CopyImage(index, image);
        float[] grey = new float[image.Length / 3];
        float mean = 0;
        for (int j = 0; j < grey.Length; j++)
        {
            grey[j] = image[3 * j] + image[(3 * j) + 1] + image[(3 * j) + 2];
            mean += grey[j] / grey.Length;
        }

        for (int j = 0; j < grey.Length; j++)
        {
            grey[j] = MathF.Abs(grey[j] - mean);
        }

        return grey;
    }

    private static float Correlation(float[] left, float[] right)
    {
        double meanLeft = 0;
        double meanRight = 0;
        for (int i = 0; i < left.Length; i++)
        {
            meanLeft += left[i] / (double)left.Length;
            meanRight += right[i] / (double)right.Length;
        }

        double both = 0;
        double squares = 0;
        for (int i = 0; i < left.Length; i++)
        {
            both += (left[i] - meanLeft) * (right[i] - meanRight);
            squares += (right[i] - meanRight) * (right[i] - meanRight);
        }

        return (float)(both / Math.Sqrt(squares));
    }
}
