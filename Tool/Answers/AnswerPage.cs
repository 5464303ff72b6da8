using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Explanations;
using ManagedDyn.Tool.Heatmaps;
using ManagedDyn.Tool.Output;
using ManagedDyn.Tool.Reporting.Pages;
using ManagedDyn.Tool.Reporting.Plots;

namespace ManagedDyn.Tool.Answers;

/// <summary>Answers as one HTML page: for each input its picture, which exits it passed, and the share of each dynamic layer that it used.</summary>
public sealed class AnswerPage(string path, Model model, string budget) : AnswerSink
{
    // A page of more inputs than this is no longer looked at.
    private const int MostInputs = 50;

    private readonly List<Section> _sections = [];
    private int _left;

    public override void Add(Answer answer)
    {
        if (_sections.Count == MostInputs)
        {
            _left++;
            return;
        }

        Prediction prediction = answer.Prediction;
        List<Block> blocks = [];
        List<Block> row = [];
        if (InputPicture.Of(answer.Input, model.SampleShape) is { } picture)
        {
            row.Add(new ImageGridBlock("Input", [new ImageTile(picture, model.LabelName(prediction.Label)) { Detail = Quantity.Percent(prediction.Confidence) }]));
        }

        if (model.ExitCount > 1)
        {
            row.Add(new PlotBlock(ExitPlot(answer), $"Left at exit {prediction.ExitIndex + 1} of {model.ExitCount}."));
        }

        if (answer.Decisions is { Count: > 0 } decisions)
        {
            row.Add(new PlotBlock(DecisionPlot(decisions), "In the order of the layers; a bar of 0 was skipped."));
        }

        if (row.Count > 0)
        {
            blocks.Add(new RowBlock(row));
        }

        if (answer.Decisions is { } chosen && SpatialPanels.HasPlaces(chosen) && InputPicture.Any(answer.Input, model.SampleShape) is { } ground)
        {
            blocks.Add(Places(SpatialPanels.Draw(ground, chosen)));
        }

        if (answer.Decisions is { Count: > 0 } lines)
        {
            blocks.Add(Table(lines, prediction.MacsExecuted));
        }

        _sections.Add(new Section(answer.Input.Name, blocks)
        {
            Lead = $"{model.LabelName(prediction.Label)}, {Quantity.Percent(prediction.Confidence)} sure, with {Quantity.Scaled(prediction.MacsExecuted)} of {Quantity.Scaled(prediction.MacsDense)} multiply-adds.",
        });
    }

    public override void Finish() => PageWriter.WriteFile(path, new Page("What was computed, and why", _sections)
    {
        Kicker = "ManagedDyn explanation",
        Lead = $"{model.Architecture?.Name ?? model.Network.GetType().Name}, {budget}{(_left > 0 ? $"; the first {MostInputs} of {MostInputs + _left} inputs" : string.Empty)}.",
        Footer = string.Create(CultureInfo.InvariantCulture, $"Written by mdyn {Application.Version}, {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC."),
    });

    private static ImageGridBlock Places(IReadOnlyList<SpatialPanel> panels)
    {
        List<ImageTile> tiles = [];
        foreach (SpatialPanel panel in panels)
        {
            tiles.Add(new ImageTile(panel.Image, panel.Title) { Detail = panel.Detail });
        }

        return new ImageGridBlock("Where it computed", tiles)
        {
            IsLarge = true,
            Note = "Masks: what was computed is tinted, what was left out is grey. Maps of steps and of compute go from dark blue, nothing, to light yellow, all.",
        };
    }

    private static TableBlock Table(IReadOnlyList<DecisionLine> lines, long executedMacs)
    {
        List<IReadOnlyList<TableCell>> rows = [];
        foreach (DecisionLine line in lines)
        {
            rows.Add(
            [
                line.Layer,
                line.Text,
                float.IsFinite(line.Score) ? line.Score.ToString("F3", CultureInfo.InvariantCulture) : "–",
                line.DenseMacs > 0 ? Quantity.Scaled(line.Macs) : "–",
                Quantity.Percent(line.Share, 0),
            ]);
        }

        long rest = DecisionLines.Rest(lines, executedMacs);
        rows.Add(["all else", DecisionLines.RestText(rest), "–", Quantity.Signed(rest), "–"]);
        return new TableBlock("Decisions", [new("layer", IsNumber: false), new("chosen", IsNumber: false), new("score"), new("MACs"), new("used")], rows);
    }

    private static BarPlot DecisionPlot(IReadOnlyList<DecisionLine> lines)
    {
        List<Bar> bars = [];
        for (int i = 0; i < lines.Count; i++)
        {
            bars.Add(new Bar((i + 1).ToString(CultureInfo.InvariantCulture), lines[i].Share) { Colour = SeriesColour.Exit(i, lines.Count) });
        }

        return new BarPlot("Share of each decision that was computed", new Axis("share") { Format = ValueFormat.Percent, Minimum = 0, Maximum = 1 }, bars);
    }

    private BarPlot ExitPlot(Answer answer)
    {
        List<Bar> bars = [];
        for (int exit = 0; exit < model.ExitCount; exit++)
        {
            bool seen = exit < answer.ExitConfidences.Length;
            bars.Add(new Bar("exit " + (exit + 1).ToString(CultureInfo.InvariantCulture), seen ? answer.ExitConfidences[exit] : 0)
            {
                Colour = SeriesColour.Exit(exit, model.ExitCount),
                Detail = seen ? null : "not reached",
            });
        }

        return new BarPlot("Confidence of the exits passed", new Axis("confidence") { Format = ValueFormat.Percent, Minimum = 0, Maximum = 1 }, bars);
    }
}
