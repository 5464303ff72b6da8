using System;
using System.Globalization;

namespace ManagedDyn.Tool.Output;

/// <summary>Numbers as people read them, in the invariant culture, with a thin unit after them.</summary>
public static class Quantity
{
    private static readonly string[] Prefixes = ["", "k", "M", "G", "T", "P"];
    private static readonly string[] BinaryPrefixes = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>1234567 as "1.23 M": three significant digits and a decimal prefix.</summary>
    public static string Scaled(double value)
    {
        if (!double.IsFinite(value))
        {
            return value.ToString(CultureInfo.InvariantCulture);
        }

        int prefix = 0;
        double scaled = value;
        while (Math.Abs(scaled) >= 999.5 && prefix < Prefixes.Length - 1)
        {
            scaled /= 1000;
            prefix++;
        }

        string digits = Significant(scaled);
        return prefix == 0 ? digits : $"{digits} {Prefixes[prefix]}";
    }

    /// <summary>0.4217 as "42.2 %".</summary>
    public static string Percent(double fraction, int digits = 1)
        => double.IsFinite(fraction) ? (100 * fraction).ToString("F" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) + " %" : "–";

    public static string Milliseconds(double milliseconds) => milliseconds switch
    {
        double.NaN => "–",
        < 1 => Significant(milliseconds * 1000) + " µs",
        < 1000 => Significant(milliseconds) + " ms",
        _ => Duration(TimeSpan.FromMilliseconds(milliseconds)),
    };

    /// <summary>"42 s", "3 min 07 s", "2 h 05 min".</summary>
    public static string Duration(TimeSpan time)
    {
        double seconds = time.TotalSeconds;
        if (seconds < 10)
        {
            return seconds.ToString("F1", CultureInfo.InvariantCulture) + " s";
        }

        long whole = (long)Math.Round(seconds);
        return whole switch
        {
            < 60 => string.Create(CultureInfo.InvariantCulture, $"{whole} s"),
            < 3600 => string.Create(CultureInfo.InvariantCulture, $"{whole / 60} min {whole % 60:00} s"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{whole / 3600} h {whole % 3600 / 60:00} min"),
        };
    }

    /// <summary>"1:07", "12:40", "1:02:03": time left, in the width a progress line can spare.</summary>
    public static string Clock(TimeSpan time)
    {
        long whole = (long)Math.Ceiling(Math.Max(0, time.TotalSeconds));
        return whole < 3600
            ? string.Create(CultureInfo.InvariantCulture, $"{whole / 60}:{whole % 60:00}")
            : string.Create(CultureInfo.InvariantCulture, $"{whole / 3600}:{whole % 3600 / 60:00}:{whole % 60:00}");
    }

    public static string Bytes(long bytes)
    {
        int prefix = 0;
        double scaled = bytes;
        while (scaled >= 1024 && prefix < BinaryPrefixes.Length - 1)
        {
            scaled /= 1024;
            prefix++;
        }

        return prefix == 0 ? string.Create(CultureInfo.InvariantCulture, $"{bytes} B") : $"{Significant(scaled)} {BinaryPrefixes[prefix]}";
    }

    /// <summary>Thousands apart: "12 345".</summary>
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture).Replace(',', '\u202F');

    public static string Significant(double value, int digits = 3)
    {
        if (!double.IsFinite(value))
        {
            return value.ToString(CultureInfo.InvariantCulture);
        }

        if (value == 0)
        {
            return "0";
        }

        // Rounding can carry into the next power of ten, as 9.996 does with three digits.
        int magnitude = (int)Math.Floor(Math.Log10(Math.Abs(value)));
        magnitude = (int)Math.Floor(Math.Log10(Math.Abs(value) + (0.5 * Math.Pow(10, magnitude - digits + 1))));
        int decimals = Math.Clamp(digits - 1 - magnitude, 0, 15);
        return value.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }

    /// <summary>A scaled number with its sign where it is below 0.</summary>
    public static string Signed(long value) => value < 0 ? "−" + Scaled(-(double)value) : Scaled(value);
}
