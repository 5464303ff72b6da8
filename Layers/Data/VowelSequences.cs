using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Formats;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// Reads the Japanese Vowels (Kudo et al., 1999): utterances of nine speakers, a line of twelve coefficients a step, an empty line behind each utterance; ae.train has 30
/// of each speaker, ae.test 31, 35, 88, 44, 29, 24, 40, 50 and 29. Files may be packed with gzip. The answer is the speaker.
/// </summary>
public static class VowelSequences
{
    private const int Features = 12;
    private const int Steps = 29;
    private const int TrainingEach = 30;
    private const int MostLines = 1 << 20;
    private const int LongestLine = 4096;
    private static readonly int[] TestEach = [31, 35, 88, 44, 29, 24, 40, 50, 29];

    /// <summary>Whether a folder holds the two files.</summary>
    /// <param name="folder">The folder.</param>
    public static bool Recognise(string folder) => Find(folder, "ae.train") is not null && Find(folder, "ae.test") is not null;

    /// <summary>Opens the folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="options">The seed and the fraction of the validation part, which is taken from ae.train; by default <see cref="DatasetOptions.Default"/>.</param>
    /// <exception cref="ModelFileException">A file is not sound; the message says where.</exception>
    public static ReadySplits Open(string folder, DatasetOptions? options = null)
    {
        options ??= DatasetOptions.Default;
        int[] trainingEach = new int[TestEach.Length];
        Array.Fill(trainingEach, TrainingEach);
        (List<float[]> training, int[] labels) = Read(Find(folder, "ae.train")!, trainingEach);
        (List<float[]> test, int[] testLabels) = Read(Find(folder, "ae.test")!, TestEach);
        string[] names = new string[TestEach.Length];
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = string.Create(CultureInfo.InvariantCulture, $"speaker {i + 1}");
        }

        FeatureSamples all = new(Steps, Features, training, labels, names);
        (int[] rest, int[] part) = StratifiedSplit.Of(labels, names.Length, options.ValidationFraction, new RandomSource(options.SplitSeed), "validation");
        SampleSplits splits = new(DatasetFiles.NameOf(folder), all.Subset(rest), all.Subset(part), new FeatureSamples(Steps, Features, test, testLabels, names)) { Noun = "sequences" };
        return new ReadySplits(splits);
    }

    private static string? Find(string folder, string name)
    {
        if (Directory.Exists(folder))
        {
            foreach (string path in (ReadOnlySpan<string>)[Path.Combine(folder, name), Path.Combine(folder, name + ".gz")])
            {
                if (File.Exists(path))
                {
                    return path;
                }
            }
        }

        return null;
    }

    private static (List<float[]> Sequences, int[] Labels) Read(string path, ReadOnlySpan<int> each)
    {
        string name = Path.GetFileName(path);
        List<float[]> sequences = [];
        List<float> values = [];
        try
        {
            using StreamReader reader = new(DatasetFiles.OpenRead(path));
            int line = 0;
            while (NextLine(reader, name, line) is { } text)
            {
                line++;
                if (text.Length > 0)
                {
                    AddStep(values, text, name, line);
                }
                else if (values.Count > 0)
                {
                    sequences.Add([.. values]);
                    values.Clear();
                }
            }
        }
        catch (InvalidDataException exception)
        {
            throw DatasetFiles.Damaged(name, exception);
        }

        if (values.Count > 0)
        {
            sequences.Add([.. values]);
        }

        List<int> labels = [];
        for (int speaker = 0; speaker < each.Length; speaker++)
        {
            for (int i = 0; i < each[speaker]; i++)
            {
                labels.Add(speaker);
            }
        }

        return labels.Count == sequences.Count
            ? (sequences, [.. labels])
            : throw new ModelFormatException(name, -1, $"{sequences.Count} utterances", $"{labels.Count}");
    }

    private static string? NextLine(StreamReader reader, string name, int line)
    {
        string? text = reader.ReadLine();
        return line < MostLines && (text is null || text.Length <= LongestLine)
            ? text?.Trim()
            : throw new ModelLimitException(name, -1, $"line {line + 1} of {text?.Length} characters", $"at most {MostLines} lines of {LongestLine}");
    }

    private static void AddStep(List<float> values, string text, string name, int line)
    {
        int count = 0;
        foreach (Range range in text.AsSpan().Split(' '))
        {
            ReadOnlySpan<char> part = text.AsSpan()[range];
            if (part.IsEmpty)
            {
                continue;
            }

            if (!float.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out float value) || !float.IsFinite(value))
            {
                throw new ModelFormatException(name, line, FileText.Quote(part.ToString()), "a number");
            }

            values.Add(value);
            count++;
        }

        if (count != Features || values.Count > Features * Steps)
        {
            throw new ModelFormatException(name, line, $"{count} numbers in step {values.Count / Features}", $"{Features} numbers a line, at most {Steps} lines an utterance");
        }
    }
}
