using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Text.Json;

namespace ManagedDyn.Layers.Data.Text;

/// <summary>
/// Reads labelled texts: CSV with a header that names the columns "text" and "label" (or "category", "intent", "class"; quoted as RFC 4180 has it); lines of label,
/// tab and text, with or without the header "label"; and JSON objects whose members are lists of [text, label].
/// </summary>
public static class TextFiles
{
    private static readonly string[] TextColumns = ["text", "msg", "sentence"];
    private static readonly string[] LabelColumns = ["label", "category", "intent", "class"];

    /// <summary>Reads a file by its extension: .csv, or lines with tabs.</summary>
    /// <param name="path">The file.</param>
    /// <param name="classNames">The classes of another part, whose numbers are kept; none: those found, in the order of their characters.</param>
    /// <exception cref="InvalidDataException">The file is none of these, or names a class that is not among those given; the message says where.</exception>
    public static TextDataset Read(string path, IReadOnlyList<string>? classNames = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        List<string> texts = [];
        List<string> labels = [];
        if (Path.GetExtension(path).Equals(".csv", StringComparison.OrdinalIgnoreCase))
        {
            ReadCsv(path, texts, labels);
        }
        else
        {
            ReadLines(path, texts, labels);
        }

        return Make(path, texts, labels, classNames);
    }

    /// <summary>Reads some members of a JSON object, one after the other.</summary>
    /// <param name="path">The file.</param>
    /// <param name="members">Their names, such as "train".</param>
    /// <param name="classNames">The classes of another part, whose numbers are kept; none: those found, in the order of their characters.</param>
    /// <exception cref="InvalidDataException">The file is no such object, or names a class that is not among those given.</exception>
    public static TextDataset ReadJson(string path, ReadOnlySpan<string> members, IReadOnlyList<string>? classNames = null)
    {
        List<string> texts = [];
        List<string> labels = [];
        try
        {
            using FileStream stream = File.OpenRead(path);
            using JsonDocument document = JsonDocument.Parse(stream);
            foreach (string member in members)
            {
                if (!document.RootElement.TryGetProperty(member, out JsonElement list))
                {
                    throw new InvalidDataException($"{path} has no member \"{member}\".");
                }

                foreach (JsonElement pair in list.EnumerateArray())
                {
                    texts.Add(pair[0].GetString() ?? string.Empty);
                    labels.Add(pair[1].GetString() ?? string.Empty);
                }
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or IndexOutOfRangeException)
        {
            throw new InvalidDataException($"{path} is no JSON object of lists of [text, label]: {exception.Message}", exception);
        }

        return Make(path, texts, labels, classNames);
    }

    private static void ReadCsv(string path, List<string> texts, List<string> labels)
    {
        using CsvReader reader = new(File.OpenRead(path), Path.GetFileName(path));
        int text = -1;
        int label = -1;
        for (int i = 0; reader.Read(); i++)
        {
            if (i == 0)
            {
                text = Column(reader, TextColumns);
                label = Column(reader, LabelColumns);
                continue;
            }

            if (reader.FieldCount <= Math.Max(text, label))
            {
                throw new InvalidDataException($"{reader.Place}: {reader.FieldCount} fields; expected at least {Math.Max(text, label) + 1}.");
            }

            texts.Add(reader.Field(text).ToString());
            labels.Add(reader.Field(label).ToString());
        }
    }

    private static int Column(CsvReader reader, string[] names)
    {
        for (int i = 0; i < reader.FieldCount; i++)
        {
            foreach (string name in names)
            {
                if (reader.Field(i).Equals(name, StringComparison.OrdinalIgnoreCase))
                {
                    return i;
                }
            }
        }

        throw new InvalidDataException($"{reader.Place}: no column is named {string.Join(" or ", names)}.");
    }

    private static void ReadLines(string path, List<string> texts, List<string> labels)
    {
        int number = 0;
        foreach (string line in File.ReadLines(path, Encoding.UTF8))
        {
            number++;
            int tab = line.IndexOf('\t', StringComparison.Ordinal);
            if (line.Length == 0 || (number == 1 && tab >= 0 && Array.IndexOf(LabelColumns, line[..tab].ToLowerInvariant()) >= 0))
            {
                continue;
            }

            if (tab <= 0)
            {
                throw new InvalidDataException($"{Path.GetFileName(path)}, line {number}: no tab behind a label; expected a label, a tab and the text.");
            }

            labels.Add(line[..tab]);
            texts.Add(line[(tab + 1)..]);
        }
    }

    private static TextDataset Make(string path, List<string> texts, List<string> labels, IReadOnlyList<string>? classNames)
    {
        List<string> names = [.. classNames ?? new SortedSet<string>(labels, StringComparer.Ordinal) as IEnumerable<string>];
        Dictionary<string, int> numbers = new(StringComparer.Ordinal);
        for (int i = 0; i < names.Count; i++)
        {
            numbers.TryAdd(names[i], i);
        }

        int[] values = new int[labels.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = numbers.TryGetValue(labels[i], out int number)
                ? number
                : throw new InvalidDataException($"{Path.GetFileName(path)}: text {i} is of class \"{labels[i]}\"; expected one of the {names.Count} classes given.");
        }

        return new TextDataset(texts, values, names);
    }
}
