using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using ManagedDyn.Engine.Formats;

namespace ManagedDyn.Layers.Data;

/// <summary>The content of a table of images: the values of all pixels, and each record's label as text.</summary>
internal sealed class CsvTable
{
    private readonly List<string> _labelTexts = [];
    private readonly List<int> _labels = [];
    private readonly List<long> _firstLines = [];
    private readonly string _name;
    private float[] _values = new float[1024];
    private int _count;
    private bool _wholeBytes = true;
    private float _largest;

    private CsvTable(string name, int pixelCount)
    {
        _name = name;
        PixelCount = pixelCount;
    }

    /// <summary>The number of pixels of a record.</summary>
    internal int PixelCount { get; }

    /// <summary>The different labels, as they came.</summary>
    internal IReadOnlyList<string> LabelTexts => _labelTexts;

    /// <summary>Reads a table.</summary>
    /// <param name="path">The file.</param>
    /// <param name="columns">The number of fields that each record must have.</param>
    /// <param name="labelColumn">Which of them is the label.</param>
    /// <param name="maximumBytes">The most memory that the values may take.</param>
    internal static CsvTable Read(string path, int columns, int labelColumn, int maximumBytes)
    {
        string name = Path.GetFileName(path);
        using CsvReader reader = new(DatasetFiles.OpenRead(path), name);
        CsvTable table = new(name, columns - 1);
        Dictionary<string, int> known = new(StringComparer.Ordinal);
        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup = known.GetAlternateLookup<ReadOnlySpan<char>>();
        bool first = true;
        while (reader.Read())
        {
            if (reader.FieldCount != columns)
            {
                throw new ModelFormatException(reader.Place, -1, $"{reader.FieldCount} fields", $"{columns}, as in the first record");
            }

            if (!first || !CsvLayout.IsHeader(reader))
            {
                table.AddValues(reader, labelColumn, maximumBytes);
                table.AddLabel(reader, labelColumn, known, lookup);
            }

            first = false;
        }

        return table._labels.Count > 0 ? table : throw new ModelFormatException(name, -1, "no record", "a label and its pixels in each line");
    }

    /// <summary>The number that stands for 1 when the values are whole numbers from 0 to 255; else 0.</summary>
    internal float Maximum() => !_wholeBytes ? 0 : _largest <= 1 ? 1 : _largest <= 16 ? 16 : 255;

    /// <summary>Each record's class.</summary>
    internal int[] Labels(string[] classes)
    {
        int[] classOf = new int[_labelTexts.Count];
        for (int i = 0; i < classOf.Length; i++)
        {
            classOf[i] = Array.IndexOf(classes, _labelTexts[i]);
            if (classOf[i] < 0)
            {
                throw new ModelFormatException($"{_name}, line {_firstLines[i]}", -1, $"the label {FileText.Quote(_labelTexts[i])}", $"one of the {classes.Length} of the training part");
            }
        }

        int[] labels = new int[_labels.Count];
        for (int i = 0; i < labels.Length; i++)
        {
            labels[i] = classOf[_labels[i]];
        }

        return labels;
    }

    /// <summary>The values as bytes; the table keeps none.</summary>
    internal byte[] TakeBytes()
    {
        byte[] bytes = new byte[_count];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)_values[i];
        }

        _values = [];
        return bytes;
    }

    /// <summary>The values divided by what stands for 1; the table keeps none.</summary>
    internal float[] TakeValues(float maximum)
    {
        float[] values = _values;
        _values = [];
        Array.Resize(ref values, _count);
        for (int i = 0; maximum != 1 && i < values.Length; i++)
        {
            values[i] /= maximum;
        }

        return values;
    }

    private void AddValues(CsvReader reader, int labelColumn, int maximumBytes)
    {
        if (((long)_count + PixelCount) * sizeof(float) > maximumBytes)
        {
            throw new ModelLimitException(reader.Place, -1, $"more than {maximumBytes} bytes of values", $"at most {maximumBytes}");
        }

        if (_count + PixelCount > _values.Length)
        {
            Array.Resize(ref _values, (int)Math.Min(Math.Max(_count + PixelCount, _values.Length * 2L), maximumBytes / sizeof(float)));
        }

        for (int i = 0; i < reader.FieldCount; i++)
        {
            if (i == labelColumn)
            {
                continue;
            }

            ReadOnlySpan<char> field = reader.Field(i);
            if (!float.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out float value) || !float.IsFinite(value))
            {
                throw new ModelFormatException(reader.Place, -1, $"{FileText.Quote(field)} in field {i + 1}", "a finite number");
            }

            _wholeBytes &= value >= 0 && value <= 255 && value == (int)value;
            _largest = MathF.Max(_largest, value);
            _values[_count++] = value;
        }
    }

    private void AddLabel(CsvReader reader, int labelColumn, Dictionary<string, int> known, Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup)
    {
        ReadOnlySpan<char> text = reader.Field(labelColumn).Trim();
        if (text.IsEmpty)
        {
            throw new ModelFormatException(reader.Place, -1, $"nothing in field {labelColumn + 1}", "a label");
        }

        if (!lookup.TryGetValue(text, out int label))
        {
            label = _labelTexts.Count;
            string kept = text.ToString();
            known.Add(kept, label);
            _labelTexts.Add(kept);
            _firstLines.Add(reader.Line);
        }

        _labels.Add(label);
    }
}
