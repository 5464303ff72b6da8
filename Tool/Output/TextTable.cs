using System;
using System.Collections.Generic;
using System.Text;

namespace ManagedDyn.Tool.Output;

/// <summary>A table of text: columns as wide as their widest cell, numbers to the right.</summary>
public sealed class TextTable
{
    private readonly string[] _titles;
    private readonly bool[] _alignRight;
    private readonly List<string[]> _rows = [];

    /// <param name="titles">Titles of the columns; a leading '&gt;' aligns a column to the right.</param>
    public TextTable(params ReadOnlySpan<string> titles)
    {
        _titles = new string[titles.Length];
        _alignRight = new bool[titles.Length];
        for (int i = 0; i < titles.Length; i++)
        {
            _alignRight[i] = titles[i].StartsWith('>');
            _titles[i] = _alignRight[i] ? titles[i][1..] : titles[i];
        }
    }

    public void Add(params ReadOnlySpan<string> cells)
    {
        if (cells.Length != _titles.Length)
        {
            throw new ArgumentException($"{cells.Length} cells; expected {_titles.Length}", nameof(cells));
        }

        string[] row = new string[cells.Length];
        for (int i = 0; i < cells.Length; i++)
        {
            row[i] = SafeText.Clean(cells[i]);
        }

        _rows.Add(row);
    }

    public void Write(Terminal terminal, string indent = "  ")
    {
        ArgumentNullException.ThrowIfNull(terminal);
        int[] widths = new int[_titles.Length];
        for (int i = 0; i < _titles.Length; i++)
        {
            widths[i] = _titles[i].Length;
            foreach (string[] row in _rows)
            {
                widths[i] = Math.Max(widths[i], row[i].Length);
            }
        }

        terminal.WriteLine(Line(_titles, widths, indent));
        foreach (string[] row in _rows)
        {
            terminal.WriteLine(Line(row, widths, indent));
        }
    }

    private string Line(string[] cells, int[] widths, string indent)
    {
        StringBuilder line = new(indent);
        for (int i = 0; i < cells.Length; i++)
        {
            line.Append(i == 0 ? string.Empty : "  ").Append(_alignRight[i] ? cells[i].PadLeft(widths[i]) : cells[i].PadRight(widths[i]));
        }

        return line.ToString().TrimEnd();
    }
}
