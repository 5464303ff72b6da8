using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Tool.Output;
using ManagedDyn.Tool.Reporting.Plots;

namespace ManagedDyn.Tool.Reporting;

/// <summary>The plots of a run report.</summary>
public static class CurvePlots
{
    public static LinePlot AgainstMacs(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return Curve(
            report,
            "Accuracy against multiply-adds",
            new Axis("multiply-adds per input") { Format = ValueFormat.Scaled },
            exit => exit.Macs,
            point => point.Macs,
            point => point.Macs,
            Quantity.Scaled);
    }

    /// <summary>Null when no time was measured.</summary>
    public static LinePlot? AgainstTime(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        bool timed = false;
        foreach (ExitSummary exit in report.Exits)
        {
            timed |= exit.Milliseconds is not null;
        }

        return !timed
            ? null
            : Curve(
                report,
                "Accuracy against measured time",
                new Axis("milliseconds per input"),
                exit => exit.Milliseconds ?? double.NaN,
                point => point.Milliseconds ?? double.NaN,
                point => point.Milliseconds ?? double.NaN,
                Quantity.Milliseconds);
    }

    public static LinePlot TrainingAccuracy(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        int exits = report.Exits.Count;
        List<Series> series = [];
        for (int exit = 0; exit < exits; exit++)
        {
            List<PlotPoint> points = [];
            foreach (EpochRecord epoch in report.Training)
            {
                if (exit < epoch.Accuracies.Count)
                {
                    points.Add(new PlotPoint(epoch.Epoch, epoch.Accuracies[exit]));
                }
            }

            series.Add(new Series(report.Exits[exit].Name, points) { Mark = SeriesMark.Line, Colour = SeriesColour.Exit(exit, exits) });
        }

        return new LinePlot(
            "Validation accuracy by exit", new Axis("epoch") { IsWhole = true }, new Axis("accuracy") { Format = ValueFormat.Percent }, series);
    }

    public static LinePlot TrainingLoss(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        List<PlotPoint> training = [];
        List<PlotPoint> validation = [];
        foreach (EpochRecord epoch in report.Training)
        {
            training.Add(new PlotPoint(epoch.Epoch, epoch.Loss));
            if (epoch.ValidationLoss is { } loss)
            {
                validation.Add(new PlotPoint(epoch.Epoch, loss));
            }
        }

        List<Series> series = [new("training", training) { Mark = SeriesMark.Line, Colour = SeriesColour.Primary }];
        if (validation.Count > 0)
        {
            series.Add(new Series("validation", validation) { Mark = SeriesMark.Line, Colour = SeriesColour.Secondary });
        }

        return new LinePlot("Loss, mean over exits", new Axis("epoch") { IsWhole = true }, new Axis("loss") { Minimum = 0 }, series);
    }

    /// <summary>Null when no calibration was measured.</summary>
    public static BarPlot? Calibration(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        List<Bar> bars = [];
        for (int exit = 0; exit < report.Exits.Count; exit++)
        {
            if (report.Exits[exit].CalibrationError is { } error)
            {
                bars.Add(new Bar(report.Exits[exit].Name, error)
                {
                    Colour = SeriesColour.Exit(exit, report.Exits.Count),
                    Detail = report.Exits[exit].UncalibratedError is { } before ? "was " + Quantity.Percent(before) : null,
                });
            }
        }

        return bars.Count == 0 ? null : new BarPlot("Calibration error by exit", new Axis("expected calibration error") { Format = ValueFormat.Percent }, bars);
    }

    private static LinePlot Curve(
        RunReport report,
        string title,
        Axis x,
        Func<ExitSummary, double> exitX,
        Func<SettingPoint, double> dynamicX,
        Func<StaticPoint, double> staticX,
        Func<double, string> format)
    {
        List<PlotPoint> exits = [];
        List<SeriesColour> colours = [];
        for (int i = 0; i < report.Exits.Count; i++)
        {
            ExitSummary exit = report.Exits[i];
            exits.Add(new PlotPoint(exitX(exit), exit.Accuracy, (i + 1).ToString(CultureInfo.InvariantCulture), Note(exit.Name, exit.Accuracy, format(exitX(exit)))));
            colours.Add(SeriesColour.Exit(i, report.Exits.Count));
        }

        List<Series> series = [];
        if (report.Dynamic.Count > 0)
        {
            List<PlotPoint> points = [];
            foreach (SettingPoint point in report.Dynamic)
            {
                points.Add(new PlotPoint(dynamicX(point), point.Accuracy));
            }

            // Times are measured, so that their order need not be that of the settings.
            points.Sort(static (left, right) => left.X.CompareTo(right.X));
            series.Add(new Series("dynamic", points) { Mark = SeriesMark.Line, Colour = SeriesColour.Primary });
        }

        series.Add(new Series("every input to one exit", exits) { Mark = SeriesMark.Points, Colour = SeriesColour.Exit(0, 2), PointColours = colours });
        if (report.Static.Count > 0)
        {
            List<PlotPoint> points = [];
            foreach (StaticPoint point in report.Static)
            {
                points.Add(new PlotPoint(staticX(point), point.Accuracy, point.Name, Note(point.Name, point.Accuracy, format(staticX(point)))));
            }

            series.Add(new Series("static networks", points) { Mark = SeriesMark.Points, Colour = SeriesColour.Neutral });
        }

        if (report.Chosen is { } chosen && chosen >= 0 && chosen < report.Dynamic.Count)
        {
            SettingPoint point = report.Dynamic[chosen];
            series.Add(new Series("chosen setting", [new PlotPoint(dynamicX(point), point.Accuracy, null, Note(point.Setting, point.Accuracy, format(dynamicX(point))))])
            {
                Mark = SeriesMark.Points,
                Colour = SeriesColour.Secondary,
            });
        }

        return new LinePlot(title, x with { Minimum = 0 }, new Axis("accuracy") { Format = ValueFormat.Percent }, series)
        {
            References = report.Exits.Count > 0 ? [new ReferenceLine(report.Exits[^1].Accuracy, "last exit " + Quantity.Percent(report.Exits[^1].Accuracy))] : [],
        };
    }

    private static string Note(string name, double accuracy, string cost) => $"{name}: {Quantity.Percent(accuracy, 2)} at {cost}";
}
