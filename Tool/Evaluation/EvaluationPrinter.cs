using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Layers.Inference.Calibration;
using ManagedDyn.Tool.Output;
using ManagedDyn.Tool.Reporting;

namespace ManagedDyn.Tool.Evaluation;

/// <summary>Prints what was measured: as tables, and as JSON.</summary>
public static class EvaluationPrinter
{
    // A point that takes more of the last exit's multiply-adds than this saves next to nothing.
    private const double LittleSaved = 0.97;

    public static void Print(Terminal terminal, EvaluationResult result)
    {
        ArgumentNullException.ThrowIfNull(terminal);
        ArgumentNullException.ThrowIfNull(result);
        double full = result.Model.FullMacs;
        TextTable table = new("setting", ">accuracy", ">MACs", ">of all", ">time", ">left at exit 1, 2, …");
        foreach (CurvePoint point in result.Curve.Exits)
        {
            Add(table, point, full, "all at " + point.Name);
        }

        foreach (StaticPoint point in result.Static)
        {
            table.Add(
                "static " + point.Name, Quantity.Percent(point.Accuracy, 2), Quantity.Scaled(point.Macs), Quantity.Percent(point.Macs / full),
                point.Milliseconds is { } time ? Quantity.Milliseconds(time) : "–", string.Empty);
        }

        foreach (CurvePoint point in result.Curve.Points)
        {
            Add(table, point, full, point.Name);
        }

        table.Write(terminal);
        terminal.WriteLine();
        PrintUsage(terminal, result);
        terminal.WriteLine("  anytime and dynamic curve");
        TextTable curve = new(">MACs", ">of all", ">accuracy", ">time");
        foreach (CurvePoint point in result.Curve.Dynamic)
        {
            curve.Add(Quantity.Scaled(point.MeanMacs), Quantity.Percent(point.MeanMacs / full), Quantity.Percent(point.Accuracy, 2), Time(point));
        }

        curve.Write(terminal);
        terminal.WriteLine();
        PrintSummary(terminal, result);
    }

    private static void PrintUsage(Terminal terminal, EvaluationResult result)
    {
        if (result.Usage.Count == 0)
        {
            return;
        }

        terminal.WriteLine("  what inputs use of each dynamic layer, on average");
        TextTable table = new("layer", "of what", ">units", ">used", ">MACs of all");
        foreach (DecisionUsage usage in result.Usage)
        {
            table.Add(
                usage.Layer,
                usage.Kind.ToString().ToLowerInvariant(),
                usage.Units.ToString(CultureInfo.InvariantCulture),
                Quantity.Percent(usage.MeanShare),
                usage.DenseMacs > 0 ? Quantity.Scaled(usage.DenseMacs) : "–");
        }

        table.Write(terminal);
        terminal.WriteLine();
    }

