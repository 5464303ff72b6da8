using System;

namespace ManagedDyn.Tool.Reporting.Plots;

/// <summary>The drawing area of a plot: maps values to positions and draws axes, grid and titles.</summary>
public sealed class PlotFrame
{
    public const double Width = 560;
    public const double CharacterWidth = 6.3;

    private readonly Ticks? _x;
    private readonly Ticks _y;

    public PlotFrame(Ticks? x, Ticks y, double height, double top, double bottom)
    {
        ArgumentNullException.ThrowIfNull(y);
        _x = x;
        _y = y;
        Height = height;
        Top = top;
        Bottom = height - bottom;
        int longest = 0;
        foreach (double tick in y.Values)
        {
            longest = Math.Max(longest, y.Label(tick).Length);
        }

        Left = (longest * CharacterWidth) + 14;
        Right = Width - 18;
    }

    public double Height { get; }

    public double Left { get; }

    public double Right { get; }

    public double Top { get; }

    public double Bottom { get; }

    public double MapX(double value) => Left + ((_x?.Position(value) ?? 0) * (Right - Left));

    public double MapY(double value) => Bottom - (_y.Position(value) * (Bottom - Top));

    public bool Contains(double x, double y)
        => x >= Left - 0.5 && x <= Right + 0.5 && y >= Top - 0.5 && y <= Bottom + 0.5;

    public void DrawAxes(SvgBuilder svg, string? xTitle, string yTitle)
    {
        ArgumentNullException.ThrowIfNull(svg);
        foreach (double tick in _y.Values)
        {
            double y = MapY(tick);
            svg.Line(Left, y, Right, y, "grid");
            svg.Text(Left - 8, y + 4, _y.Label(tick), "tick", "end");
        }

        svg.Text(0, Top - 14, yTitle, "axis-title");
        svg.Line(Left, Bottom, Right, Bottom, "axis");
        if (_x is null)
        {
            return;
        }

        double free = double.NegativeInfinity;
        foreach (double tick in _x.Values)
        {
            double x = MapX(tick);
            svg.Line(x, Bottom, x, Bottom + 5, "axis");
            string label = _x.Label(tick);
            double half = label.Length * CharacterWidth / 2;
            if (x - half > free)
            {
                svg.Text(x, Bottom + 19, label, "tick", "middle");
                free = x + half + 4;
            }
        }

        if (xTitle is not null)
        {
            svg.Text((Left + Right) / 2, Bottom + 39, xTitle, "axis-title", "middle");
        }
    }
}
