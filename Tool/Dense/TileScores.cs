using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Explanations;
using ManagedDyn.Tool.Files;
using ManagedDyn.Tool.Heatmaps;
using ManagedDyn.Tool.Imaging;
using ManagedDyn.Tool.Output;

namespace ManagedDyn.Tool.Dense;

/// <summary>
/// Asks a classifier about each tile of large pictures, one beside the other at the size that the model takes: a map of classes, and where it computed more, as easy tiles
/// leave early.
/// </summary>
internal sealed class TileScores(ToolContext tool, Model model, DenseRunOptions options)
{
    private const int BatchSize = 64;

    // Cells of a map of shares, in a row and in a column: more than a panel shows.
    private const int MostCells = 512;

    public void Ask(IEnumerable<(string Name, PixelImage Picture)> pictures, long limit)
    {
        Session session = new(model, new SessionOptions { Workers = options.Workers, Accuracy = options.Accuracy });
        TextTable table = new("input", ">size", ">tiles", "classes", ">MACs", ">of all", ">time");
        using JsonDocumentWriter json = new();
        json.Object().Text("budget", options.BudgetText).Whole("tile_width", model.SampleShape[1]).Whole("tile_height", model.SampleShape[0]).Array("answers");
        int count = 0;
        foreach ((string name, PixelImage picture) in pictures)
        {
            if (Grid(name, picture) is not { } grid)
            {
                continue;
            }

            long started = System.Diagnostics.Stopwatch.GetTimestamp();
            Prediction[] predictions = Predict(session, name, grid);
            double milliseconds = System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            Add(table, name, grid, predictions, milliseconds);
            Write(name, grid, predictions, count++);
            if (options.IsJson)
            {
                WriteJson(json, name, grid, predictions, milliseconds);
            }

            if (count == limit)
            {
                break;
            }
        }

        if (count == 0)
        {
            // None could be read, as was told.
            return;
        }

        if (options.IsJson)
        {
            tool.Terminal.WriteLine(json.EndArray().EndObject().ToString());
            return;
        }

        table.Write(tool.Terminal, string.Empty);
    }

    private TileGrid? Grid(string name, PixelImage picture)
    {
        try
        {
            return TileGrid.Over(name, picture, model.SampleShape);
        }
        catch (ToolException e)
        {
            options.Unreadable(e);
            return null;
        }
    }

    private Prediction[] Predict(Session session, string name, TileGrid grid)
    {
        Prediction[] predictions = new Prediction[grid.Count];
        byte[] bytes = new byte[Math.Min(BatchSize, grid.Count) * model.SampleShape.Count];
        try
        {
            for (int first = 0; first < grid.Count; first += BatchSize)
            {
                tool.Cancellation.ThrowIfCancellationRequested();
                int samples = Math.Min(BatchSize, grid.Count - first);
                Span<byte> batch = bytes.AsSpan(0, samples * model.SampleShape.Count);
                for (int i = 0; i < samples; i++)
                {
                    grid.Copy(first + i, batch.Slice(i * model.SampleShape.Count, model.SampleShape.Count));
                }

                session.PredictBatch(batch, samples, options.Budget, predictions.AsSpan(first, samples), default, tool.Cancellation);
            }
        }
        catch (ArgumentException e)
        {
            throw new ToolException($"cannot run the model on the tiles of '{name}': {ToolException.Reason(e)}", e);
        }

        return predictions;
    }

    private void Add(TextTable table, string name, TileGrid grid, Prediction[] predictions, double milliseconds)
    {
        SortedDictionary<int, int> counts = [];
        long macs = 0;
        foreach (Prediction prediction in predictions)
        {
            counts[prediction.Label] = counts.GetValueOrDefault(prediction.Label) + 1;
            macs += prediction.MacsExecuted;
        }

        List<string> classes = [];
        foreach ((int label, int tiles) in counts)
        {
            classes.Add(string.Create(CultureInfo.InvariantCulture, $"{model.LabelName(label)} {tiles}"));
        }

        table.Add(
            name,
            string.Create(CultureInfo.InvariantCulture, $"{grid.Picture.Width}x{grid.Picture.Height}"),
            string.Create(CultureInfo.InvariantCulture, $"{grid.Columns}x{grid.Rows}"),
            string.Join(", ", classes),
            Quantity.Scaled(macs),
            Quantity.Percent((double)macs / (model.FullMacs * (double)predictions.Length), 0),
            Quantity.Milliseconds(milliseconds));
    }

