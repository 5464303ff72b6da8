using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Engine.Formats;

namespace ManagedDyn.Layers.Data;

/// <summary>Finds out from the first records of a table whether it has a header and which column holds the labels.</summary>
internal static class CsvLayout
{
    private const int SampleRecords = 5000;

    private static readonly string[] LabelNames = ["label", "class", "target"];

    /// <summary>Looks at a table.</summary>
    /// <param name="path">The file.</param>
    /// <param name="wanted">Where the labels are said to be.</param>
    /// <returns>The number of columns and which of them has the labels.</returns>
    internal static (int Columns, int LabelColumn) Find(string path, LabelColumn wanted)
    {
        string name = System.IO.Path.GetFileName(path);
        using CsvReader reader = new(DatasetFiles.OpenRead(path), name);
        if (!reader.Read())
        {
            throw new ModelFormatException(name, -1, "no record", "a label and its pixels in each line");
        }

        int columns = reader.FieldCount;
        if (columns < 2)
        {
            throw new ModelFormatException(reader.Place, -1, $"one field, {FileText.Quote(reader.Field(0))}", "a label and pixels, separated by commas");
        }

        int last = columns - 1;
        bool header = IsHeader(reader);
        if (wanted != LabelColumn.Found)
        {
            return (columns, wanted == LabelColumn.First ? 0 : last);
        }

        if (header && FindNamed(reader) is var named and >= 0)
        {
            return (columns, named);
        }

        return (columns, Choose(reader, header, last));
    }

    /// <summary>Whether the reader stands at a header: a record that names the label's column, or has no number at all.</summary>
    internal static bool IsHeader(CsvReader reader)
    {
        bool numbers = false;
        for (int i = 0; i < reader.FieldCount && !numbers; i++)
        {
            numbers = IsNumber(reader.Field(i));
        }

        return !numbers || FindNamed(reader) >= 0;
    }

    private static int FindNamed(CsvReader reader)
    {
        for (int i = 0; i < reader.FieldCount; i++)
        {
            foreach (string name in LabelNames)
            {
                if (reader.Field(i).Trim().Equals(name, StringComparison.OrdinalIgnoreCase))
                {
                    return i;
                }
            }
        }

        return -1;
    }

    private static int Choose(CsvReader reader, bool header, int last)
    {
        bool firstIsText = false;
        bool lastIsText = false;
        HashSet<string> firstValues = new(StringComparer.Ordinal);
        HashSet<string> lastValues = new(StringComparer.Ordinal);
        bool more = !header || reader.Read();
        for (int record = 0; more && record < SampleRecords; record++)
        {
            // A ragged record is reported when the table is read.
            if (reader.FieldCount == last + 1)
            {
                firstIsText |= !IsNumber(reader.Field(0));
                lastIsText |= !IsNumber(reader.Field(last));
                firstValues.Add(reader.Field(0).ToString());
                lastValues.Add(reader.Field(last).ToString());
            }

            more = reader.Read();
        }

        bool firstCan = firstIsText || (firstValues.Count > 1 && !lastIsText);
        bool lastCan = lastIsText || (lastValues.Count > 1 && !firstIsText);
        if (firstCan == lastCan)
        {
            string found = firstCan ? "possible labels in both" : "one value only in each";
            throw new ModelFormatException(reader.Place, -1, $"{found}, the first and the last column", "labels in one of them; say which, or name it label in a header");
        }

        return firstCan ? 0 : last;
    }

    private static bool IsNumber(ReadOnlySpan<char> text) =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
}
