using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;

namespace ManagedDyn.Bench.Compare;

/// <summary>One line of Rows.tsv: what is measured, and its parameters by name.</summary>
internal sealed class BenchRow
{
    private readonly Dictionary<string, string> _parameters = [];

    private BenchRow(string group, string name, string parameters)
    {
        Group = group;
        Name = name;
        foreach (string part in parameters.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                _parameters[part[..equals]] = part[(equals + 1)..];
            }
        }
    }

    public string Group { get; }

    public string Name { get; }

    public static List<BenchRow> ReadAll()
    {
        List<BenchRow> rows = [];
        foreach (string line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Rows.tsv")))
        {
            string[] columns = line.Split('\t');
            if (columns.Length >= 2 && columns[0] != "group")
            {
                rows.Add(new BenchRow(columns[0], columns[1], columns.Length > 2 ? columns[2] : string.Empty));
            }
        }

        return rows;
    }

    public int Integer(string name, int otherwise = 0) =>
        _parameters.TryGetValue(name, out string? text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    public double Number(string name, double otherwise) =>
        _parameters.TryGetValue(name, out string? text) ? double.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    public string Text(string name, string otherwise) => _parameters.TryGetValue(name, out string? text) ? text : otherwise;
}
