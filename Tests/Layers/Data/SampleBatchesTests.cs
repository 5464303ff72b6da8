using System;
using System.Collections.Generic;
using System.Linq;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Inference;
using Xunit;

namespace ManagedDyn.Tests.Layers.Data;

public sealed class SampleBatchesTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 3)]
    [InlineData(64, 64)]
    [InlineData(101, 8)]
    public void Every_sample_is_given_out_once_and_the_order_depends_on_the_epoch_alone(int count, int batchSize)
    {
        Numbers samples = new(count);
        SampleBatches batches = new(samples, batchSize, new RandomSource(3));
        List<int>[] epochs = [Epoch(batches, 0), Epoch(batches, 1), Epoch(batches, 2)];
        foreach (List<int> epoch in epochs)
        {
            Assert.Equal(Enumerable.Range(0, count), epoch.Order());
        }

        // Any batch alone, from a source that never gave out another.
        for (int batch = batches.BatchCount - 1; batch >= 0; batch--)
        {
            SampleBatches fresh = new(samples, batchSize, new RandomSource(3));
            Assert.Equal(epochs[1].Skip(batch * batchSize).Take(batches.CountOf(batch)), Batch(fresh, 1, batch));
        }

        Assert.Equal(Enumerable.Range(0, count), Epoch(new SampleBatches(samples, batchSize), 5));
    }

    [Fact]
    public void Like_lengths_stand_together_and_training_draws_by_the_epoch()
    {
        Numbers samples = new(256);
        IBatchSource batches = samples.Batches(8, new RandomSource(1), dropLast: true);
        Assert.Equal(32, batches.BatchCount);
        int spread = 0;
        for (int batch = 0; batch < batches.BatchCount; batch++)
        {
            List<int> ids = Batch(batches, 0, batch);
            spread += ids.Max(samples.Length) - ids.Min(samples.Length);
        }

        Assert.True(spread < 64, $"Lengths within the batches differ by {spread} in all.");
        float[] values = new float[8 * 2];
        int[] labels = new int[8];
        int[] drawn = new int[8];
        batches.Fill(4, 3, values, labels, drawn);
        for (int i = 0; i < 8; i++)
        {
            Assert.Equal(drawn[i] + 4f, values[2 * i]);
            Assert.Equal((drawn[i] + 4) % 3, labels[i]);
        }

        // Without a random source samples are as they are.
        samples.Batches(8).Fill(4, 0, values, labels);
        Assert.Equal([0f, 1f], [values[0], values[2]]);
        Assert.Contains(batches.Settings, pair => pair.Value.Contains("seed 1", StringComparison.Ordinal));
    }

    [Fact]
    public void A_subset_reads_draws_and_numbers_as_the_whole_does()
    {
        Numbers samples = new(20);
        SampleSet part = samples.Subset([7, 3, 11]).Subset([2, 0]);
        Assert.Equal(2, part.Count);
        float[] values = new float[2];
        part.Read(0, values);
        Assert.Equal(11, values[0]);
        Assert.Equal(11, part.SampleId(0));
        Assert.Equal(samples.Length(7), part.Length(1));
        Assert.Equal(1, part.Draw(3, 1, values));
        Assert.Equal(10, values[0]);
        Assert.Same(samples, samples.First(20));
        Assert.Equal(4, samples.First(4).Count);
        Assert.Throws<ArgumentOutOfRangeException>(() => samples.Subset([20]));
        Assert.Throws<ArgumentOutOfRangeException>(() => part.Read(2, values));
        Assert.Throws<ArgumentException>(() => part.Read(0, new float[3]));
        Assert.Throws<ArgumentException>(() => samples.Batches(4).Fill(0, 0, new float[7], new int[4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => samples.Batches(4).CountOf(5));
        Assert.Throws<ArgumentException>(() => new SampleSplits("x", samples, samples, new Numbers(3, width: 3)));
    }

    [Fact]
    public void Images_keep_their_bits_and_their_augmentation()
    {
        byte[] pixels = new byte[9 * 12];
        new Random(5).NextBytes(pixels);
        ImageDataset images = ImageDataset.FromBytes(new Shape(2, 2, 3), pixels, [0, 1, 0, 1, 0, 1, 0, 1, 0], ["a", "b"]);
        Normalization normalization = Normalization.Measure(images);
        Preprocessing preprocessing = Preprocessing.From(images.ImageShape, normalization);
        ImageSamples samples = preprocessing.Encode(images);
        float[] expected = new float[12];
        float[] actual = new float[12];
        for (int i = 0; i < images.Count; i++)
        {
            preprocessing.Apply(pixels.AsSpan(i * 12, 12), expected);
            samples.Read(i, actual);
            Assert.Equal(expected, actual);
            preprocessing.Encode(images).Subset([i]).Read(0, actual);
            Assert.Equal(expected, actual);
        }

        Augmentation augmentation = new() { Flip = true, ShiftPixels = 1 };
        float[] first = new float[4 * 12];
        float[] second = new float[4 * 12];
        new ImageBatches(images, normalization, 4, new RandomSource(8), augmentation).Fill(3, 1, first, new int[4]);
        samples.With(augmentation).Batches(4, new RandomSource(8)).Fill(3, 1, second, new int[4]);
        Assert.Equal(first, second);
    }

    [Fact]
    public void Images_may_be_read_pixel_by_pixel()
    {
        ImageDataset images = ImageDataset.FromFloats(new Shape(2, 3, 2), [.. Enumerable.Range(0, 24).Select(i => (float)i)], [0, 1], ["a", "b"]);
        ImageSplits splits = new("x", images, images, images);
        SampleSplits samples = Preprocessing.From(new Shape(6, 2), new Normalization([0, 0], [1, 1])).Encode(splits);
        Assert.Equal(new Shape(6, 2), samples.Test.SampleShape);
        float[] values = new float[12];
        samples.Test.Read(1, values);
        Assert.Equal(Enumerable.Range(12, 12).Select(i => (float)i), values);
        samples.Training.Batches(1, new RandomSource(1)).Fill(0, 0, values, new int[1]);
        Assert.Throws<ArgumentException>(() => Preprocessing.Unit(new Shape(3, 2, 2)).Encode(splits));
        Assert.Throws<ArgumentException>(() => Preprocessing.Unit(new Shape(3, 4)).Encode(splits));
    }

    private static List<int> Epoch(SampleBatches batches, int epoch)
    {
        List<int> ids = [];
        for (int batch = 0; batch < batches.BatchCount; batch++)
        {
            ids.AddRange(Batch(batches, epoch, batch));
        }

        return ids;
    }

    private static List<int> Batch(IBatchSource batches, int epoch, int batch)
    {
        int count = batches.CountOf(batch);
        int[] ids = new int[count];
        batches.Fill(epoch, batch, new float[count * batches.SampleShape.Count], new int[count], ids);
        return [.. ids];
    }

    // Sample i holds i, and i + epoch when it is drawn.
    private sealed class Numbers(int count, int width = 2) : SampleSet
    {
        public override Shape SampleShape => new(width);

        public override IReadOnlyList<string> ClassNames => ["x", "y", "z"];

        public override int Count => count;

        public override bool HasLengths => true;

        public override int Label(int index) => index % 3;

        public override int Length(int index) => index * 7 % 23;

        public override void Read(int index, Span<float> destination)
        {
            Check(index, destination.Length);
            destination.Fill(index);
        }

        public override int Draw(long epoch, int index, Span<float> destination)
        {
            destination.Fill(index + epoch);
            return (int)((index + epoch) % 3);
        }
    }
}
