using System;
using System.Collections.Generic;
using System.Text;

namespace ManagedDyn.Tool.Output;

/// <summary>
/// A table of text: columns as wide as their widest cell, numbers to the right. A long table may be written in parts; its columns then widen
/// where a later part needs it.
/// </summary>
public sealed class TextTable
{
    private readonly string[] _titles;
    private readonly bool[] _alignRight;
    private readonly List<string[]> _rows = [];
    private readonly int[] _widths;
    private bool _hasTitles;

    /// <param name="titles">Titles of the columns; a leading '&gt;' aligns a column to the right.</param>
    public TextTable(params ReadOnlySpan<string> titles)
    {
        _titles = new string[titles.Length];
        _alignRight = new bool[titles.Length];
        _widths = new int[titles.Length];
        for (int i = 0; i < titles.Length; i++)
        {
            _alignRight[i] = titles[i].StartsWith('>');
            _titles[i] = _alignRight[i] ? titles[i][1..] : titles[i];
            _widths[i] = _titles[i].Length;
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

    /// <summary>Writes the rows added since the last time, the first time below the titles.</summary>
    public void Write(Terminal terminal, string indent = "  ")
    {
        ArgumentNullException.ThrowIfNull(terminal);
        foreach (string[] row in _rows)
        {
            for (int i = 0; i < _widths.Length; i++)
            {
                _widths[i] = Math.Max(_widths[i], row[i].Length);
            }
        }

        if (!_hasTitles)
        {
            terminal.WriteLine(Line(_titles, indent));
            _hasTitles = true;
        }

        foreach (string[] row in _rows)
        {
            terminal.WriteLine(Line(row, indent));
        }

        _rows.Clear();
    }

    private string Line(string[] cells, string indent)
    {
        StringBuilder line = new(indent);
        for (int i = 0; i < cells.Length; i++)
        {
            line.Append(i == 0 ? string.Empty : "  ").Append(_alignRight[i] ? cells[i].PadLeft(_widths[i]) : cells[i].PadRight(_widths[i]));
        }

        return line.ToString().TrimEnd();
    }
}
