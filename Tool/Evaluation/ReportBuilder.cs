using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Layers.Inference.Calibration;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Output;
using ManagedDyn.Tool.Reporting;
using ManagedDyn.Tool.Reporting.Pages;
using ManagedDyn.Tool.Verbs;

namespace ManagedDyn.Tool.Evaluation;

/// <summary>Turns measurements into the report's data.</summary>
public static class ReportBuilder
{
    public static RunReport Build(EvaluationResult result, string title, IReadOnlyList<EpochRecord> epochs, TimeSpan? trainingTime)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(epochs);
        List<ExitSummary> exits = [];
        for (int exit = 0; exit < result.Curve.Exits.Count; exit++)
        {
            CurvePoint point = result.Curve.Exits[exit];
            exits.Add(new ExitSummary(point.Name, point.MeanMacs, point.Accuracy)
            {
                Milliseconds = point.MeanTime?.TotalMilliseconds,
                CalibrationError = At(result.CalibrationErrors, exit),
                UncalibratedError = At(result.UncalibratedErrors, exit),
            });
        }

        List<SettingPoint> settings = [];
        foreach (CurvePoint point in result.Curve.Dynamic)
        {
            settings.Add(Setting(point, Thresholds(point)));
        }

        foreach (CurvePoint point in result.Curve.Points)
        {
            SettingPoint setting = Setting(point, point.Name);
            settings.Add(ReferenceEquals(point, result.Chosen) || point.Name == result.Chosen?.Name ? setting with { ExitAccuracies = result.ExitAccuracies } : setting);
        }

        settings.Sort(static (left, right) => left.Macs.CompareTo(right.Macs));
        int chosen = settings.FindIndex(point => point.Setting == result.Chosen?.Name);
        return new RunReport(title, exits)
        {
            DataSet = $"{result.DataSet}, {Quantity.Count(result.Samples)} test {result.Noun}",
            Dynamic = settings,
            Chosen = chosen < 0 ? null : chosen,
            Static = result.Static,
            Training = epochs,
            Easiest = result.Easiest,
            Hardest = result.Hardest,
            Usage = Usage(result),
            InTurns = result.Times.Count > 0 ? (result.Times[0].Milliseconds, result.Times[0].FullMilliseconds) : null,
            Parameters = result.Model.Network.CountParameters(),
            TrainingTime = trainingTime is { } time ? Quantity.Duration(time) : null,
            TimingNote = TimingNote(result),
            Settings = Settings(result),
            Machine = MachineFacts.Collect(),
            Footer = string.Create(CultureInfo.InvariantCulture, $"Written by mdyn {Application.Version}, {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC."),
        };
    }

    private static List<LayerUse> Usage(EvaluationResult result)
    {
        List<LayerUse> uses = [];
        foreach (DecisionUsage usage in result.Usage)
        {
            uses.Add(new LayerUse(usage.Layer, usage.Kind.ToString().ToLowerInvariant(), usage.Units, usage.MeanShare, usage.DenseMacs));
        }

        return uses;
    }

    private static double? At(IReadOnlyList<double> values, int index) => index < values.Count ? values[index] : null;

    private static SettingPoint Setting(CurvePoint point, string name) => new(name, point.MeanMacs, point.Accuracy)
    {
        Milliseconds = point.MeanTime?.TotalMilliseconds,
        Shares = point.ExitShares,
    };

    /// <summary>"0.91 0.88 –": the confidence asked for at each exit but the last.</summary>
    private static string Thresholds(CurvePoint point)
    {
        string[] texts = new string[point.Thresholds.Count];
        for (int exit = 0; exit < texts.Length; exit++)
        {
            float threshold = point.Thresholds[exit];
            texts[exit] = float.IsPositiveInfinity(threshold) ? "–" : threshold.ToString("F3", CultureInfo.InvariantCulture);
        }

        return string.Join("  ", texts);
    }

    private static string? TimingNote(EvaluationResult result)
    {
        if (result.Times.Count == 0)
        {
            return null;
        }

        List<string> parts = [];
        foreach (TimeRatio time in result.Times)
        {
            parts.Add($"batch {time.Batch}: {Quantity.Percent(time.Ratio)} of the time with {Quantity.Percent(time.MacsRatio)} of the multiply-adds");
        }

        return "Batch 1, one thread, medians. At the chosen setting, " + string.Join("; ", parts) + ".";
    }

    private static List<Fact> Settings(EvaluationResult result)
    {
        List<Fact> facts = [new("architecture", result.Model.Architecture?.Name ?? result.Model.Network.GetType().Name), new("criterion", result.Model.Criterion.Name)];
        foreach ((string name, string value) in result.Model.Description.Training.Entries)
        {
            facts.Add(new Fact(name, value));
        }

        return facts;
    }
}