    public static void PrintSummary(Terminal terminal, EvaluationResult result)
    {
        ArgumentNullException.ThrowIfNull(terminal);
        ArgumentNullException.ThrowIfNull(result);
        if (result.SquaredError is { } error)
        {
            terminal.WriteLine(string.Create(CultureInfo.InvariantCulture, $"the answers are levels of a number: mean squared error {error:G4}"));
        }

        if (result.Rejection is { } rejection)
        {
            terminal.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"below {rejection.LeastConfidence:F3} sure no answer: turns away {Quantity.Percent(rejection.OutsideRejected)} of inputs of none of the classes and {Quantity.Percent(rejection.InsideRejected)} of the others, of which {Quantity.Percent(rejection.AnsweredAccuracy, 2)} of those answered are right"));
        }

        if (result.Chosen is not { } chosen)
        {
            return;
        }

        CurvePoint last = result.Curve.Exits[^1];
        if (result.Curve.Exits.Count == 1)
        {
            // With one exit all settings are the same: what is saved, layers save.
            double whole = result.Model.FullMacs;
            terminal.WriteLine(SafeText.Clean($"{Quantity.Percent(last.Accuracy, 2)} with {Quantity.Scaled(last.MeanMacs)} MACs on average, {Quantity.Percent(last.MeanMacs / whole)} of what all of the network takes"));
            return;
        }

        double points = 100 * (chosen.Accuracy - last.Accuracy);
        terminal.WriteLine(SafeText.Clean(string.Create(
            CultureInfo.InvariantCulture,
            $"dynamic ({chosen.Name}): {Quantity.Percent(chosen.Accuracy, 2)} against {Quantity.Percent(last.Accuracy, 2)} of the last exit ({points:+0.00;-0.00;0.00} points) with {Quantity.Percent(chosen.MeanMacs / last.MeanMacs)} of its MACs")));
        PrintSaving(terminal, result.Curve.Points, chosen, last);
        foreach (TimeRatio time in result.Times)
        {
            terminal.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"batch {time.Batch,3}: {Quantity.Milliseconds(time.Milliseconds)} instead of {Quantity.Milliseconds(time.FullMilliseconds)} an input, {Quantity.Percent(time.Ratio)} of the time for {Quantity.Percent(time.MacsRatio)} of the MACs (ratio {time.Overhead:F2})"));
        }
    }

    // With few validation samples nothing is sure to lose as little as the usual point may: then nobody leaves early, though other points save.
    private static void PrintSaving(Terminal terminal, IReadOnlyList<CurvePoint> points, CurvePoint chosen, CurvePoint last)
    {
        if (chosen.MeanMacs < LittleSaved * last.MeanMacs)
        {
            return;
        }

        CurvePoint? best = null;
        foreach (CurvePoint point in points)
        {
            best = point.MeanMacs < LittleSaved * last.MeanMacs && !(point.Accuracy <= best?.Accuracy) ? point : best;
        }

        if (best is not null)
        {
            terminal.WriteLine(SafeText.Clean(
                $"{chosen.Name} saves little: few validation samples cannot vouch for so small a loss; --point {best.Name} takes {Quantity.Percent(best.MeanMacs / last.MeanMacs)} of the MACs at {Quantity.Percent(best.Accuracy, 2)}"));
        }
    }

    public static void WriteJson(JsonDocumentWriter json, EvaluationResult result)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(result);
        json.Text("data", result.DataSet).Whole("samples", result.Samples).Whole("parameters", result.Model.Network.CountParameters())
            .Whole("macs_dense", result.Model.FullMacs).Array("exits");
        for (int exit = 0; exit < result.Curve.Exits.Count; exit++)
        {
            WritePoint(json, result.Curve.Exits[exit]);
            json.Number("calibration_error", result.CalibrationErrors[exit]).Number("calibration_error_before", result.UncalibratedErrors[exit]).EndObject();
        }

        json.EndArray().Array("points");
        foreach (CurvePoint point in result.Curve.Points)
        {
            WritePoint(json, point);
            json.EndObject();
        }

        json.EndArray().Array("curve");
        foreach (CurvePoint point in result.Curve.Dynamic)
        {
            WritePoint(json, point);
            json.EndObject();
        }

        json.EndArray().Array("static");
        foreach (StaticPoint point in result.Static)
        {
            json.Object().Text("name", point.Name).Number("accuracy", point.Accuracy).Number("macs", point.Macs)
                .Number("milliseconds", point.Milliseconds).EndObject();
        }

        json.EndArray().Array("decisions");
        foreach (DecisionUsage usage in result.Usage)
        {
            json.Object().Text("layer", usage.Layer).Text("kind", usage.Kind.ToString().ToLowerInvariant()).Whole("units", usage.Units)
                .Number("used", usage.MeanShare).Whole("macs_dense", usage.DenseMacs).EndObject();
        }

        json.EndArray().Text("chosen", result.Chosen?.Name).Array("times");
        foreach (TimeRatio time in result.Times)
        {
            json.Object().Whole("batch", time.Batch).Number("milliseconds_full", time.FullMilliseconds).Number("milliseconds", time.Milliseconds)
                .Number("time_ratio", time.Ratio).Number("macs_ratio", time.MacsRatio).EndObject();
        }

        json.EndArray();
        if (result.SquaredError is { } error)
        {
            json.Number("squared_error", error);
        }

        if (result.Rejection is { } rejection)
        {
            json.Object("rejection").Number("least_confidence", rejection.LeastConfidence).Number("outside_rejected", rejection.OutsideRejected)
                .Number("inside_rejected", rejection.InsideRejected).Number("answered_accuracy", rejection.AnsweredAccuracy).EndObject();
        }
    }

    private static void WritePoint(JsonDocumentWriter json, CurvePoint point)
    {
        double[] thresholds = new double[point.Thresholds.Count];
        for (int exit = 0; exit < thresholds.Length; exit++)
        {
            thresholds[exit] = point.Thresholds[exit];
        }

        json.Object().Text("name", point.Name).Number("accuracy", point.Accuracy).Number("macs", point.MeanMacs)
            .Number("milliseconds", point.MeanTime?.TotalMilliseconds).Numbers("shares", point.ExitShares).Numbers("thresholds", thresholds);
    }

    private static void Add(TextTable table, CurvePoint point, double full, string name)
    {
        string[] shares = new string[point.ExitShares.Count];
        for (int exit = 0; exit < shares.Length; exit++)
        {
            shares[exit] = (100 * point.ExitShares[exit]).ToString("F0", CultureInfo.InvariantCulture).PadLeft(3);
        }

        table.Add(
            name, Quantity.Percent(point.Accuracy, 2), Quantity.Scaled(point.MeanMacs), Quantity.Percent(point.MeanMacs / full), Time(point),
            string.Join(' ', shares) + " %");
    }

    private static string Time(CurvePoint point) => point.MeanTime is { } time ? Quantity.Milliseconds(time.TotalMilliseconds) : "–";
}
