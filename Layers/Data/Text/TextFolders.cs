using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using ManagedDyn.Engine.Formats;

namespace ManagedDyn.Layers.Data.Text;

/// <summary>
/// Opens labelled texts: one table (.csv with a header, .tsv), which is split; a folder with tables named after their parts (train, val or dev, test); or a JSON object
/// of lists train, val and test, and oos_val and oos_test with texts of none of the classes, as CLINC150 has it.
/// </summary>
public static class TextFolders
{
    private static readonly string[] TrainingNames = ["train", "training"];
    private static readonly string[] ValidationNames = ["val", "valid", "validation", "dev"];
    private static readonly string[] TestNames = ["test", "testing"];

    /// <summary>Opens a file or folder that <see cref="Recognise"/> knows.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="options">The seed and the fractions of the split; by default <see cref="DatasetOptions.Default"/>.</param>
    /// <exception cref="ModelFileException">A file is not sound or beyond the limits; the message says where.</exception>
    public static TextSplits Open(string path, DatasetOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        options ??= DatasetOptions.Default;
        if (options.Folds != 0)
        {
            throw new ArgumentException($"{options.Folds} folds were asked for; expected none, as only images are folded.", nameof(options));
        }

        string name = Path.GetFileNameWithoutExtension(DatasetFiles.NameOf(path));
        string[] files = Files(path);
        foreach (string file in files)
        {
            if (IsJson(file) && OpenJson(file, name, options) is { } splits)
            {
                return splits;
            }
        }

        List<string> tables = [.. files];
        tables.RemoveAll(static file => !TextFiles.Recognise(file));
        string? training = tables.Find(static file => IsPart(file, TrainingNames)) ?? (tables.Count == 1 ? tables[0] : null);
        if (training is null)
        {
            throw new ModelFormatException(path, -1, $"{tables.Count} tables of texts", "one, or one named train");
        }

        string? validation = tables.Find(static file => IsPart(file, ValidationNames));
        string? test = tables.Find(static file => IsPart(file, TestNames));
        TextDataset texts = TextFiles.Read(training);
        return TextSplits.Make(
            name,
            texts,
            validation is null ? null : TextFiles.Read(validation, texts.ClassNames),
            test is null ? null : TextFiles.Read(test, texts.ClassNames),
            options);
    }

    /// <summary>Whether a file or folder holds labelled texts.</summary>
    /// <param name="path">The file or folder.</param>
    public static bool Recognise(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        foreach (string file in Files(path))
        {
            if (TextFiles.Recognise(file) || (IsJson(file) && HoldsPairs(file)))
            {
                return true;
            }
        }

        return false;
    }

    private static string[] Files(string path) => Directory.Exists(path) ? DatasetFiles.In(path) : [path];

    private static bool IsJson(string path) => Path.GetExtension(DatasetFiles.NameOf(path)).Equals(".json", StringComparison.OrdinalIgnoreCase);

    private static bool IsPart(string path, string[] names) =>
        Array.IndexOf(names, Path.GetFileNameWithoutExtension(DatasetFiles.NameOf(path)).ToLowerInvariant()) >= 0;

    private static bool HoldsPairs(string path)
    {
        try
        {
            using JsonDocument document = TextFiles.OpenJson(path);
            return HoldsPairs(document, "train");
        }
        catch (ModelFileException)
        {
            return false;
        }
    }

    private static bool HoldsPairs(JsonDocument document, string member) =>
        document.RootElement.ValueKind == JsonValueKind.Object
        && document.RootElement.TryGetProperty(member, out JsonElement list)
        && list.ValueKind == JsonValueKind.Array
        && list.GetArrayLength() > 0
        && TextFiles.IsPair(list[0]);

    private static TextSplits? OpenJson(string path, string name, DatasetOptions options)
    {
        using JsonDocument document = TextFiles.OpenJson(path);
        if (!HoldsPairs(document, "train"))
        {
            return null;
        }

        TextDataset training = TextFiles.ReadJson(document, path, ["train"], null);
        TextSplits splits = TextSplits.Make(name, training, Part("val", training.ClassNames), Part("test", training.ClassNames), options);
        return Part("oos_val", null) is { } validation && Part("oos_test", null) is { } test
            ? new TextSplits(name, splits.Training, splits.Validation, splits.Test) { OutsideValidation = Outside(validation, training.ClassNames), OutsideTest = Outside(test, training.ClassNames) }
            : splits;

        TextDataset? Part(string member, IReadOnlyList<string>? classes) => HoldsPairs(document, member) ? TextFiles.ReadJson(document, path, [member], classes) : null;
    }

    private static TextDataset Outside(TextDataset texts, IReadOnlyList<string> classes) => new(texts.Texts, new int[texts.Texts.Count], classes);
}
