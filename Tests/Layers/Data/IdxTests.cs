using System;
using System.Buffers.Binary;
using System.IO;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;
using ManagedDyn.Tests.Formats;
using Xunit;

namespace ManagedDyn.Tests.Layers.Data;

public sealed class IdxTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static byte[] Idx(byte type, int[] extents, params byte[] values)
    {
        byte[] file = new byte[4 + (4 * extents.Length) + values.Length];
        file[2] = type;
        file[3] = (byte)extents.Length;
        for (int i = 0; i < extents.Length; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(4 + (4 * i)), extents[i]);
        }

        values.CopyTo(file, 4 + (4 * extents.Length));
        return file;
    }

    private static void Read(byte[] bytes) => IdxFile.Read(new ForwardStream(bytes, 3), "sample.idx");

    private static byte[] Numbers(int count)
    {
        byte[] values = new byte[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (byte)i;
        }

        return values;
    }

    [Theory]
    [InlineData("")]
    [InlineData(".gz")]
    public void Folder_of_MNIST_layout_is_opened(string packed)
    {
        _folder.Write("train-images-idx3-ubyte" + packed, Idx(8, [20, 2, 3], Numbers(120)));
        _folder.Write("train-labels-idx1-ubyte" + packed, Idx(8, [20], [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4]));
        _folder.Write("t10k-images-idx3-ubyte" + packed, Idx(8, [2, 2, 3], [.. Numbers(6), 255, 254, 253, 252, 251, 250]));
        _folder.Write("t10k-labels-idx1-ubyte" + packed, Idx(8, [2], [4, 5]));
        _folder.Write("README.md", "not data"u8);
        ImageSplits splits = Datasets.Open(_folder.Root, new DatasetOptions { ValidationFraction = 0.25f });
        Assert.Equal(15, splits.Training.Count);
        Assert.Equal(5, splits.Validation.Count);
        Assert.Equal(2, splits.Test.Count);
        Assert.Equal(new Shape(2, 3, 1), splits.Test.ImageShape);
        Assert.Equal(["0", "1", "2", "3", "4", "5"], splits.Test.ClassNames);
        Assert.Equal(5, splits.Test.Label(1));
        float[] image = new float[6];
        splits.Test.CopyImage(1, image);
        Assert.Equal([1f, 254 / 255f, 253 / 255f, 252 / 255f, 251 / 255f, 250 / 255f], image);
    }

    [Fact]
    public void One_pair_is_split_in_three_and_named_by_its_list()
    {
        byte[] labels = new byte[100];
        for (int i = 50; i < 100; i++)
        {
            labels[i] = 1;
        }

        _folder.Write("images.idx.gz", Idx(8, [100, 1, 2, 3], Numbers(600)));
        _folder.Write("labels.idx", Idx(8, [100], labels));
        _folder.Write("classes.txt", "cat\r\ndog\r\n\r\n"u8);
        ImageSplits splits = Datasets.Open(_folder.Root, new DatasetOptions { TestFraction = 0.2f, ValidationFraction = 0.1f });
        Assert.Equal((72, 8, 20), (splits.Training.Count, splits.Validation.Count, splits.Test.Count));
        Assert.Equal(["cat", "dog"], splits.Training.ClassNames);
        Assert.Equal(new Shape(1, 2, 3), splits.Training.ImageShape);
    }

    [Fact]
    public void Images_are_resized_and_folds_take_turns_as_the_test_part()
    {
        byte[] labels = new byte[30];
        for (int i = 0; i < 30; i++)
        {
            labels[i] = (byte)(i % 2);
        }

        _folder.Write("images.idx", Idx(8, [30, 4, 4, 1], Numbers(480)));
        _folder.Write("labels.idx", Idx(8, [30], labels));
        DatasetOptions options = new() { ImageSize = 2, Folds = 3, Fold = 1 };
        ImageSplits splits = Datasets.Open(_folder.Root, options);
        Assert.Equal(new Shape(2, 2, 1), splits.Test.ImageShape);
        Assert.Equal(10, splits.Test.Count);
        int[] uses = new int[30];
        for (int fold = 0; fold < 3; fold++)
        {
            ImageDataset test = splits.WithFold(fold).Test;
            ImageDataset opened = Datasets.Open(_folder.Root, options with { Fold = fold }).Test;
            for (int i = 0; i < test.Count; i++)
            {
                uses[test.SampleId(i)]++;
                Assert.Equal(opened.SampleId(i), test.SampleId(i));
            }
        }

        Assert.All(uses, count => Assert.Equal(1, count));
        Assert.Contains("expected one of 2 to 100", Assert.Throws<ArgumentException>(() => ImageSplits.Make("x", splits.Training, null, options with { Folds = 1 })).Message, StringComparison.Ordinal);
        Assert.Contains("a test part of its own", Assert.Throws<ArgumentException>(() => ImageSplits.Make("x", splits.Training, splits.Test, options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_do_not_fit_each_other_are_refused()
    {
        string images = _folder.Write("train-images", Idx(8, [2, 1, 1], 1, 2));
        Assert.Contains("no IDX file of labels", Refused(), StringComparison.Ordinal);
        string labels = _folder.Write("train-labels", Idx(8, [3], 0, 1, 0));
        Assert.Contains("found 3 labels; expected 2", Refused(), StringComparison.Ordinal);
        File.WriteAllBytes(labels, Idx(8, [2], 0, 1));
        _folder.Write("classes.txt", "only"u8);
        Assert.Contains("found the label 1; expected 0 to 0", Refused(), StringComparison.Ordinal);
        File.Delete(Path.Combine(_folder.Root, "classes.txt"));
        _folder.Write("t10k-images", Idx(8, [1, 2, 1], 1, 2));
        _folder.Write("t10k-labels", Idx(8, [1], 1));
        Assert.Contains("found images [2, 1, 1]; expected [1, 1, 1]", Refused(), StringComparison.Ordinal);
        _folder.Write("t10k-images", Idx(8, [1, 1, 1], 1));
        Assert.Equal(1, Datasets.Open(_folder.Root).Test.Count);
        _folder.Write("train-more-images", Idx(8, [1, 1, 1], 1));
        Assert.Contains("second file of images", Refused(), StringComparison.Ordinal);
        File.Delete(Path.Combine(_folder.Root, "train-more-images"));
        File.WriteAllBytes(images, Idx(8, [0, 1, 1]));
        File.WriteAllBytes(labels, Idx(8, [0]));
        Assert.Contains("at least one image", Refused(), StringComparison.Ordinal);
        Assert.Contains("the folder that holds", Assert.Throws<ModelFormatException>(() => Datasets.Open(images)).Message, StringComparison.Ordinal);

        string Refused() => Assert.Throws<ModelFormatException>(() => Datasets.Open(_folder.Root)).Message;
    }

    [Fact]
    public void Broken_files_are_refused_with_the_place()
    {
        Assert.Equal(2, HostileInput.Refused<ModelFormatException>(Idx(0x0d, [1], 0, 0, 0, 0), Read).Offset);
        Assert.Equal(3, HostileInput.Refused<ModelFormatException>(Idx(8, []), Read).Offset);
        Assert.Equal(0, HostileInput.Refused<ModelFormatException>("<html>hello"u8.ToArray(), Read).Offset);
        Assert.Equal(8 + 3, HostileInput.Refused<ModelFormatException>(Idx(8, [5], 1, 2, 3), Read).Offset);
        Assert.Equal(8 + 1, HostileInput.Refused<ModelFormatException>(Idx(8, [1], 1, 2), Read).Offset);
        HostileInput.Refused<ModelLimitException>(Idx(8, [-1], 1), Read);
        HostileInput.Refused<ModelLimitException>(Idx(8, [1 << 30, 1 << 30, 1 << 30, 1 << 30]), Read);
        HostileInput.Refused<ModelFormatException>(Idx(8, [1 << 30]), Read);
    }

    [Fact]
    public void Items_are_read_one_by_one()
    {
        string path = _folder.Write("images.gz", Idx(8, [3, 2, 2], Numbers(12)));
        using IdxReader reader = new(path);
        Assert.Equal(3, reader.Count);
        Assert.Equal(new Shape(2, 2), reader.ItemShape);
        byte[] item = new byte[4];
        for (int i = 0; i < 3; i++)
        {
            Assert.True(reader.TryRead(item));
            Assert.Equal(Numbers(12)[(i * 4)..((i * 4) + 4)], item);
        }

        Assert.False(reader.TryRead(item));
        Assert.False(reader.TryRead(item));
        Assert.Throws<ArgumentException>(() => reader.TryRead(new byte[5]));
    }

    [Fact]
    public void Items_of_broken_files_are_refused()
    {
        Assert.Equal(8 + 3, HostileInput.Refused<ModelFormatException>(Idx(8, [5], 1, 2, 3), ReadItems).Offset);
        Assert.Equal(8 + 1, HostileInput.Refused<ModelFormatException>(Idx(8, [1], 1, 2), ReadItems).Offset);
        Assert.Equal(0, HostileInput.Truncate(Idx(8, [3, 4, 5], Numbers(60)), ReadItems));
        HostileInput.Mutate(Idx(8, [3, 4, 5], Numbers(60)), 3, 20_000, ReadItems);
    }

    // An item is of the size that the file says: mutations may make it large, but not beyond the limit.
    private static void ReadItems(byte[] bytes)
    {
        using IdxReader reader = new(new ForwardStream(bytes, 3), "sample.idx", 1 << 16);
        byte[] item = new byte[reader.ItemShape.Count];
        while (reader.TryRead(item))
        {
            Assert.NotEmpty(item);
        }
    }

    [Fact]
    public void Every_truncation_is_refused() => Assert.Equal(0, HostileInput.Truncate(Idx(8, [3, 4, 5], Numbers(60)), Read));

    [Fact]
    public void Every_truncation_of_a_packed_file_is_refused_or_whole()
    {
        byte[] packed = TemporaryFolder.Pack(Idx(8, [3, 4, 5], Numbers(60)));
        string path = _folder.Write("packed", packed);
        for (int length = 0; length < packed.Length; length++)
        {
            File.WriteAllBytes(path, packed.AsSpan(0, length));
            byte[]? values = null;
            Exception? exception = Record.Exception(() => values = IdxFile.Load(path).Values);

            // What is missing may be the mark of the end or the checksum: the values are whole by then.
            if (exception is not ModelFormatException)
            {
                Assert.Null(exception);
                Assert.Equal(Numbers(60), values);
            }
        }

        byte[] damaged = (byte[])packed.Clone();
        damaged[packed.Length / 2] ^= 0xff;
        File.WriteAllBytes(path, damaged);
        Assert.Throws<ModelFormatException>(() => IdxFile.Load(path));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Mutations_are_read_or_refused(int seed) => HostileInput.Mutate(Idx(8, [3, 4, 5], Numbers(60)), seed, 20_000, Read);
}
