using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using ManagedDyn.Tool.Output;

namespace ManagedDyn.Tool.Reporting.Plots;

/// <summary>Draws a plot as SVG: as an element for a page that has the style, or as a file of its own.</summary>
public static class SvgPlot
{
    private const double BodyHeight = 250;
    private const double LegendRow = 20;

    public static string Element(Plot plot) => Draw(plot, standalone: false);

    public static string File(Plot plot) => Draw(plot, standalone: true);

    private static string Draw(Plot plot, bool standalone)
    {
        ArgumentNullException.ThrowIfNull(plot);
        SvgBuilder body = new();
        double height = plot switch
        {
            LinePlot line => DrawLines(body, line),
            BarPlot bars => DrawBars(body, bars),
            _ => throw new ArgumentException($"no drawing for {plot.GetType().Name}", nameof(plot)),
        };
        StringBuilder text = new();
        text.Append(
            CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {PlotFrame.Width:0} {height:0}\" class=\"plot\" role=\"img\"");
        if (standalone)
        {
            text.Append(CultureInfo.InvariantCulture, $" width=\"{PlotFrame.Width:0}\" height=\"{height:0}\"");
        }

        text.Append("><title>");
        SvgBuilder.AppendEscaped(text, plot.Title);
        text.Append("</title>\n");
        if (standalone)
        {
            text.Append("<style>").Append(PlotStyle.Standalone).Append("</style>\n<rect width=\"100%\" height=\"100%\" class=\"paper\"/>\n");
        }

        return text.Append(body).Append("</svg>\n").ToString();
    }

    private static double DrawLines(SvgBuilder svg, LinePlot plot)
    {
        (double minX, double maxX, double minY, double maxY) = Range(plot);
        Ticks x = Ticks.Make(plot.X, minX, maxX, 6);
        Ticks y = Ticks.Make(plot.Y, minY, maxY, 5);
        int rows = Legend(null, plot.Series);
        double top = 30 + (rows * LegendRow);
        PlotFrame frame = new(x, y, top + BodyHeight + 46, top, 46);
        Legend(svg, plot.Series);
        frame.DrawAxes(svg, plot.X.Title, plot.Y.Title);
        LabelPlacer labels = new(frame);
        foreach (ReferenceLine reference in plot.References)
        {
            double level = frame.MapY(reference.Y);
            if (frame.Contains(frame.Left, level))
            {
                double width = reference.Label.Length * PlotFrame.CharacterWidth;
                svg.Line(frame.Left, level, frame.Right, level, "reference");
                svg.Text(frame.Left + 6, level - 5, reference.Label, "reference-label");
                labels.Take(frame.Left + 6, level - 16, frame.Left + 6 + width, level);
            }
        }

        foreach (Series series in plot.Series)
        {
            DrawLine(svg, frame, series, labels);
        }

        foreach (Series series in plot.Series)
        {
            foreach (PlotPoint point in Inside(frame, series))
            {
                labels.TakePoint(frame.MapX(point.X), frame.MapY(point.Y));
            }
        }

        foreach (Series series in plot.Series)
        {
            DrawPoints(svg, frame, series, labels);
        }

        return frame.Height;
    }

    private static double DrawBars(SvgBuilder svg, BarPlot plot)
    {
        double maximum = 0;
        bool details = false;
        foreach (Bar bar in plot.Bars)
        {
            maximum = double.IsFinite(bar.Value) ? Math.Max(maximum, bar.Value) : maximum;
            details |= bar.Detail is not null;
        }

        // Room above the highest bar for its value.
        Ticks y = Ticks.Make(plot.Y with { Minimum = plot.Y.Minimum ?? 0 }, 0, maximum > 0 ? 1.06 * maximum : 1, 4);
        double bottom = details ? 44 : 28;
        PlotFrame frame = new(null, y, 34 + BodyHeight + bottom, 34, bottom);
        frame.DrawAxes(svg, null, plot.Y.Title);
        double slot = (frame.Right - frame.Left) / Math.Max(1, plot.Bars.Count);
        double width = Math.Min(56, slot * 0.66);
        for (int i = 0; i < plot.Bars.Count; i++)
        {
            Bar bar = plot.Bars[i];
            double centre = frame.Left + ((i + 0.5) * slot);
            double value = double.IsFinite(bar.Value) ? bar.Value : 0;
            double top = frame.MapY(value);
            string label = plot.Y.Format == ValueFormat.Percent ? Quantity.Percent(value) : Quantity.Scaled(value);
            svg.Bar(centre - (width / 2), top, width, frame.Bottom - top, "bar " + bar.Colour.CssClass, $"{bar.Name}: {label}");
            svg.Text(centre, top - 6, label, "value", "middle");
            svg.Text(centre, frame.Bottom + 18, bar.Name, "name", "middle");
            if (bar.Detail is not null)
            {
                svg.Text(centre, frame.Bottom + 34, bar.Detail, "tick", "middle");
            }
        }

        return frame.Height;
    }

