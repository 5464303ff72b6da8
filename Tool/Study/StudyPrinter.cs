using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using ManagedDyn.Tool.Output;

namespace ManagedDyn.Tool.Study;

/// <summary>A study as a table in Markdown, and as JSON.</summary>
internal static class StudyPrinter
{
    public static string Markdown(string title, string settings, IReadOnlyList<StudyRow> rows)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"# {title}\n\n{settings}\n\n");
        text.Append("Accuracy on test samples (of numbers: the share of their variance that answers explain; of segmented scenes the mean intersection over union; of noisy ones the share of the squared error that is taken away); the difference is of pairs with the same seed, and the same fold where there are folds, with its 95 % interval. Time is of one input at a time on one thread, method and\n");
        text.Append("static counterpart in turns. \"Shown\": at most 70 % of the MACs (60 % for sequences; 50 % for videos, dynconv, ranet and glance-and-focus) at no more than 0.5 points lost (0.3 on messages) and time following MACs within 1.2; for methods that\n");
        text.Append("add accuracy, at least the same accuracy at no more than 110 % of the MACs. Where a network has several exits, its thresholds are the most accurate on\n");
        text.Append("validation samples of those that keep to these MACs there; where half is promised, those that spend it.\n\n");
        text.Append("| method | accuracy | static counterpart | accuracy | difference, points | MACs | of static | µs | of static | time/MACs | shown |\n");
        text.Append("|---|---|---|---|---|---|---|---|---|---|---|\n");
        foreach (StudyRow row in rows)
        {
            text.Append("| ").AppendJoin(" | ", Cells(row)).Append(" |\n");
        }

        return text.ToString();
    }

    public static void Print(Terminal terminal, IReadOnlyList<StudyRow> rows)
    {
        TextTable table = new("method", ">accuracy", "static", ">accuracy", ">difference", ">MACs", ">of static", ">µs", ">of static", ">time/MACs", "shown");
        foreach (StudyRow row in rows)
        {
            table.Add(Cells(row));
        }

        table.Write(terminal);
    }

    public static string Json(string title, string settings, IReadOnlyList<StudyRow> rows)
    {
        using JsonDocumentWriter json = new();
        json.Object().Text("study", title).Text("settings", settings).Array("rows");
        foreach (StudyRow row in rows)
        {
            json.Object().Text("method", row.Entry.Name).Text("static", row.Entry.Static.Model)
                .Numbers("accuracies", Values(row.Method, static run => run.Accuracy)).Numbers("static_accuracies", Values(row.Static, static run => run.Accuracy))
                .Number("difference", row.Accuracy.Mean).Number("difference_half_width", Finite(row.Accuracy.HalfWidth))
                .Numbers("macs", Values(row.Method, static run => run.MeanMacs)).Numbers("static_macs", Values(row.Static, static run => run.MeanMacs))
                .Number("milliseconds", Finite(row.MethodMilliseconds)).Number("static_milliseconds", Finite(row.StaticMilliseconds))
                .Numbers("training_seconds", Values(row.Method, static run => run.TrainingSeconds)).Flag("shown", row.IsMet).EndObject();
        }

        return json.EndArray().EndObject().ToString();
    }

    private static string[] Cells(StudyRow row) =>
    [
        row.Entry.Name,
        Quantity.Percent(row.MethodAccuracy, 2),
        row.Entry.Static.Model,
        Quantity.Percent(row.StaticAccuracy, 2),
        Difference(row.Accuracy),
        Quantity.Scaled(row.MethodMacs),
        Quantity.Percent(row.MacsRatio, 0),
        Number(1000 * row.MethodMilliseconds, "F0"),
        double.IsNaN(row.TimeRatio) ? string.Empty : Quantity.Percent(row.TimeRatio, 0),
        Number(row.TimeOverMacs, "F2"),
        row.IsMet ? "yes" : "no",
    ];

    private static string Difference(PairedDifference difference)
    {
        string mean = (100 * difference.Mean).ToString("+0.00;−0.00;0.00", CultureInfo.InvariantCulture);
        return difference.Pairs == 1 ? mean : string.Create(CultureInfo.InvariantCulture, $"{mean} ± {100 * difference.HalfWidth:F2}");
    }

    private static string Number(double value, string format) => double.IsNaN(value) ? string.Empty : value.ToString(format, CultureInfo.InvariantCulture);

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;

    private static double[] Values(IReadOnlyList<StudyRun> runs, Func<StudyRun, double> select)
    {
        double[] values = new double[runs.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = select(runs[i]);
        }

        return values;
    }
}
