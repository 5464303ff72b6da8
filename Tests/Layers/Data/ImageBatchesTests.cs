using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;
using Xunit;

namespace ManagedDyn.Tests.Layers.Data;

public sealed class ImageBatchesTests
{
    private static readonly Normalization Plain = new([0], [1]);

    private static ImageDataset Images(int count)
    {
        float[] pixels = new float[count * 30];
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = i + 1;
        }

        return ImageDataset.FromFloats(new Shape(5, 6, 1), pixels, new int[count], ["only"]);
    }

    private static (float[] Images, int[] Ids) Batch(ImageBatches batches, long epoch, int batch)
    {
        int count = batches.CountOf(batch);
        float[] images = new float[count * 30];
        int[] ids = new int[count];
        batches.Fill(epoch, batch, images, new int[count], ids);
        return (images, ids);
    }

    [Fact]
    public void Without_randomness_images_come_in_order()
    {
        ImageBatches batches = new(Images(7), Plain, 3);
        Assert.Equal(3, batches.BatchCount);
        Assert.Equal([0, 1, 2], Batch(batches, 0, 0).Ids);
        Assert.Equal([6], Batch(batches, 5, 2).Ids);
        Assert.Equal((6 * 30) + 1, Batch(batches, 0, 2).Images[0]);
        Assert.Equal(2, new ImageBatches(Images(7), Plain, 3, dropLast: true).BatchCount);
    }

    [Fact]
    public void Each_epoch_has_each_image_once_in_an_order_of_its_own()
    {
        ImageBatches batches = new(Images(50), Plain, 8, new RandomSource(3));
        List<int[]> orders = [];
        for (int epoch = 0; epoch < 3; epoch++)
        {
            List<int> order = [];
            for (int batch = 0; batch < batches.BatchCount; batch++)
            {
                order.AddRange(Batch(batches, epoch, batch).Ids);
            }

            Assert.Equal(50, new HashSet<int>(order).Count);
            orders.Add([.. order]);
        }

        Assert.NotEqual(orders[0], orders[1]);
        Assert.NotEqual(orders[1], orders[2]);
    }

    [Fact]
    public void Batch_does_not_depend_on_the_batches_before_it()
    {
        Augmentation augmentation = new() { ShiftPixels = 2, Flip = true, EraseProbability = 0.5f };
        ImageBatches unbroken = new(Images(40), Plain, 16, new RandomSource(3), augmentation);
        for (int epoch = 0; epoch < 4; epoch++)
        {
            for (int batch = 0; batch < unbroken.BatchCount; batch++)
            {
                (float[] images, int[] ids) = Batch(unbroken, epoch, batch);
                (float[] resumedImages, int[] resumedIds) = Batch(new ImageBatches(Images(40), Plain, 16, new RandomSource(3), augmentation), epoch, batch);
                Assert.Equal(ids, resumedIds);
                Assert.Equal(images, resumedImages);
            }
        }
    }

    [Fact]
    public void Augmentation_depends_on_the_image_and_not_on_its_place()
    {
        Augmentation augmentation = new() { ShiftPixels = 2, Flip = true, EraseProbability = 0.5f };
        Dictionary<int, float[]> first = [];
        foreach (int size in new[] { 7, 16 })
        {
            ImageBatches batches = new(Images(40), Plain, size, new RandomSource(3), augmentation);
            for (int batch = 0; batch < batches.BatchCount; batch++)
            {
                (float[] images, int[] ids) = Batch(batches, 1, batch);
                for (int i = 0; i < ids.Length; i++)
                {
                    float[] image = images[(i * 30)..((i + 1) * 30)];
                    if (!first.TryAdd(ids[i], image))
                    {
                        Assert.Equal(first[ids[i]], image);
                    }
                }
            }
        }
    }

    [Fact]
    public void Shift_and_flip_move_each_pixel_as_they_say()
    {
        float[] source = new float[30];
        for (int i = 0; i < 30; i++)
        {
            source[i] = i + 1;
        }

        RandomStream stream = new RandomSource(11).Stream("augmentation");
        HashSet<(int, int, bool)> seen = [];
        for (int sample = 0; sample < 400; sample++)
        {
            float[] image = new float[30];
            new Augmentation { ShiftPixels = 1, Flip = true }.Apply(source, image, 5, 6, [0], stream, 0, sample);
            bool found = false;
            for (int down = -1; down <= 1; down++)
            {
                for (int right = -1; right <= 1; right++)
                {
                    foreach (bool flip in new[] { false, true })
                    {
                        if (Matches(source, image, down, right, flip))
                        {
                            found = true;
                            seen.Add((down, right, flip));
                        }
                    }
                }
            }

            Assert.True(found, $"sample {sample}");
        }

        Assert.Equal(18, seen.Count);
    }

    [Fact]
    public void Erasing_fills_one_rectangle()
    {
        float[] source = new float[10 * 12];
        Array.Fill(source, 1);
        RandomStream stream = new RandomSource(11).Stream("augmentation");
        int erased = 0;
        for (int sample = 0; sample < 300; sample++)
        {
            float[] image = new float[10 * 12];
            new Augmentation { EraseProbability = 0.3f }.Apply(source, image, 10, 12, [0.5f], stream, 0, sample);
            (int top, int bottom, int left, int right, int count) = (10, -1, 12, -1, 0);
            for (int i = 0; i < image.Length; i++)
            {
                if (image[i] == 0.5f)
                {
                    (top, bottom, left, right, count) = (Math.Min(top, i / 12), Math.Max(bottom, i / 12), Math.Min(left, i % 12), Math.Max(right, i % 12), count + 1);
                }
            }

            erased += count > 0 ? 1 : 0;
            Assert.Equal(count == 0 ? 0 : (bottom - top + 1) * (right - left + 1), count);
            Assert.InRange(bottom - top + 1, count == 0 ? -20 : 1, 5);
            Assert.InRange(right - left + 1, count == 0 ? -20 : 1, 6);
        }

        // 90 are expected, with a standard deviation of 8.
        Assert.InRange(erased, 55, 125);
    }

    [Fact]
    public void Wrong_use_is_refused()
    {
        ImageDataset images = Images(5);
        Assert.Throws<ArgumentException>(() => new ImageBatches(images, new Normalization([0, 0], [1, 1]), 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ImageBatches(images, Plain, 0));
        Assert.Throws<ArgumentException>(() => new ImageBatches(images, Plain, 2, null, new Augmentation { Flip = true }));
        Assert.Throws<ArgumentException>(() => new ImageBatches(images, Plain, 2, new RandomSource(1), new Augmentation { EraseProbability = float.NaN }));
        Assert.Throws<ArgumentException>(() => new ImageBatches(images, Plain, 2, new RandomSource(1), new Augmentation { ShiftPixels = -1 }));
        ImageBatches batches = new(images, Plain, 2);
        Assert.Throws<ArgumentOutOfRangeException>(() => batches.CountOf(3));
        Assert.Throws<ArgumentException>(() => batches.Fill(0, 0, new float[30], new int[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => batches.Fill(-1, 0, new float[60], new int[2]));
    }

    private static bool Matches(float[] source, float[] image, int down, int right, bool flip)
    {
        for (int y = 0; y < 5; y++)
        {
            for (int x = 0; x < 6; x++)
            {
                int fromY = y - down;
                int fromX = flip ? 5 - (x - right) : x - right;
                float expected = (uint)fromY < 5 && (uint)fromX < 6 ? source[(fromY * 6) + fromX] : 0;
                if (image[(y * 6) + x] != expected)
                {
                    return false;
                }
            }
        }

        return true;
    }
}
