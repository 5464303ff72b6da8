using System;
using System.Globalization;

namespace ManagedDyn.Tool.Reporting.Plots;

/// <summary>A colour by its role; the style sheet gives it a value for light and for dark pages.</summary>
public readonly record struct SeriesColour
{
    /// <summary>How many colours the exit ramp has, early to late.</summary>
    public const int RampLength = 8;

    private readonly string? _cssClass;

    private SeriesColour(string cssClass) => _cssClass = cssClass;

    public static SeriesColour Primary => new("c1");

    public static SeriesColour Secondary => new("c2");

    public static SeriesColour Tertiary => new("c3");

    public static SeriesColour Neutral => new("c0");

    public string CssClass => _cssClass ?? "c1";

    /// <summary>The colour of exit <paramref name="exit"/> (from 0) of <paramref name="exits"/>: one ramp, so that order is seen.</summary>
    public static SeriesColour Exit(int exit, int exits)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(exit);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(exit, exits);
        int step = exits == 1 ? RampLength - 1 : (int)Math.Round((double)exit * (RampLength - 1) / (exits - 1));
        return new SeriesColour("e" + step.ToString(CultureInfo.InvariantCulture));
    }
}
