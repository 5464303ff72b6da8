using System;
using System.IO;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// Reads a folder in the layout of MNIST: IDX files of images, [count, height, width] or [count, height, width, channels], and of labels,
/// [count]; those with "train" in their name are for training, those with "t10k" or "test" for the test, one pair with neither is both. Class names
/// may stand in <c>classes.txt</c>, one a line; Fashion-MNIST, known by its folder's name, brings its own.
/// </summary>
public static class IdxImages
{
    /// <summary>The file with the names of the classes.</summary>
    public const string ClassesFile = "classes.txt";

    private static readonly string[] FashionNames =
        ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

    /// <summary>Opens a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="options">The seed and the fractions of the split; by default <see cref="DatasetOptions.Default"/>.</param>
    /// <exception cref="ModelFileException">Files are missing, not sound, beyond the limits, or do not fit each other.</exception>
    public static ImageSplits Open(string folder, DatasetOptions? options = null)
    {
        options ??= DatasetOptions.Default;
        Pair training = new("train");
        Pair test = new("test");
        Pair all = new("all");
        foreach (string path in DatasetFiles.In(folder))
        {
            if (IdxFile.Recognise(path, out int rank))
            {
                string name = Path.GetFileName(path);
                bool forTest = name.Contains("t10k", StringComparison.OrdinalIgnoreCase) || name.Contains("test", StringComparison.OrdinalIgnoreCase);
                bool forTraining = name.Contains("train", StringComparison.OrdinalIgnoreCase);
                (forTraining ? training : forTest ? test : all).Add(path, rank);
            }
        }

        string set = DatasetFiles.NameOf(folder);
        if (!training.IsEmpty && !all.IsEmpty)
        {
            throw new ModelFormatException(folder, -1, $"IDX files for training beside others such as {FileText.Quote(Path.GetFileName(all.First))}", "names with train, and t10k or test");
        }

        Pair first = training.IsEmpty ? all : training;
        first.Check(folder);
        (byte[] pixels, Shape image, int[] labels, int largest) = Read(first, options);
        byte[]? testPixels = null;
        int[] testLabels = [];
        if (!test.IsEmpty)
        {
            test.Check(folder);
            (testPixels, Shape testImage, testLabels, int testLargest) = Read(test, options);
            largest = Math.Max(largest, testLargest);
            if (testImage != image)
            {
                throw new ModelFormatException(Path.GetFileName(test.Images), -1, $"images {testImage}", $"{image}, as in {Path.GetFileName(first.Images)}");
            }
        }

        string[]? known = DatasetFiles.ClassNames(folder, ClassesFile)
            ?? (set.Contains("fashion", StringComparison.OrdinalIgnoreCase) && largest < FashionNames.Length ? FashionNames : null);
        string[] names = DatasetFiles.NameClasses(known, Path.GetFileName(first.Labels), largest);
        ImageDataset trainingSet = ImageDataset.FromBytes(image, pixels, labels, names);
        ImageDataset? testSet = testPixels is null ? null : ImageDataset.FromBytes(image, testPixels, testLabels, names);
        return ImageSplits.Make(set, trainingSet, testSet, options);
    }

    private static (byte[] Pixels, Shape Image, int[] Labels, int Largest) Read(Pair pair, DatasetOptions options)
    {
        DataArray<byte> images = IdxFile.Load(pair.Images, options.MaximumBytes);
        DataArray<byte> labels = IdxFile.Load(pair.Labels, options.MaximumBytes);
        if (images.Shape[0] != labels.Shape[0])
        {
            throw new ModelFormatException(Path.GetFileName(pair.Labels), -1, $"{labels.Shape[0]} labels", $"{images.Shape[0]}, one for each image of {Path.GetFileName(pair.Images)}");
        }

        if (images.Shape.Count == 0)
        {
            throw new ModelFormatException(Path.GetFileName(pair.Images), -1, $"shape {images.Shape}", "at least one image with at least one pixel");
        }

        int[] classes = new int[labels.Values.Length];
        int largest = 0;
        for (int i = 0; i < classes.Length; i++)
        {
            classes[i] = labels.Values[i];
            largest = Math.Max(largest, classes[i]);
        }

        Shape image = new(images.Shape[1], images.Shape[2], images.Shape.Rank == 4 ? images.Shape[3] : 1);
        if (options.ImageSize == 0 || (options.ImageSize == image[0] && options.ImageSize == image[1]))
        {
            return (images.Values, image, classes, largest);
        }

        Shape resized = new(options.ImageSize, options.ImageSize, image[2]);
        if ((long)resized.Count * classes.Length > options.MaximumBytes)
        {
            throw new ModelFormatException(Path.GetFileName(pair.Images), -1, $"{classes.Length} images resized to {resized}", $"at most {options.MaximumBytes} bytes");
        }

        return (Resize(images.Values, image, resized, classes.Length), resized, classes, largest);
    }

    private static byte[] Resize(byte[] pixels, Shape from, Shape to, int count)
    {
        byte[] resized = new byte[to.Count * count];
        for (int i = 0; i < count; i++)
        {
            DecodedImage image = new(from[0], from[1], from[2], pixels.AsSpan(i * from.Count, from.Count).ToArray());
            ImageResize.To(image, to[0], to[1]).Pixels.CopyTo(resized.AsSpan(i * to.Count));
        }

        return resized;
    }

    private sealed class Pair(string name)
    {
        private const int LabelsRank = 1;

        public string Images { get; private set; } = string.Empty;

        public string Labels { get; private set; } = string.Empty;

        public bool IsEmpty => Images.Length == 0 && Labels.Length == 0;

        public string First => Images.Length > 0 ? Images : Labels;

        public void Add(string path, int rank)
        {
            if (rank is not (LabelsRank or 3 or 4))
            {
                throw new ModelFormatException(Path.GetFileName(path), 3, $"rank {rank}", "1 for labels, 3 or 4 for images");
            }

            string before = rank == LabelsRank ? Labels : Images;
            if (before.Length > 0)
            {
                string what = rank == LabelsRank ? "labels" : "images";
                throw new ModelFormatException(Path.GetFileName(path), -1, $"a second file of {what} ({name}) beside {FileText.Quote(Path.GetFileName(before))}", $"one file of {what}");
            }

            if (rank == LabelsRank)
            {
                Labels = path;
            }
            else
            {
                Images = path;
            }
        }

        public void Check(string folder)
        {
            if (Images.Length == 0 || Labels.Length == 0)
            {
                string what = Images.Length == 0 ? "images" : "labels";
                throw new ModelFormatException(folder, -1, $"no IDX file of {what} ({name})", "one of images and one of labels");
            }
        }
    }
}
