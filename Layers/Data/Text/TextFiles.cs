using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using ManagedDyn.Engine.Formats;

namespace ManagedDyn.Layers.Data.Text;

/// <summary>
/// Reads labelled texts: CSV with a header that names the columns "text" and "label" (or "category", "intent", "class"; quoted as RFC 4180 has it); lines of label,
/// tab and text, with or without the header "label"; and JSON objects whose members are lists of [text, label]. Files are hostile until proven sound.
/// </summary>
public static class TextFiles
{
    // A text of more characters than this is no sentence or message.
    private const int LongestText = 1 << 20;
    private const int LongestLabel = 1024;
    private const long MostBytes = 1 << 30;

    // A document is held whole, and any JSON file of a folder may be looked into.
    private const long MostJsonBytes = 1 << 27;

    private static readonly string[] TextColumns = ["text", "msg", "sentence"];
    private static readonly string[] LabelColumns = ["label", "category", "intent", "class"];

    /// <summary>Reads a file by its extension: .csv, or lines with tabs.</summary>
    /// <param name="path">The file.</param>
    /// <param name="classNames">The classes of another part, whose numbers are kept; none: those found, in the order of their characters.</param>
    /// <exception cref="ModelFileException">The file is none of these, or names a class that is not among those given; the message says where.</exception>
    public static TextDataset Read(string path, IReadOnlyList<string>? classNames = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        List<string> texts = [];
        List<string> labels = [];
        if (IsCsv(path))
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
    /// <exception cref="ModelFileException">The file is no such object, or names a class that is not among those given.</exception>
    public static TextDataset ReadJson(string path, ReadOnlySpan<string> members, IReadOnlyList<string>? classNames = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        using JsonDocument document = OpenJson(path);
        return ReadJson(document, path, members, classNames);
    }

    internal static TextDataset ReadJson(JsonDocument document, string path, ReadOnlySpan<string> members, IReadOnlyList<string>? classNames)
    {
        List<string> texts = [];
        List<string> labels = [];
        foreach (string member in members)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty(member, out JsonElement list) || list.ValueKind != JsonValueKind.Array)
            {
                throw new ModelFormatException(Path.GetFileName(path), -1, $"no list {FileText.Quote(member)}", "a JSON object of lists of [text, label]");
            }

            int index = 0;
            foreach (JsonElement pair in list.EnumerateArray())
            {
                string place = $"{Path.GetFileName(path)}, {member}[{index++}]";
                if (!IsPair(pair))
                {
                    throw new ModelFormatException(place, -1, $"something of kind {pair.ValueKind}", "[text, label]");
                }

                try
                {
                    Add(place, pair[0].GetString()!, pair[1].GetString()!, texts, labels);
                }
                catch (InvalidOperationException exception)
                {
                    // Half of a character outside the basic plane.
                    throw new ModelFormatException(place, -1, "text that is not sound", "Unicode", exception);
                }
            }
        }

        return Make(path, texts, labels, classNames);
    }

    internal static JsonDocument OpenJson(string path)
    {
        try
        {
            using Stream stream = Open(path, MostJsonBytes);
            return JsonDocument.Parse(stream, new JsonDocumentOptions { MaxDepth = 8 });
        }
        catch (JsonException exception)
        {
            throw new ModelFormatException(Path.GetFileName(path), -1, $"no sound JSON ({exception.Message.TrimEnd('.')})", "an object of lists of [text, label]", exception);
        }
        catch (InvalidDataException exception)
        {
            throw DatasetFiles.Damaged(Path.GetFileName(path), exception);
        }
    }

    /// <summary>Whether a file's name is that of a table with commas.</summary>
    internal static bool IsCsv(string path) => Path.GetExtension(DatasetFiles.NameOf(path)).Equals(".csv", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a file is a table whose header names texts and labels, or its first line holds a label, a tab and a text.</summary>
    internal static bool Recognise(string path)
    {
        string extension = Path.GetExtension(DatasetFiles.NameOf(path)).ToLowerInvariant();
        if (extension == ".csv")
        {
            try
            {
                using CsvReader reader = new(DatasetFiles.OpenRead(path), Path.GetFileName(path));
                return reader.Read() && Find(reader, TextColumns) >= 0 && Find(reader, LabelColumns) >= 0;
            }
            catch (ModelFileException)
            {
                return false;
            }
        }

        return extension == ".tsv";
    }

    /// <summary>Whether an element is [text, label].</summary>
    internal static bool IsPair(JsonElement element) =>
        element.ValueKind == JsonValueKind.Array && element.GetArrayLength() == 2 && element[0].ValueKind == JsonValueKind.String && element[1].ValueKind == JsonValueKind.String;

    private static void ReadCsv(string path, List<string> texts, List<string> labels)
    {
        using CsvReader reader = new(Open(path, MostBytes), Path.GetFileName(path));
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
                throw new ModelFormatException(reader.Place, -1, $"{reader.FieldCount} fields", $"at least {Math.Max(text, label) + 1}");
            }

            Add(reader.Place, reader.Field(text).ToString(), reader.Field(label).ToString(), texts, labels);
        }
    }

    private static int Column(CsvReader reader, string[] names)
    {
        int column = Find(reader, names);
        return column >= 0 ? column : throw new ModelFormatException(reader.Place, -1, "no such column", $"one named {string.Join(" or ", names)}");
    }

    private static int Find(CsvReader reader, string[] names)
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

        return -1;
    }

    private static void ReadLines(string path, List<string> texts, List<string> labels)
    {
        int number = 0;
        using LineReader reader = new(Open(path, MostBytes), Path.GetFileName(path), LongestText + LongestLabel);
        while (reader.Read() is { } line)
        {
            number++;
            int tab = line.IndexOf('\t', StringComparison.Ordinal);
            if (line.Length == 0 || (number == 1 && tab >= 0 && Array.IndexOf(LabelColumns, line[..tab].ToLowerInvariant()) >= 0))
            {
                continue;
            }

            string place = $"{Path.GetFileName(path)}, line {number}";
            if (tab <= 0)
            {
                throw new ModelFormatException(place, -1, "no tab behind a label", "a label, a tab and the text");
            }

            Add(place, line[(tab + 1)..], line[..tab], texts, labels);
        }
    }

    private static void Add(string place, string text, string label, List<string> texts, List<string> labels)
    {
        if (text.Length > LongestText || label.Length > LongestLabel)
        {
            throw new ModelLimitException(place, -1, $"a text of {text.Length} characters and a label of {label.Length}", $"at most {LongestText} and {LongestLabel}");
        }

        foreach (char character in label)
        {
            if (char.IsControl(character))
            {
                throw new ModelFormatException(place, -1, $"the label {FileText.Quote(label)}", "no control character");
            }
        }

        texts.Add(text);
        labels.Add(label);
    }

    // Too large a file is told at once, a packed one when that has come of it.
    private static LimitedStream Open(string path, long most)
    {
        long bytes = new FileInfo(path).Length;
        return bytes <= most
            ? new LimitedStream(DatasetFiles.OpenRead(path), most, Path.GetFileName(path), "labelled texts")
            : throw new ModelLimitException(Path.GetFileName(path), -1, $"{bytes} bytes", $"at most {most} of labelled texts");
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
                : throw new ModelFormatException(Path.GetFileName(path), -1, $"text {i} of class {FileText.Quote(labels[i])}", $"one of the {names.Count} classes of the training part");
        }

        return new TextDataset(texts, values, names);
    }
}
