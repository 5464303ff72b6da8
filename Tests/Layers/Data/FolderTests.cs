using System;
using System.IO;
using System.Text;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;
using Xunit;

namespace ManagedDyn.Tests.Layers.Data;

public sealed class FolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static DatasetOptions Options(int size = 0) => new() { Decoder = new PlainDecoder(), ImageSize = size, ValidationFraction = 0, TestFraction = 0 };

    private static byte[] CifarRecord(byte label, byte red, byte green, byte blue)
    {
        byte[] record = new byte[3073];
        record[0] = label;
        record.AsSpan(1, 1024).Fill(red);
        record.AsSpan(1025, 1024).Fill(green);
        record.AsSpan(2049, 1024).Fill(blue);
        record[1 + 33] = 99;
        return record;
    }

    [Fact]
    public void Cifar_is_opened_with_channels_last()
    {
        _folder.Write("data_batch_1.bin", [.. CifarRecord(3, 10, 20, 30), .. CifarRecord(9, 1, 2, 3)]);
        _folder.Write("data_batch_2.bin", CifarRecord(0, 4, 5, 6));
        _folder.Write("test_batch.bin", CifarRecord(1, 7, 8, 9));
        ImageSplits splits = Datasets.Open(_folder.Root, Options());
        Assert.Equal((3, 0, 1), (splits.Training.Count, splits.Validation.Count, splits.Test.Count));
        Assert.Equal("cat", splits.Training.ClassNames[splits.Training.Label(0)]);
        float[] image = new float[3072];
        splits.Training.CopyImage(0, image);
        Assert.Equal([10 / 255f, 20 / 255f, 30 / 255f], image[..3]);

        // The second row's second pixel.
        Assert.Equal([99 / 255f, 20 / 255f, 30 / 255f], image[99..102]);
    }

    [Fact]
    public void Broken_cifar_is_refused()
    {
        string path = _folder.Write("data_batch_1.bin", CifarRecord(10, 0, 0, 0));
        Assert.Contains("the label 10", Assert.Throws<ModelFormatException>(() => Datasets.Open(_folder.Root)).Message, StringComparison.Ordinal);
        for (int length = 0; length < 3073; length += 64)
        {
            File.WriteAllBytes(path, new byte[length]);
            Assert.Throws<ModelFormatException>(() => Datasets.Open(_folder.Root));
        }

        File.WriteAllBytes(path, CifarRecord(0, 0, 0, 0));
        Assert.Throws<ModelLimitException>(() => Datasets.Open(_folder.Root, new DatasetOptions { MaximumBytes = 3071 }));
        _folder.Write("batches.meta.txt", "one\ntwo\n"u8);
        Assert.Throws<ModelFormatException>(() => Datasets.Open(_folder.Root));
    }

    [Fact]
    public void Folder_for_each_class_is_opened()
    {
        _folder.Write("dog/b.png", "1 2 1 9 8"u8);
        _folder.Write("dog/a.JPG", "1 2 1 7 6"u8);
        _folder.Write("dog/notes.txt", "not an image"u8);
        _folder.Write(".hidden/a.png", "1 1 1 1"u8);
        _folder.Write("cat/a.png", "1 2 3 1 2 3 4 5 6"u8);
        ImageSplits splits = Datasets.Open(_folder.Root, Options());
        Assert.Equal(["cat", "dog"], splits.Training.ClassNames);
        Assert.Equal(3, splits.Training.Count);
        Assert.Equal(new Shape(1, 2, 3), splits.Training.ImageShape);
        float[] image = new float[6];
        splits.Training.CopyImage(1, image);
        Assert.Equal([7 / 255f, 7 / 255f, 7 / 255f, 6 / 255f, 6 / 255f, 6 / 255f], image);
        Assert.Equal(1, splits.Training.Label(1));
    }

    [Fact]
    public void Parts_of_grey_images_stay_grey()
    {
        _folder.Write("train/a/1.png", "1 1 1 5"u8);
        _folder.Write("train/b/1.png", "1 1 1 6"u8);
        _folder.Write("test/a/1.png", "1 1 1 7"u8);
        _folder.Write("test/b/1.png", "1 1 1 8"u8);
        ImageSplits splits = Datasets.Open(_folder.Root, Options());
        Assert.Equal((2, 2), (splits.Training.Count, splits.Test.Count));
        Assert.Equal(1, splits.Test.Channels);
        _folder.Write("test/c/1.png", "1 1 1 8"u8);
        Assert.Contains("the class 'c'", Assert.Throws<ModelFormatException>(() => Datasets.Open(_folder.Root, Options())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sizes_must_agree_or_be_said()
    {
        _folder.Write("a/1.png", "2 2 1 0 10 20 30"u8);
        _folder.Write("b/1.png", "1 1 1 6"u8);
        Assert.Contains("1 × 1 pixels; expected 2 × 2", Assert.Throws<ModelFormatException>(() => Datasets.Open(_folder.Root, Options())).Message, StringComparison.Ordinal);
        ImageDataset dataset = Datasets.Open(_folder.Root, Options(1)).Training;
        float[] image = new float[1];
        dataset.CopyImage(0, image);
        Assert.Equal(15 / 255f, image[0]);
    }

    [Fact]
    public void Files_that_are_no_images_are_named()
    {
        _folder.Write("a/1.png", "2 2 1 0 10 20 30"u8);
        string wrong = _folder.Write("b/wrong.png", "<html>"u8);
        Assert.Contains(wrong, Assert.Throws<ModelFormatException>(() => Datasets.Open(_folder.Root, Options())).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Datasets.Open(_folder.Root));
        File.Delete(wrong);
        Directory.Delete(Path.Combine(_folder.Root, "a"), recursive: true);
        Assert.Contains("1 sub-folders", Assert.Throws<ModelFormatException>(() => Datasets.Open(_folder.Root, Options())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_sources_are_refused()
    {
        Assert.Contains("glyphs", Assert.Throws<FileNotFoundException>(() => Datasets.Open(Path.Combine(_folder.Root, "absent"))).Message, StringComparison.Ordinal);
        Assert.Contains("empty folder", Assert.Throws<ModelFormatException>(() => Datasets.Open(_folder.Root)).Message, StringComparison.Ordinal);
        string file = _folder.Write("x.doc", "text"u8);
        Assert.Contains("no known kind", Assert.Throws<ModelFormatException>(() => Datasets.Open(_folder.Root)).Message, StringComparison.Ordinal);
        Assert.Contains("no known kind", Assert.Throws<ModelFormatException>(() => Datasets.Open(file)).Message, StringComparison.Ordinal);
        Assert.Equal(30, Datasets.Open("glyphs", new DatasetOptions { BuiltInTrainingCount = 100, BuiltInTestCount = 30 }).Test.Count);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 9)]
    [InlineData(64, 3)]
    public void Resizing_keeps_a_flat_image_flat(int height, int width)
    {
        byte[] flat = new byte[7 * 11 * 3];
        flat.AsSpan().Fill(200);
        DecodedImage image = ImageResize.To(new DecodedImage(7, 11, 3, flat), height, width);
        Assert.Equal((height, width, 3), (image.Height, image.Width, image.Channels));
        Assert.All(image.Pixels, static value => Assert.Equal(200, value));
    }

    [Fact]
    public void Resizing_interpolates_a_slope()
    {
        DecodedImage image = ImageResize.To(new DecodedImage(1, 4, 1, [0, 40, 80, 120]), 1, 8);
        Assert.Equal([0, 10, 30, 50, 70, 90, 110, 120], image.Pixels);
    }

    [Theory]
    [InlineData(1_000_000, 1)]
    [InlineData(1, 1_000_000)]
    public void A_strip_is_never_large_in_between(int height, int width)
    {
        byte[] slope = new byte[1_000_000 * 3];
        for (int i = 0; i < slope.Length; i++)
        {
            slope[i] = (byte)(i / 3 * 256L / 1_000_000);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        DecodedImage image = ImageResize.To(new DecodedImage(height, width, 3, slope), 64, 64);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
        for (int i = 1; i < 63; i++)
        {
            int at = height > 1 ? ((i * 64) + 5) * 3 : ((5 * 64) + i) * 3;
            Assert.InRange(image.Pixels[at], (4 * i) + 1, (4 * i) + 2);
        }
    }

    /// <summary>Decodes height, width, channels and values written as numbers.</summary>
    private sealed class PlainDecoder : IImageDecoder
    {
        public DecodedImage Decode(ReadOnlySpan<byte> file)
        {
            string[] words = Encoding.ASCII.GetString(file).Split(' ');
            if (!int.TryParse(words[0], out int height))
            {
                throw new ModelFormatException("image", 0, words[0], "a number");
            }

            byte[] pixels = new byte[words.Length - 3];
            for (int i = 0; i < pixels.Length; i++)
            {
                pixels[i] = byte.Parse(words[i + 3], System.Globalization.CultureInfo.InvariantCulture);
            }

            return new DecodedImage(height, int.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture), int.Parse(words[2], System.Globalization.CultureInfo.InvariantCulture), pixels);
        }
    }
}
