using System;

namespace ManagedDyn.Engine.Selections;

/// <summary>
/// Marks rectangles of one map at a time and lists what is marked. Only the rows that were touched are looked at and cleared, and pixels are found run by
/// run, so a selection of a part of a large map costs by that part.
/// </summary>
internal ref struct PixelMarks
{
    private readonly Span<int> _marks;
    private readonly int _height;
    private readonly int _width;
    private int _top;
    private int _bottom;

    /// <summary>Takes memory.</summary>
    /// <param name="memory">height · width elements, of any content.</param>
    /// <param name="height">Rows of the map.</param>
    /// <param name="width">Columns of the map.</param>
    public PixelMarks(Span<int> memory, int height, int width)
    {
        _marks = memory[..(height * width)];
        _marks.Clear();
        _height = height;
        _width = width;
        _top = height;
        _bottom = 0;
    }

    /// <summary>Marks a rectangle; what lies outside the map is left out.</summary>
    public void Mark(int top, int bottom, int left, int right)
    {
        top = Math.Max(top, 0);
        bottom = Math.Min(bottom, _height);
        left = Math.Max(left, 0);
        right = Math.Min(right, _width);
        if (left >= right || top >= bottom)
        {
            return;
        }

        for (int y = top; y < bottom; y++)
        {
            _marks.Slice((y * _width) + left, right - left).Fill(1);
        }

        _top = Math.Min(_top, top);
        _bottom = Math.Max(_bottom, bottom);
    }

    /// <summary>Lists the marked pixels as a row of a selection, and starts again with nothing.</summary>
    public void List(ref SelectionWriter writer)
    {
        for (int y = _top; y < _bottom; y++)
        {
            Span<int> row = _marks.Slice(y * _width, _width);
            int x = 0;
            while (x < row.Length)
            {
                int start = row[x..].IndexOf(1);
                if (start < 0)
                {
                    break;
                }

                start += x;
                int length = row[start..].IndexOf(0);
                x = length < 0 ? row.Length : start + length;
                for (int i = start; i < x; i++)
                {
                    writer.Add((y * _width) + i);
                }
            }

            row.Clear();
        }

        writer.EndRow();
        _top = _height;
        _bottom = 0;
    }
}
