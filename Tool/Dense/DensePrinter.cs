using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Heatmaps;
using ManagedDyn.Tool.Output;
using ManagedDyn.Tool.Reporting.Pages;
using ManagedDyn.Tool.Reporting.Plots;

namespace ManagedDyn.Tool.Dense;

/// <summary>Tells what a model that answers for each pixel is worth: as text, as JSON and as a page.</summary>
internal static class DensePrinter
{
    public static void Print(Terminal terminal, DenseResult result)
    {
        terminal.WriteLine(SafeText.Clean($"{result.DataSet}, {Quantity.Count(result.Images)} test images; whole network {Quantity.Scaled(result.Full.Macs)} MACs an image"));
        terminal.WriteLine();
        TextTable table = new("refined", ">threshold", ">" + QualityName(result.Model), ">pixels right", ">refined", ">MACs", ">of all", ">time");
        foreach (DensePoint point in Rows(result))
        {
            table.Add(
                point.Name, Threshold(point), Quality(result.Model, point), Quantity.Percent(point.PixelAccuracy, 2), Quantity.Percent(point.Refined), Quantity.Scaled(point.Macs),
                Quantity.Percent(point.Macs / result.Full.Macs), point.Milliseconds is { } time ? Quantity.Milliseconds(time) : "–");
        }

        table.Write(terminal);
        if (result.Points.Count > 0)
        {
            terminal.WriteLine();
            terminal.WriteLine(SafeText.Clean(Summary(result)));
        }
    }

    public static void WriteJson(JsonDocumentWriter json, DenseResult result)
    {
        json.Text("data", result.DataSet).Whole("samples", result.Images).Text("quality", result.Model.Answers == AnswerKind.Picture ? "psnr" : "mean_iou")
            .Whole("parameters", result.Model.Network.CountParameters()).Number("macs_dense", result.Full.Macs);
        foreach ((string name, IReadOnlyList<DensePoint> points) in ((string, IReadOnlyList<DensePoint>)[])[("points", result.Points), ("curve", result.Curve), ("static", result.Static)])
        {
            json.Array(name);
            foreach (DensePoint point in points)
            {
                json.Object().Text("name", point.Name).Number("threshold", point.Threshold).Number("quality", point.Quality).Number("pixel_accuracy", point.PixelAccuracy)
                    .Number("refined", point.Refined).Number("macs", point.Macs).Number("milliseconds", point.Milliseconds).EndObject();
            }

            json.EndArray();
        }
    }

    public static Page MakePage(DenseResult result, string title)
    {
        List<Section> sections =
        [
            new("Quality against compute", [new PlotBlock(Plot(result)), Table(result)])
            {
                Lead = "The first pass answers for every pixel at a quarter of the size; those that it is not sure of are refined. Thresholds were set on validation images.",
            },
        ];
        foreach (DenseExample example in result.Examples)
        {
            List<ImageTile> tiles = [];
            foreach (SpatialPanel panel in DenseHeatmap.Panels(result.Model, example.Answer))
            {
                tiles.Add(new ImageTile(panel.Image, panel.Title) { Detail = panel.Detail });
            }

            tiles.Insert(1, new ImageTile(SpatialPanels.Enlarge(example.Wanted), "asked for"));
            sections.Add(new Section(example.Answer.Name, [new ImageGridBlock("Answer and refined pixels", tiles) { IsLarge = true }]));
        }

        return new Page(title, sections)
        {
            Kicker = "ManagedDyn report",
            Lead = result.Points.Count > 0 ? Summary(result) : result.DataSet,
            Footer = string.Create(CultureInfo.InvariantCulture, $"Written by mdyn {Application.Version}, {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC."),
        };
    }

    public static LinePlot Plot(DenseResult result)
    {
        bool isPicture = result.Model.Answers == AnswerKind.Picture;
        List<PlotPoint> curve = [];
        foreach (DensePoint point in result.Curve)
        {
            curve.Add(new PlotPoint(point.Macs, point.Quality, null, $"{point.Name}: {Quality(result.Model, point)}"));
        }

        List<Series> series = [new("refined by threshold", curve)];
        List<PlotPoint> statics = [];
        foreach (DensePoint point in result.Static)
        {
            statics.Add(new PlotPoint(point.Macs, point.Quality, point.Name));
        }

        if (statics.Count > 0)
        {
            series.Add(new Series("static", statics) { Mark = SeriesMark.Points, Colour = SeriesColour.Exit(0, 2) });
        }

        return new LinePlot(
            "Quality against multiply-adds", new Axis("multiply-adds per image") { Format = ValueFormat.Scaled },
            new Axis(isPicture ? "PSNR, dB" : "mean IoU") { Format = isPicture ? default : ValueFormat.Percent }, series);
    }

    private static TableBlock Table(DenseResult result)
    {
        List<IReadOnlyList<TableCell>> rows = [];
        foreach (DensePoint point in Rows(result))
        {
            rows.Add([point.Name, Threshold(point), Quality(result.Model, point), Quantity.Percent(point.Refined), Quantity.Scaled(point.Macs), point.Milliseconds is { } time ? Quantity.Milliseconds(time) : "–"]);
        }

        return new TableBlock("Thresholds", [new("refined", IsNumber: false), new("threshold"), new(QualityName(result.Model)), new("pixels"), new("MACs"), new("time")], rows);
    }

    private static List<DensePoint> Rows(DenseResult result) => [.. result.Curve, .. result.Points, .. result.Static];

    private static string QualityName(Model model) => model.Answers == AnswerKind.Picture ? "PSNR" : "mean IoU";

    private static string Quality(Model model, DensePoint point) => model.Answers == AnswerKind.Picture
        ? string.Create(CultureInfo.InvariantCulture, $"{point.Quality:F2} dB")
        : Quantity.Percent(point.Quality, 2);

    private static string Threshold(DensePoint point) => float.IsPositiveInfinity(point.Threshold) ? "–" : point.Threshold.ToString("G4", CultureInfo.InvariantCulture);

    private static string Summary(DenseResult result)
    {
        DensePoint point = result.Points[0];
        string time = point.Milliseconds is { } some && result.Full.Milliseconds is { } all ? $" and {Quantity.Percent(some / all, 0)} of the time" : string.Empty;
        return $"refining {Quantity.Percent(point.Refined)} of the pixels ({point.Name}): {QualityName(result.Model)} {Quality(result.Model, point)} against {Quality(result.Model, result.Full)} of refining all, with {Quantity.Percent(point.Macs / result.Full.Macs)} of the MACs{time}";
    }
}
