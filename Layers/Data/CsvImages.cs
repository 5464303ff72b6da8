using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// Reads images from comma-separated tables: a record an image, one column with its class, the others its pixels row by row (of a colour image:
/// pixel by pixel, red, green, blue). n pixels are a square image, grey or coloured where n fits one, else one row. Whole numbers from 0 to 1,
/// 16 or 255, whichever holds the largest, are brought between 0 and 1; other numbers are taken as they are.
/// </summary>
public static class CsvImages
{
    private const int MaximumClasses = 10_000;

    /// <summary>Opens a table, or a folder with one for training and one for the test.</summary>
    /// <param name="path">
    /// A file, plain or packed with gzip; or a folder with files ".tra" and ".tes", or ".csv" with "train" and "test" in their names.
    /// </param>
    /// <param name="options">The label's column, the seed and the fractions of the split; by default <see cref="DatasetOptions.Default"/>.</param>
    /// <exception cref="ModelFileException">A table is not sound or beyond the limits; the message names the line.</exception>
    public static ImageSplits Open(string path, DatasetOptions? options = null)
    {
        options ??= DatasetOptions.Default;
        string training = path;
        string? test = null;
        if (Directory.Exists(path))
        {
            (training, test) = Find(path);
        }

        (int columns, int labelColumn) = CsvLayout.Find(training, options.LabelColumn);
        CsvTable table = CsvTable.Read(training, columns, labelColumn, options.MaximumBytes);
        string[] classes = Classes(table, training);
        float maximum = table.Maximum();
        ImageDataset trainingSet = Make(table, classes, maximum);
        ImageDataset? testSet = null;
        if (test is not null)
        {
            testSet = Make(CsvTable.Read(test, columns, labelColumn, options.MaximumBytes), classes, maximum);
        }

        return ImageSplits.Make(Path.GetFileNameWithoutExtension(DatasetFiles.NameOf(path)), trainingSet, testSet, options);
    }

    /// <summary>Whether a file's name is that of a table.</summary>
    internal static bool Recognise(string path)
    {
        string extension = Path.GetExtension(DatasetFiles.NameOf(path));
        return extension.Equals(".csv", StringComparison.OrdinalIgnoreCase) || IsTraining(path) || IsTest(path);
    }

    private static bool IsTraining(string path) => Path.GetExtension(DatasetFiles.NameOf(path)).Equals(".tra", StringComparison.OrdinalIgnoreCase);

    private static bool IsTest(string path) => Path.GetExtension(DatasetFiles.NameOf(path)).Equals(".tes", StringComparison.OrdinalIgnoreCase);

    private static (string Training, string? Test) Find(string folder)
    {
        List<string> training = [];
        List<string> test = [];
        foreach (string path in DatasetFiles.In(folder))
        {
            if (!Recognise(path))
            {
                continue;
            }

            bool forTest = IsTest(path) || (!IsTraining(path) && DatasetFiles.NameOf(path).Contains("test", StringComparison.OrdinalIgnoreCase));
            (forTest ? test : training).Add(path);
        }

        return training.Count == 1 && test.Count <= 1
            ? (training[0], test.Count == 0 ? null : test[0])
            : throw new ModelFormatException(folder, -1, $"{training.Count} tables for training and {test.Count} for the test", "one for training and at most one with test in its name; or give the file");
    }

    private static string[] Classes(CsvTable table, string path)
    {
        string[] names = [.. table.LabelTexts];
        if (names.Length > MaximumClasses)
        {
            throw new ModelLimitException(Path.GetFileName(path), -1, $"{names.Length} different labels", $"at most {MaximumClasses}; is another column the label's?");
        }

        bool numbers = true;
        foreach (string name in names)
        {
            numbers &= long.TryParse(name, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);
        }

        Array.Sort(names, (left, right) => numbers
            ? long.Parse(left, CultureInfo.InvariantCulture).CompareTo(long.Parse(right, CultureInfo.InvariantCulture))
            : string.CompareOrdinal(left, right));
        return names;
    }

    private static ImageDataset Make(CsvTable table, string[] classes, float maximum)
    {
        int[] labels = table.Labels(classes);
        Shape shape = ImageShape(table.PixelCount);
        if (maximum == 0 || table.Maximum() == 0)
        {
            return ImageDataset.FromFloats(shape, table.TakeValues(maximum == 0 ? 1 : maximum), labels, classes);
        }

        return ImageDataset.FromBytes(shape, table.TakeBytes(), labels, classes, maximum);
    }

    private static Shape ImageShape(int pixels)
    {
        int side = (int)Math.Sqrt(pixels);
        if (side * side == pixels)
        {
            return new Shape(side, side, 1);
        }

        side = (int)Math.Sqrt(pixels / 3);
        return side * side * 3 == pixels ? new Shape(side, side, 3) : new Shape(1, pixels, 1);
    }
}