    private static void DrawLine(SvgBuilder svg, PlotFrame frame, Series series, LabelPlacer labels)
    {
        if (series.Mark == SeriesMark.Points)
        {
            return;
        }

        List<(double X, double Y)> points = [];
        foreach (PlotPoint point in Inside(frame, series))
        {
            points.Add((frame.MapX(point.X), frame.MapY(point.Y)));
        }

        if (points.Count > 1)
        {
            string mark = series.Mark == SeriesMark.Dashed ? "line dashed " : "line ";
            svg.Path(points.ToArray(), mark + series.Colour.CssClass);
            labels.TakeLine(points);
        }
    }

    private static void DrawPoints(SvgBuilder svg, PlotFrame frame, Series series, LabelPlacer labels)
    {
        int index = -1;
        foreach (PlotPoint point in series.Points)
        {
            index++;
            if (!IsInside(frame, point))
            {
                continue;
            }

            double x = frame.MapX(point.X);
            double y = frame.MapY(point.Y);
            SeriesColour colour = series.PointColours is { } colours && index < colours.Count ? colours[index] : series.Colour;
            if (series.Mark is SeriesMark.Points or SeriesMark.LineAndPoints)
            {
                svg.Circle(x, y, 4.5, "point " + colour.CssClass, point.Note);
            }

            if (point.Label is not null)
            {
                labels.Draw(svg, x, y, point.Label, "label");
            }
        }
    }

    private static IEnumerable<PlotPoint> Inside(PlotFrame frame, Series series)
    {
        foreach (PlotPoint point in series.Points)
        {
            if (IsInside(frame, point))
            {
                yield return point;
            }
        }
    }

    private static bool IsInside(PlotFrame frame, PlotPoint point)
        => double.IsFinite(point.X) && double.IsFinite(point.Y) && frame.Contains(frame.MapX(point.X), frame.MapY(point.Y));

    private static (double MinX, double MaxX, double MinY, double MaxY) Range(LinePlot plot)
    {
        (double minX, double maxX, double minY, double maxY)
            = (double.PositiveInfinity, double.NegativeInfinity, double.PositiveInfinity, double.NegativeInfinity);
        foreach (Series series in plot.Series)
        {
            foreach (PlotPoint point in series.Points)
            {
                if (double.IsFinite(point.X) && double.IsFinite(point.Y))
                {
                    minX = Math.Min(minX, point.X);
                    maxX = Math.Max(maxX, point.X);
                    minY = Math.Min(minY, point.Y);
                    maxY = Math.Max(maxY, point.Y);
                }
            }
        }

        foreach (ReferenceLine reference in plot.References)
        {
            minY = Math.Min(minY, reference.Y);
            maxY = Math.Max(maxY, reference.Y);
        }

        return (minX, maxX, minY, maxY);
    }

    /// <summary>Draws the legend (or only counts its rows). A single series needs none: the title says what it is.</summary>
    private static int Legend(SvgBuilder? svg, IReadOnlyList<Series> series)
    {
        if (series.Count < 2)
        {
            return 0;
        }

        int row = 0;
        double x = 0;
        foreach (Series item in series)
        {
            double width = 26 + (item.Name.Length * PlotFrame.CharacterWidth) + 16;
            if (x > 0 && x + width > PlotFrame.Width)
            {
                row++;
                x = 0;
            }

            double y = 10 + (row * LegendRow);
            string colour = item.Colour.CssClass;
            if (item.Mark != SeriesMark.Points)
            {
                svg?.Line(x, y, x + 18, y, (item.Mark == SeriesMark.Dashed ? "line dashed " : "line ") + colour);
            }

            if (item.Mark is SeriesMark.Points or SeriesMark.LineAndPoints)
            {
                svg?.Circle(x + 9, y, 4, "point " + colour);
            }

            svg?.Text(x + 24, y + 4, item.Name, "name");
            x += width;
        }

        return row + 1;
    }
}
