using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Tool.Output;

namespace ManagedDyn.Tool.Reporting.Plots;

/// <summary>The range of an axis and where its ticks stand: steps of 1, 2, 2.5 or 5 times a power of ten.</summary>
public sealed class Ticks
{
    private readonly Axis _axis;
    private readonly double _step;

    private Ticks(Axis axis, double minimum, double maximum, double step, IReadOnlyList<double> values)
    {
        _axis = axis;
        _step = step;
        Minimum = minimum;
        Maximum = maximum;
        Values = values;
    }

    public double Minimum { get; }

    public double Maximum { get; }

    public IReadOnlyList<double> Values { get; }

    public static Ticks Make(Axis axis, double dataMinimum, double dataMaximum, int target)
    {
        ArgumentNullException.ThrowIfNull(axis);
        ArgumentOutOfRangeException.ThrowIfLessThan(target, 2);
        double minimum = axis.Minimum ?? dataMinimum;
        double maximum = axis.Maximum ?? dataMaximum;
        if (!double.IsFinite(minimum) || !double.IsFinite(maximum))
        {
            (minimum, maximum) = (0, 1);
        }

        return axis.Scale == AxisScale.Logarithmic && minimum > 0
            ? MakeLogarithmic(axis, minimum, Math.Max(minimum, maximum))
            : MakeLinear(axis, minimum, maximum, target);
    }

    /// <summary>Where a value lies between the ends of the axis, 0 to 1.</summary>
    public double Position(double value) => IsLogarithmic
        ? Math.Log(value / Minimum) / Math.Log(Maximum / Minimum)
        : (value - Minimum) / (Maximum - Minimum);

    public string Label(double value) => _axis.Format switch
    {
        ValueFormat.Percent => Decimal(100 * value, 100 * _step) + " %",
        ValueFormat.Scaled => Trimmed(value),
        _ => IsLogarithmic ? value.ToString("G4", CultureInfo.InvariantCulture) : Decimal(value, _step),
    };

    private bool IsLogarithmic => _axis.Scale == AxisScale.Logarithmic && Minimum > 0;

    private static Ticks MakeLinear(Axis axis, double minimum, double maximum, int target)
    {
        if (maximum - minimum < 1e-9 * Math.Max(1e-9, Math.Max(Math.Abs(minimum), Math.Abs(maximum))))
        {
            double margin = Math.Max(Math.Abs(minimum) * 0.05, axis.IsWhole ? 1 : 1e-3);
            minimum -= axis.Minimum is null ? margin : 0;
            maximum += margin;
        }

        double step = NiceStep((maximum - minimum) / target);
        if (axis.IsWhole)
        {
            step = Math.Max(1, Math.Ceiling(step));
        }

        // The data choose the range, rounded outward to ticks where no limit was given.
        double low = axis.Minimum ?? (axis.IsWhole ? minimum : Math.Floor((minimum / step) + 1e-9) * step);
        double high = axis.Maximum ?? (axis.IsWhole ? maximum : Math.Ceiling((maximum / step) - 1e-9) * step);
        List<double> values = [];
        for (double tick = Math.Ceiling((low / step) - 1e-9); tick * step <= high + (1e-9 * step); tick++)
        {
            values.Add(tick * step);
        }

        return new Ticks(axis, low, high, step, values);
    }

    private static Ticks MakeLogarithmic(Axis axis, double minimum, double maximum)
    {
        double low = axis.Minimum ?? (minimum / 1.15);
        double high = axis.Maximum ?? (maximum * 1.15);
        double decades = Math.Log10(high / low);
        double[] mantissas = decades switch
        {
            < 0.7 => [1, 1.5, 2, 3, 4, 5, 6, 7, 8],
            < 1.7 => [1, 2, 3, 5, 7],
            < 3 => [1, 2, 5],
            _ => [1],
        };
        List<double> values = [];
        for (int power = (int)Math.Floor(Math.Log10(low)); power <= Math.Ceiling(Math.Log10(high)); power++)
        {
            foreach (double mantissa in mantissas)
            {
                double value = mantissa * Math.Pow(10, power);
                if (value >= low && value <= high)
                {
                    values.Add(value);
                }
            }
        }

        return new Ticks(axis, low, high, 0, values);
    }

    private static double NiceStep(double rough)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double mantissa = rough / power;
        double nice = mantissa <= 1.0001 ? 1 : mantissa <= 2.0001 ? 2 : mantissa <= 2.5001 ? 2.5 : mantissa <= 5.0001 ? 5 : 10;
        return nice * power;
    }

    private static string Decimal(double value, double step)
    {
        int decimals = 0;
        for (double scaled = Math.Abs(step); decimals < 15 && (scaled < 0.99 || Math.Abs(scaled - Math.Round(scaled)) > 1e-6 * scaled); scaled *= 10)
        {
            decimals++;
        }

        string text = value.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return text.Trim('0', '.', '-').Length == 0 ? "0" : text.Replace('-', '−');
    }

    private static string Trimmed(double value)
    {
        string[] parts = Quantity.Scaled(value).Split(' ');
        if (parts[0].Contains('.', StringComparison.Ordinal))
        {
            parts[0] = parts[0].TrimEnd('0').TrimEnd('.');
        }

        return string.Join(' ', parts);
    }
}
