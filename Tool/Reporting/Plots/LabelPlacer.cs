using System;
using System.Collections.Generic;

namespace ManagedDyn.Tool.Reporting.Plots;

/// <summary>Finds room for point labels: above, below, right or left, free of points and of labels placed before; else none.</summary>
public sealed class LabelPlacer(PlotFrame frame)
{
    private const double LineHeight = 12;
    private const double Gap = 8;
    private const double PointRadius = 6;
    private const double LineBox = 4;

    private readonly List<(double Left, double Top, double Right, double Bottom)> _taken = [];

    public void Take(double left, double top, double right, double bottom) => _taken.Add((left, top, right, bottom));

    public void TakePoint(double x, double y) => Take(x - PointRadius, y - PointRadius, x + PointRadius, y + PointRadius);

    /// <summary>Takes small boxes along a line, so that no label lies on it.</summary>
    public void TakeLine(IReadOnlyList<(double X, double Y)> points)
    {
        ArgumentNullException.ThrowIfNull(points);
        for (int i = 1; i < points.Count; i++)
        {
            (double fromX, double fromY) = points[i - 1];
            (double toX, double toY) = points[i];
            int steps = 1 + (int)(Math.Max(Math.Abs(toX - fromX), Math.Abs(toY - fromY)) / LineBox);
            for (int step = 0; step <= steps; step++)
            {
                double x = fromX + ((toX - fromX) * step / steps);
                double y = fromY + ((toY - fromY) * step / steps);
                Take(x - (LineBox / 2), y - (LineBox / 2), x + (LineBox / 2), y + (LineBox / 2));
            }
        }
    }

    public void Draw(SvgBuilder svg, double x, double y, string label, string cssClass)
    {
        ArgumentNullException.ThrowIfNull(svg);
        ArgumentNullException.ThrowIfNull(label);
        double width = label.Length * PlotFrame.CharacterWidth;
        ReadOnlySpan<(double X, double Baseline)> places =
        [
            (x - (width / 2), y - Gap),
            (x - (width / 2), y + Gap + LineHeight - 2),
            (x + Gap + 2, y + 4),
            (x - Gap - 2 - width, y + 4),
            (x + 6, y - Gap),
            (x + 6, y + Gap + LineHeight - 2),
        ];
        foreach ((double left, double baseline) in places)
        {
            if (IsFree(left, baseline - LineHeight + 2, left + width, baseline + 2))
            {
                Take(left, baseline - LineHeight + 2, left + width, baseline + 2);
                svg.Text(left, baseline, label, cssClass);
                return;
            }
        }
    }

    private bool IsFree(double left, double top, double right, double bottom)
    {
        if (!frame.Contains(left, top) || !frame.Contains(right, bottom))
        {
            return false;
        }

        foreach ((double takenLeft, double takenTop, double takenRight, double takenBottom) in _taken)
        {
            if (left < takenRight && takenLeft < right && top < takenBottom && takenTop < bottom)
            {
                return false;
            }
        }

        return true;
    }
}
