using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Data.Text;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Output;

namespace ManagedDyn.Tool.Verbs;

/// <summary>Shows what is in a model.</summary>
public sealed class InfoVerb : Verb
{
    private readonly Argument<string?> _model = new("MODEL")
    {
        Description = "A model file or the short name of a model that comes with the tool.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _models = Options.Flag("--models", "List the models that 'mdyn train' knows, with their papers, instead of showing one.");
    private readonly Option<bool> _layers = Options.Flag("--layers", "List every layer with its parameters and MACs.");
    private readonly Option<bool> _json = Options.Flag("--json", "Print everything as JSON.");

    public InfoVerb()
        : base("info", "Show a model: architecture, exits, layers, parameters, MACs, thresholds, how it was trained.")
    {
        Command.Arguments.Add(_model);
        Command.Options.Add(_models);
        Command.Options.Add(_layers);
        Command.Options.Add(_json);
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("mdyn info model.safetensors", "exits with their MACs, thresholds, training record"),
        new("mdyn info model.safetensors --layers", "every layer as well"),
        new("mdyn info --models", "what can be trained, and where it comes from"),
    ];

    public override ExitCode Run(ParseResult arguments, ToolContext tool)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(tool);
        if (arguments.GetValue(_models))
        {
            PresetList.Print(tool.Terminal, arguments.GetValue(_json));
            return ExitCode.Ok;
        }

        string path = ModelStore.Find(arguments.GetValue(_model));
        Model model = ModelStore.Load(path);
        IReadOnlyList<LayerSummary> layers = LayerSummary.Collect(model);
        if (arguments.GetValue(_json))
        {
            tool.Terminal.WriteLine(ToJson(path, model, layers));
            return ExitCode.Ok;
        }

        Print(tool.Terminal, path, model);
        if (arguments.GetValue(_layers))
        {
            PrintLayers(tool.Terminal, layers);
        }

        return ExitCode.Ok;
    }

    // Several models that can be trained share an architecture.
    private static string TrainedAs(Model model, string architecture)
    {
        foreach ((string name, string value) in model.Description.Training.Entries)
        {
            if (name == "model" && value != architecture && value.Length > 0)
            {
                return $", trained as {value}";
            }
        }

        return string.Empty;
    }

    private static void Print(Terminal terminal, string path, Model model)
    {
        string architecture = model.Architecture?.Name ?? model.Network.GetType().Name;
        terminal.WriteLine(SafeText.Clean($"{path}: {architecture}{TrainedAs(model, architecture)}"));
        terminal.WriteLine($"  input {model.SampleShape}{AnswerText(model)}, {Quantity.Count(model.Network.CountParameters())} parameters, {Quantity.Scaled(model.FullMacs)} MACs, criterion {model.Criterion.Name}");
        if (model.Encoding is TextEncoding text)
        {
            terminal.WriteLine($"  texts of at most {text.Length} tokens, {Quantity.Count(text.Tokenizer.Vocabulary)} {(text.Tokenizer is BytePairTokenizer ? "byte pairs" : "words")} known");
        }

        if (model.Description.LeastConfidence > 0)
        {
            terminal.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  no answer where the most probable class is less than {model.Description.LeastConfidence:F3} probable"));
        }

        terminal.WriteLine();
        TextTable exits = new(">exit", ">MACs", ">of all", ">temperature");
        for (int exit = 0; exit < model.ExitCount; exit++)
        {
            exits.Add(
                (exit + 1).ToString(CultureInfo.InvariantCulture),
                Quantity.Scaled(model.ExitMacs(exit)),
                Quantity.Percent((double)model.ExitMacs(exit) / model.FullMacs),
                model.Temperatures[exit].ToString("F3", CultureInfo.InvariantCulture));
        }

        exits.Write(terminal);
        if (model.Points.Length > 0)
        {
            terminal.WriteLine();
            TextTable points = new("operating point", ">accuracy", ">MACs", "thresholds");
            foreach (OperatingPoint point in model.Points)
            {
                points.Add(point.Name, Quantity.Percent(point.ExpectedAccuracy, 2), Quantity.Scaled(point.ExpectedMacs), ThresholdText(point.Thresholds));
            }

            points.Write(terminal);
        }

        if (model.Description.Training.Entries.Length > 0)
        {
            terminal.WriteLine();
            TextTable record = new("training", string.Empty);
            foreach ((string name, string value) in model.Description.Training.Entries)
            {
                record.Add(name, value);
            }

            record.Write(terminal);
        }
    }

    private static string AnswerText(Model model) => model.Answers switch
    {
        AnswerKind.LabelMap => $" or larger, each pixel of {model.ClassCount} classes",
        AnswerKind.Picture => $" or larger, answered with a picture of {model.ClassCount} channels",
        _ => $", {model.ClassCount} classes",
    };

    private static void PrintLayers(Terminal terminal, IReadOnlyList<LayerSummary> layers)
    {
        terminal.WriteLine();
        TextTable table = new("layer", "kind", ">parameters", ">MACs");
        foreach (LayerSummary layer in layers)
        {
            table.Add(layer.Name, layer.Kind, Quantity.Count(layer.Parameters), layer.Macs == 0 ? "–" : Quantity.Scaled(layer.Macs));
        }

        table.Write(terminal);
    }

    private static string ThresholdText(ExitThresholds thresholds)
    {
        string[] texts = new string[thresholds.Count];
        for (int exit = 0; exit < texts.Length; exit++)
        {
            texts[exit] = float.IsPositiveInfinity(thresholds[exit]) ? "never" : thresholds[exit].ToString("F3", CultureInfo.InvariantCulture);
        }

        return string.Join(' ', texts);
    }

    private static string ToJson(string path, Model model, IReadOnlyList<LayerSummary> layers)
    {
        using JsonDocumentWriter json = new();
        json.Object().Text("file", path).Text("architecture", model.Architecture?.Name).Text("input", model.SampleShape.ToString())
            .Whole("classes", model.ClassCount).Texts("labels", model.Description.Labels).Whole("parameters", model.Network.CountParameters())
            .Whole("macs", model.FullMacs).Text("criterion", model.Criterion.Name)
            .Text("answers", model.Answers switch { AnswerKind.LabelMap => "label-map", AnswerKind.Picture => "picture", _ => "label" })
            .Text("encoding", model.Encoding?.Kind).Number("least_confidence", model.Description.LeastConfidence);
        json.Array("exits");
        for (int exit = 0; exit < model.ExitCount; exit++)
        {
            json.Object().Whole("exit", exit + 1).Whole("macs", model.ExitMacs(exit)).Number("temperature", model.Temperatures[exit]).EndObject();
        }

        json.EndArray().Array("points");
        foreach (OperatingPoint point in model.Points)
        {
            List<double> thresholds = [];
            foreach (float value in point.Thresholds.Values)
            {
                thresholds.Add(value);
            }

            json.Object().Text("name", point.Name).Number("accuracy", point.ExpectedAccuracy).Number("macs", point.ExpectedMacs)
                .Numbers("thresholds", thresholds).EndObject();
        }

        json.EndArray().Object("training");
        foreach ((string name, string value) in model.Description.Training.Entries)
        {
            json.Text(name, value);
        }

        json.EndObject().Array("layers");
        foreach (LayerSummary layer in layers)
        {
            json.Object().Text("name", layer.Name).Text("kind", layer.Kind).Whole("parameters", layer.Parameters).Whole("macs", layer.Macs).EndObject();
        }

        return json.EndArray().EndObject().ToString();
    }
}
