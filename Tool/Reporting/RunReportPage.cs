using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Tool.Output;
using ManagedDyn.Tool.Reporting.Pages;
using ManagedDyn.Tool.Reporting.Plots;

namespace ManagedDyn.Tool.Reporting;

/// <summary>Lays a run out as a page: what was saved first, then where inputs left, then how it came about.</summary>
public static class RunReportPage
{
    public static Page Make(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        List<Section> sections = [];
        AddSection(sections, "Accuracy against compute", "Each point of the dynamic curve is one setting of the confidence thresholds; they were set on validation data.", ComputeBlocks(report));
        AddSection(sections, "Who leaves where", "Easy inputs leave early; hard ones go on.", ExitBlocks(report));
        AddSection(sections, "What inputs use", "Layers that decide for each input what to compute.", UsagePage.Blocks(report));
        AddSection(sections, "Settings to choose from", null, SettingBlocks(report));
        AddSection(sections, "Training", null, TrainingBlocks(report));
        AddSection(sections, "How it was made", null, FactBlocks(report));
        return new Page(report.Title, sections)
        {
            Kicker = "ManagedDyn report",
            Lead = Lead(report),
            Figures = Figures(report),
            Footer = report.Footer,
        };
    }

    private static string? Lead(RunReport report)
    {
        if (report.Exits.Count == 0 || ChosenPoint(report) is not { } point)
        {
            return report.DataSet.Length > 0 ? report.DataSet : null;
        }

        ExitSummary last = report.Exits[^1];
        string time = report.InTurns is var (dynamicTime, fullTime)
            ? $" and {Quantity.Percent(dynamicTime / fullTime, 0)} of the time"
            : string.Empty;
        double gap = 100 * (point.Accuracy - last.Accuracy);
        string accuracy = Math.Abs(gap) < 0.005
            ? "the same accuracy"
            : string.Create(CultureInfo.InvariantCulture, $"{Math.Abs(gap):0.##} points {(gap > 0 ? "more" : "less")} accuracy");
        return $"On {report.DataSet}, deciding per input when to stop takes {Quantity.Percent(point.Macs / last.Macs, 0)} of the multiply-adds{time} of the whole network, with {accuracy}.";
    }

    private static List<Figure> Figures(RunReport report)
    {
        List<Figure> figures = [];
        if (report.Exits.Count == 0)
        {
            return figures;
        }

        ExitSummary last = report.Exits[^1];
        if (ChosenPoint(report) is { } point)
        {
            figures.Add(new Figure(Quantity.Percent(point.Accuracy), "accuracy, dynamic", $"last exit: {Quantity.Percent(last.Accuracy)}"));
            figures.Add(new Figure(Quantity.Percent(1 - (point.Macs / last.Macs), 0), "of the arithmetic saved", $"{Quantity.Scaled(point.Macs)} of {Quantity.Scaled(last.Macs)} MACs"));
            if (report.InTurns is var (dynamicTime, fullTime))
            {
                figures.Add(new Figure(Quantity.Significant(fullTime / dynamicTime) + "×", "faster by the clock", $"{Quantity.Milliseconds(dynamicTime)} instead of {Quantity.Milliseconds(fullTime)}"));
            }
        }
        else
        {
            figures.Add(new Figure(Quantity.Percent(last.Accuracy), "accuracy, last exit", $"{Quantity.Scaled(last.Macs)} MACs"));
        }

        figures.Add(new Figure(report.Exits.Count.ToString(CultureInfo.InvariantCulture), "exits", $"from {Quantity.Scaled(report.Exits[0].Macs)} MACs"));
        if (report.Parameters > 0)
        {
            figures.Add(new Figure(Quantity.Scaled(report.Parameters), "parameters", Quantity.Bytes(4 * report.Parameters)));
        }

        if (report.TrainingTime is { } time)
        {
            figures.Add(new Figure(time, "of training", $"{report.Training.Count} epochs"));
        }

        return figures;
    }

    private static List<Block> ComputeBlocks(RunReport report)
    {
        List<Block> plots = [];
        if (report.Exits.Count > 0)
        {
            plots.Add(new PlotBlock(CurvePlots.AgainstMacs(report)));
        }

        if (CurvePlots.AgainstTime(report) is { } time)
        {
            plots.Add(new PlotBlock(time, report.TimingNote));
        }

        return plots.Count > 0 ? [new RowBlock(plots)] : [];
    }

