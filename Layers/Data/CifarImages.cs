using System;
using System.Collections.Generic;
using System.IO;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// Reads the binary version of CIFAR-10: <c>data_batch_1.bin</c> and so on for training, <c>test_batch.bin</c> for the test; each image is its
/// label in one byte, then its 32 × 32 red, green and blue values.
/// </summary>
public static class CifarImages
{
    private const int Size = 32;
    private const int Channels = 3;
    private const int Pixels = Size * Size;
    private const int RecordBytes = 1 + (Pixels * Channels);
    private const int ClassCount = 10;
    private const string TestFile = "test_batch.bin";
    private const string TrainingPrefix = "data_batch_";

    private static readonly string[] Names =
        ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

    /// <summary>Opens a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="options">The seed and the fractions of the split; by default <see cref="DatasetOptions.Default"/>.</param>
    /// <exception cref="ModelFileException">Files are missing, not sound, or beyond the limits.</exception>
    public static ImageSplits Open(string folder, DatasetOptions? options = null)
    {
        options ??= DatasetOptions.Default;
        List<string> training = [];
        List<string> test = [];
        foreach (string path in DatasetFiles.In(folder))
        {
            string name = Path.GetFileName(path);
            if (name == TestFile)
            {
                test.Add(path);
            }
            else if (IsTraining(name))
            {
                training.Add(path);
            }
        }

        if (training.Count == 0)
        {
            throw new ModelFormatException(folder, -1, $"no file {TrainingPrefix}1.bin", "the binary version of CIFAR-10");
        }

        string[] names = DatasetFiles.ClassNames(folder, "batches.meta.txt") ?? Names;
        names = DatasetFiles.NameClasses(names, "batches.meta.txt", ClassCount - 1);
        ImageDataset trainingSet = Read(training, names, options);
        return ImageSplits.Make(DatasetFiles.NameOf(folder), trainingSet, test.Count == 0 ? null : Read(test, names, options), options);
    }

    /// <summary>Whether a folder has this layout.</summary>
    internal static bool Recognise(string folder) => File.Exists(Path.Combine(folder, TrainingPrefix + "1.bin"));

    private static bool IsTraining(string name) =>
        name.StartsWith(TrainingPrefix, StringComparison.Ordinal) && name.EndsWith(".bin", StringComparison.Ordinal);

    private static ImageDataset Read(List<string> paths, string[] names, DatasetOptions options)
    {
        long records = 0;
        foreach (string path in paths)
        {
            long length = new FileInfo(path).Length;
            if (length == 0 || length % RecordBytes != 0)
            {
                throw new ModelFormatException(Path.GetFileName(path), length / RecordBytes * RecordBytes, $"{length} bytes in all", $"a multiple of {RecordBytes}, more than none");
            }

            records += length / RecordBytes;
        }

        if (records * Pixels * Channels > options.MaximumBytes)
        {
            throw new ModelLimitException(Path.GetFileName(paths[0]), -1, $"{records} images in {paths.Count} files", $"at most {options.MaximumBytes} bytes of pixels");
        }

        byte[] pixels = new byte[(int)records * Pixels * Channels];
        int[] labels = new int[(int)records];
        byte[] record = new byte[RecordBytes];
        int next = 0;
        foreach (string path in paths)
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, RecordBytes * 16);
            for (int i = 0; next < labels.Length && file.ReadAtLeast(record, RecordBytes, throwOnEndOfStream: false) == RecordBytes; i++)
            {
                if (record[0] >= ClassCount)
                {
                    throw new ModelFormatException(Path.GetFileName(path), (long)i * RecordBytes, $"the label {record[0]}", $"0 to {ClassCount - 1}");
                }

                labels[next] = record[0];
                Interleave(record.AsSpan(1), pixels.AsSpan(next * Pixels * Channels, Pixels * Channels));
                next++;
            }
        }

        return next == labels.Length
            ? ImageDataset.FromBytes(new Shape(Size, Size, Channels), pixels, labels, names)
            : throw new ModelFormatException(Path.GetFileName(paths[^1]), -1, $"{next} images in all", $"{labels.Length} by the sizes of the files");
    }

    private static void Interleave(ReadOnlySpan<byte> planes, Span<byte> pixels)
    {
        for (int i = 0; i < Pixels; i++)
        {
            pixels[i * Channels] = planes[i];
            pixels[(i * Channels) + 1] = planes[Pixels + i];
            pixels[(i * Channels) + 2] = planes[(2 * Pixels) + i];
        }
    }
}
