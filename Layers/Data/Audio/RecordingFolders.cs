using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Formats;

namespace ManagedDyn.Layers.Data.Audio;

/// <summary>
/// Opens folders of WAV files: named class_speaker_index.wav, in the folder or in its sub-folder "recordings", of which indices 0 to 4 are the test part (the rule of
/// the Free Spoken Digit Dataset); or a sub-folder for each class, of which a share is split off.
/// </summary>
public static class RecordingFolders
{
    private const string SubFolder = "recordings";
    private const int TestIndices = 5;
    private const int MostFiles = 1 << 20;

    // Samples are held in memory.
    private const long MostSamples = 1L << 29;

    /// <summary>Whether a folder holds recordings as <see cref="Open"/> reads them.</summary>
    /// <param name="folder">The folder.</param>
    public static bool Recognise(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return Directory.Exists(folder) && (Named(folder).Count > 0 || HasClassFolders(folder));
    }

    /// <summary>Opens a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="options">The seed and the fractions of the split; by default <see cref="DatasetOptions.Default"/>.</param>
    /// <exception cref="ModelFileException">A file is not sound, or there are too many; the message says where.</exception>
    public static RecordingSplits Open(string folder, DatasetOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(folder);
        options ??= DatasetOptions.Default;
        if (options.Folds != 0)
        {
            throw new ArgumentException($"{options.Folds} folds were asked for; expected none, as only images are folded.", nameof(options));
        }

        string name = DatasetFiles.NameOf(folder);
        List<string> named = Named(folder);
        RandomSource random = new(options.SplitSeed);
        RecordingDataset training;
        RecordingDataset test;
        if (named.Count > 0)
        {
            (training, test) = OpenNamed(named);
        }
        else
        {
            (training, test) = OpenClasses(folder).Split(options.TestFraction, random, "test");
        }

        (training, RecordingDataset validation) = training.Split(options.ValidationFraction, random, "validation");
        return new RecordingSplits(name, training, validation, test);
    }

    private static (RecordingDataset Training, RecordingDataset Test) OpenNamed(List<string> files)
    {
        SortedSet<string> names = new(StringComparer.Ordinal);
        foreach (string file in files)
        {
            names.Add(Path.GetFileName(file).Split('_')[0]);
        }

        string[] classes = [.. names];
        List<Recording>[] recordings = [[], []];
        List<int>[] labels = [[], []];
        long total = 0;
        foreach (string file in files)
        {
            string[] parts = Path.GetFileNameWithoutExtension(file).Split('_');
            int part = int.Parse(parts[2], CultureInfo.InvariantCulture) < TestIndices ? 1 : 0;
            recordings[part].Add(Read(file, ref total));
            labels[part].Add(Array.BinarySearch(classes, parts[0], StringComparer.Ordinal));
        }

        return (new RecordingDataset(recordings[0], labels[0], classes), new RecordingDataset(recordings[1], labels[1], classes));
    }

    private static RecordingDataset OpenClasses(string folder)
    {
        string[] folders = Directory.GetDirectories(folder);
        Array.Sort(folders, StringComparer.Ordinal);
        List<Recording> recordings = [];
        List<int> labels = [];
        List<string> names = [];
        long total = 0;
        foreach (string each in folders)
        {
            List<string> files = Wavs(each);
            if (files.Count == 0)
            {
                continue;
            }

            foreach (string file in files)
            {
                recordings.Add(Read(file, ref total));
                labels.Add(names.Count);
            }

            names.Add(DatasetFiles.NameOf(each));
        }

        return new RecordingDataset(recordings, labels, names);
    }

    private static Recording Read(string file, ref long total)
    {
        Recording recording = WavFile.Read(file);
        total += recording.Samples.Length;
        return total <= MostSamples
            ? recording
            : throw new ModelLimitException(Path.GetFileName(file), -1, $"more than {MostSamples} samples in all files", "fewer");
    }

    private static bool HasClassFolders(string folder)
    {
        foreach (string each in Directory.GetDirectories(folder))
        {
            if (Wavs(each).Count > 0)
            {
                return true;
            }
        }

        return false;
    }

    // Files named class_speaker_index.wav.
    private static List<string> Named(string folder)
    {
        string inner = Path.Combine(folder, SubFolder);
        List<string> files = Wavs(Directory.Exists(inner) ? inner : folder);
        files.RemoveAll(static file =>
        {
            string[] parts = Path.GetFileNameWithoutExtension(file).Split('_');
            return parts.Length != 3 || parts[0].Length == 0 || !int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out _);
        });
        return files;
    }

    private static List<string> Wavs(string folder)
    {
        List<string> files = [.. DatasetFiles.In(folder)];
        files.RemoveAll(static file => !Path.GetExtension(file).Equals(".wav", StringComparison.OrdinalIgnoreCase));
        return files.Count <= MostFiles ? files : throw new ModelLimitException(folder, -1, $"{files.Count} files", $"at most {MostFiles}");
    }
}