    private static List<Block> ExitBlocks(RunReport report)
    {
        List<Block> blocks = [];
        List<Block> row = [];
        if (ChosenPoint(report) is { Shares.Count: > 0 } point)
        {
            List<Bar> bars = [];
            for (int exit = 0; exit < point.Shares.Count; exit++)
            {
                bool known = exit < point.ExitAccuracies.Count && double.IsFinite(point.ExitAccuracies[exit]);
                bars.Add(new Bar(ExitName(report, exit), point.Shares[exit])
                {
                    Colour = SeriesColour.Exit(exit, point.Shares.Count),
                    Detail = known ? Quantity.Percent(point.ExitAccuracies[exit]) + " right" : null,
                });
            }

            row.Add(new PlotBlock(
                new BarPlot("Share of inputs by exit", new Axis("share of inputs") { Format = ValueFormat.Percent }, bars), $"At the setting {point.Setting}."));
        }

        if (CurvePlots.Calibration(report) is { } calibration)
        {
            row.Add(new PlotBlock(calibration, "How far an exit's confidence is from its accuracy, on average; thresholds mean what they say where it is small."));
        }

        if (row.Count > 0)
        {
            blocks.Add(new RowBlock(row));
        }

        AddGrid(blocks, report, "Easiest inputs", report.Easiest);
        AddGrid(blocks, report, "Hardest inputs", report.Hardest);
        return blocks;
    }

    private static void AddGrid(List<Block> blocks, RunReport report, string title, IReadOnlyList<ExampleInput> examples)
    {
        if (examples.Count == 0)
        {
            return;
        }

        List<ImageTile> tiles = [];
        foreach (ExampleInput example in examples)
        {
            bool wrong = example.Prediction != example.Label;
            tiles.Add(new ImageTile(example.Image, wrong ? $"{example.Prediction}, not {example.Label}" : example.Label)
            {
                Badge = ExitName(report, example.Exit),
                BadgeColour = SeriesColour.Exit(example.Exit, report.Exits.Count),
                Detail = Quantity.Percent(example.Confidence, example.Confidence >= 0.9995 ? 0 : 1),
                IsWrong = wrong,
            });
        }

        blocks.Add(new ImageGridBlock(title, tiles));
    }

    private static List<Block> SettingBlocks(RunReport report)
    {
        if (report.Dynamic.Count == 0 || report.Exits.Count == 0)
        {
            return [];
        }

        double full = report.Exits[^1].Macs;
        bool timed = report.Dynamic[0].Milliseconds is not null;
        List<TableColumn> columns = [new("setting", IsNumber: false), new("accuracy"), new("MACs"), new("of all")];
        if (timed)
        {
            columns.Add(new TableColumn("time"));
        }

        columns.Add(new TableColumn("left at exit 1 … " + report.Exits.Count.ToString(CultureInfo.InvariantCulture), IsNumber: false));
        List<IReadOnlyList<TableCell>> rows = [];
        foreach (SettingPoint point in report.Dynamic)
        {
            List<TableCell> row = [point.Setting, Quantity.Percent(point.Accuracy, 2), Quantity.Scaled(point.Macs), Quantity.Percent(point.Macs / full)];
            if (timed)
            {
                row.Add(Quantity.Milliseconds(point.Milliseconds ?? double.NaN));
            }

            row.Add(new TableCell(string.Empty) { Shares = point.Shares });
            rows.Add(row);
        }

        return [new TableBlock("Thresholds and what they give", columns, rows)
        {
            MarkedRow = report.Chosen,
            Note = "A setting is the confidence asked for at each exit but the last (– : nobody leaves there), or an operating point of the model: drop-X costs at most X points of accuracy on validation images, macs-X keeps to X % of the multiply-adds.",
        }];
    }

    private static List<Block> TrainingBlocks(RunReport report)
        => report.Training.Count == 0
            ? []
            : [new RowBlock([new PlotBlock(CurvePlots.TrainingAccuracy(report)), new PlotBlock(CurvePlots.TrainingLoss(report))])];

    private static List<Block> FactBlocks(RunReport report)
    {
        List<Block> row = [];
        if (report.Settings.Count > 0)
        {
            row.Add(new FactsBlock("Settings", report.Settings));
        }

        if (report.Machine.Count > 0)
        {
            row.Add(new FactsBlock("Machine", report.Machine));
        }

        return row.Count > 0 ? [new RowBlock(row)] : [];
    }

    private static void AddSection(List<Section> sections, string title, string? lead, List<Block> blocks)
    {
        if (blocks.Count > 0)
        {
            sections.Add(new Section(title, blocks) { Lead = lead });
        }
    }

    private static SettingPoint? ChosenPoint(RunReport report)
        => report.Chosen is { } index && index >= 0 && index < report.Dynamic.Count ? report.Dynamic[index] : null;

    private static string ExitName(RunReport report, int exit)
        => exit < report.Exits.Count ? report.Exits[exit].Name : "exit " + (exit + 1).ToString(CultureInfo.InvariantCulture);
}