    private void Write(string name, TileGrid grid, Prediction[] predictions, int index)
    {
        if (options.Out is { } path)
        {
            PixelImage map = Map(grid, predictions);
            OutputFile.Write(NumberedFile.NameOf(path, index), stream => PngWriter.Write(stream, map));
        }

        if (options.Heatmap is not { } heatmap)
        {
            return;
        }

        double sum = 0;
        foreach (Prediction prediction in predictions)
        {
            sum += (double)prediction.MacsExecuted / model.FullMacs;
        }

        SpatialChoice place = Shares(grid, predictions);
        DecisionLine line = new("compute of each tile", DecisionKind.Regions, predictions.Length, [], float.NaN, 0, 0) { Place = place };
        List<SpatialPanel> panels = [.. SpatialPanels.Draw(grid.Picture, [line])];
        panels[^1] = panels[^1] with { Detail = $"{Quantity.Percent(sum / predictions.Length)} of the whole network" };
        panels.Insert(1, new SpatialPanel(SpatialPanels.Enlarge(Map(grid, predictions)), "class of each tile", "bright where sure"));
        PixelImage sheet = HeatmapSheet.Compose(panels, name, string.Create(CultureInfo.InvariantCulture, $"{grid.Columns} x {grid.Rows} tiles, {options.BudgetText}"));
        OutputFile.Write(NumberedFile.NameOf(heatmap, index), stream => PngWriter.Write(stream, sheet));
    }

    // Where a tile lies is not what an even grid would have it: the last of a row is as large as the others, and moved inwards.
    private SpatialChoice Shares(TileGrid grid, Prediction[] predictions)
    {
        int rows = Math.Min(grid.Picture.Height, MostCells);
        int columns = Math.Min(grid.Picture.Width, MostCells);
        float[] shares = new float[rows * columns];
        for (int i = 0; i < shares.Length; i++)
        {
            int x = (int)((long)(i % columns) * grid.Picture.Width / columns);
            int y = (int)((long)(i / columns) * grid.Picture.Height / rows);
            shares[i] = (float)((double)predictions[grid.At(x, y)].MacsExecuted / model.FullMacs);
        }

        return new SpatialChoice(rows, columns, shares, 1, []);
    }

    // Each tile's class as a colour over the picture, the stronger the surer.
    private static PixelImage Map(TileGrid grid, Prediction[] predictions)
    {
        PixelImage ground = grid.Picture.ToRgb();
        Canvas canvas = new(new PixelImage(ground.Width, ground.Height, 3, (byte[])ground.Pixels.Clone()));
        for (int y = 0; y < ground.Height; y++)
        {
            for (int x = 0; x < ground.Width; x++)
            {
                Prediction prediction = predictions[grid.At(x, y)];
                canvas[x, y] = canvas[x, y].Faded(1).Mix(LabelColours.Of(prediction.Label + 1), 0.15f + (0.6f * Math.Clamp(prediction.Confidence, 0, 1)));
            }
        }

        return canvas.Image;
    }

    private void WriteJson(JsonDocumentWriter json, string name, TileGrid grid, Prediction[] predictions, double milliseconds)
    {
        json.Object().Text("input", name).Whole("width", grid.Picture.Width).Whole("height", grid.Picture.Height).Whole("columns", grid.Columns).Whole("rows", grid.Rows)
            .Number("milliseconds", milliseconds).Array("tiles");
        for (int i = 0; i < predictions.Length; i++)
        {
            (int left, int top) = grid.PlaceOf(i);
            json.Object().Whole("left", left).Whole("top", top).Text("label", model.LabelName(predictions[i].Label)).Whole("class", predictions[i].Label)
                .Number("confidence", predictions[i].Confidence).Whole("exit", predictions[i].ExitIndex + 1).Whole("macs", predictions[i].MacsExecuted).EndObject();
        }

        json.EndArray().EndObject();
    }
}
