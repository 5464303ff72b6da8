using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Formats.Npy;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Files;
using ManagedDyn.Tool.Heatmaps;
using ManagedDyn.Tool.Imaging;
using ManagedDyn.Tool.Output;
using ManagedDyn.Tool.Reporting.Pages;

namespace ManagedDyn.Tool.Dense;

/// <summary>Asks a model that answers for each pixel about pictures of any size, in tiles where the memory asks for it.</summary>
internal sealed class DenseRun(ToolContext tool, Model model, DenseRunOptions options)
{
    private const int MostInputs = 50;

    private readonly List<Section> _sections = [];

    public void Ask(IEnumerable<(string Name, PixelImage Picture)> pictures, long limit)
    {
        DenseSession session = new(model, new SessionOptions { Workers = options.Workers, Accuracy = options.Accuracy, Limits = new Limits { WorkspaceBytes = options.MemoryBytes } }, options.MemoryBytes);
        TextTable table = new("input", ">size", "answer", ">refined", ">MACs", ">of all", ">tiles", ">time");
        using JsonDocumentWriter json = new();
        json.Object().Text("budget", options.BudgetText).Text("answers", model.Answers == AnswerKind.Picture ? "picture" : "label-map").Array("answers_given");
        int count = 0;
        foreach ((string name, PixelImage picture) in pictures)
        {
            tool.Cancellation.ThrowIfCancellationRequested();
            DenseAnswer answer = Answer(session, name, picture);
            Add(table, answer);
            WriteFiles(answer, count++);
            if (options.IsJson)
            {
                WriteJson(json, session, answer, count - 1);
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

        if (options.Report is { } report)
        {
            PageWriter.WriteFile(report, new Page("What was computed, and where", _sections)
            {
                Kicker = "ManagedDyn explanation",
                Lead = $"{model.Architecture?.Name ?? model.Network.GetType().Name}, {options.BudgetText}.",
                Footer = string.Create(CultureInfo.InvariantCulture, $"Written by mdyn {Application.Version}, {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC."),
            });
        }

        if (options.IsJson)
        {
            tool.Terminal.WriteLine(json.EndArray().EndObject().ToString());
            return;
        }

        table.Write(tool.Terminal, string.Empty);
        tool.Terminal.WriteLine(SafeText.Clean($"{options.BudgetText}; {Quantity.Bytes(session.ReservedBytes)} of working memory"));
        if (model.Answers == AnswerKind.LabelMap && (IsDrawn || (options.Out is { } path && !IsArray(path))))
        {
            tool.Terminal.WriteLine(SafeText.Clean($"colours: {DenseHeatmap.Legend(model)}"));
        }
    }

    private bool IsDrawn => options.Heatmap is not null || options.Report is not null;

    private DenseAnswer Answer(DenseSession session, string name, PixelImage picture)
    {
        int pixels = picture.Width * picture.Height;
        byte[] map = new byte[model.Answers == AnswerKind.Picture ? pixels * model.ClassCount : pixels];
        byte[] refined = IsDrawn ? new byte[pixels] : [];
        try
        {
            DensePrediction prediction = session.Predict(
                picture.Pixels, picture.Height, picture.Width, options.Budget, new DenseOutputs { Map = map, Refined = refined }, tool.Cancellation);
            return new DenseAnswer(name, picture, prediction, map, refined);
        }
        catch (ArgumentException e)
        {
            throw new ToolException($"cannot run the model on '{name}': {ToolException.Reason(e)}", e);
        }
    }

    private void Add(TextTable table, DenseAnswer answer)
    {
        DensePrediction prediction = answer.Prediction;
        table.Add(
            answer.Name,
            string.Create(CultureInfo.InvariantCulture, $"{answer.Input.Width}x{answer.Input.Height}"),
            DenseHeatmap.Said(model, answer),
            Quantity.Percent(answer.RefinedShare),
            Quantity.Scaled(prediction.MacsExecuted),
            Quantity.Percent((double)prediction.MacsExecuted / prediction.MacsDense, 0),
            prediction.Tiles.ToString(CultureInfo.InvariantCulture),
            Quantity.Milliseconds(prediction.Duration.TotalMilliseconds));
    }

    private void WriteFiles(DenseAnswer answer, int index)
    {
        if (options.Out is { } path)
        {
            OutputFile.Write(NumberedFile.NameOf(path, index), stream => WriteMap(stream, path, answer));
        }

        if (options.Heatmap is { } heatmap)
        {
            PixelImage sheet = DenseHeatmap.Sheet(model, answer);
            OutputFile.Write(NumberedFile.NameOf(heatmap, index), stream => PngWriter.Write(stream, sheet));
        }

        if (options.Report is not null && _sections.Count < MostInputs)
        {
            List<ImageTile> tiles = [];
            foreach (SpatialPanel panel in DenseHeatmap.Panels(model, answer))
            {
                tiles.Add(new ImageTile(panel.Image, panel.Title) { Detail = panel.Detail });
            }

            DensePrediction prediction = answer.Prediction;
            _sections.Add(new Section(answer.Name, [new ImageGridBlock("Answer and refined pixels", tiles) { IsLarge = true, Note = Note() }])
            {
                Lead = $"{DenseHeatmap.Said(model, answer)}; {Quantity.Percent(answer.RefinedShare)} of the pixels refined, with {Quantity.Scaled(prediction.MacsExecuted)} of {Quantity.Scaled(prediction.MacsDense)} multiply-adds in {prediction.Tiles} tiles.",
            });
        }
    }

    private string Note()
    {
        const string Tinted = "Refined pixels are tinted; the first pass was sure of the others.";
        return model.Answers == AnswerKind.LabelMap ? $"{Tinted} Classes: {DenseHeatmap.Legend(model)}." : Tinted;
    }

    private static bool IsArray(string path) => path.EndsWith(".npy", StringComparison.OrdinalIgnoreCase);

    // Numbers where an array is asked for, else what can be looked at.
    private void WriteMap(Stream stream, string path, DenseAnswer answer)
    {
        if (!IsArray(path))
        {
            PngWriter.Write(stream, answer.ToPicture(model.Answers));
            return;
        }

        Shape shape = model.Answers == AnswerKind.Picture
            ? new Shape(answer.Input.Height, answer.Input.Width, model.ClassCount)
            : new Shape(answer.Input.Height, answer.Input.Width);
        NpyFile.Write<byte>(stream, shape, answer.Map);
    }

    private void WriteJson(JsonDocumentWriter json, DenseSession session, DenseAnswer answer, int index)
    {
        DensePrediction prediction = answer.Prediction;
        json.Object().Text("input", answer.Name).Whole("width", answer.Input.Width).Whole("height", answer.Input.Height)
            .Number("refined", answer.RefinedShare).Whole("macs", prediction.MacsExecuted).Whole("macs_dense", prediction.MacsDense)
            .Whole("tiles", prediction.Tiles).Whole("tile_side", prediction.TileSide).Number("milliseconds", prediction.Duration.TotalMilliseconds)
            .Whole("working_bytes", session.ReservedBytes);
        if (options.Out is { } path)
        {
            json.Text("file", NumberedFile.NameOf(path, index));
        }

        if (model.Answers == AnswerKind.LabelMap)
        {
            double[] shares = answer.ClassShares(model.ClassCount);
            json.Array("classes");
            for (int label = 0; label < shares.Length; label++)
            {
                json.Object().Text("label", model.LabelName(label)).Whole("class", label).Number("share", shares[label]).Text("colour", LabelColours.Hex(label)).EndObject();
            }

            json.EndArray();
        }

        json.EndObject();
    }
}
