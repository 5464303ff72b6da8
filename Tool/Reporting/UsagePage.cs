using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Tool.Output;
using ManagedDyn.Tool.Reporting.Pages;
using ManagedDyn.Tool.Reporting.Plots;

namespace ManagedDyn.Tool.Reporting;

/// <summary>The part of a report that shows what inputs use of each dynamic layer.</summary>
internal static class UsagePage
{
    public static List<Block> Blocks(RunReport report)
    {
        if (report.Usage.Count == 0)
        {
            return [];
        }

        List<Bar> bars = [];
        List<IReadOnlyList<TableCell>> rows = [];
        for (int i = 0; i < report.Usage.Count; i++)
        {
            LayerUse use = report.Usage[i];
            string number = (i + 1).ToString(CultureInfo.InvariantCulture);
            bars.Add(new Bar(number, use.Share) { Colour = SeriesColour.Exit(i, report.Usage.Count) });
            rows.Add(
            [
                number,
                use.Layer,
                use.Kind,
                use.Units.ToString(CultureInfo.InvariantCulture),
                Quantity.Percent(use.Share),
                use.DenseMacs > 0 ? Quantity.Scaled(use.DenseMacs) : "–",
            ]);
        }

        Axis share = new("share used") { Format = ValueFormat.Percent, Minimum = 0, Maximum = 1 };
        return
        [
            new PlotBlock(new BarPlot("Share of each dynamic layer that inputs use", share, bars), "On average over test images, in the order of the layers; the table names them."),
            new TableBlock(
                "Dynamic layers",
                [new("no."), new("layer", IsNumber: false), new("chooses", IsNumber: false), new("units"), new("used"), new("MACs of all")],
                rows),
        ];
    }
}
