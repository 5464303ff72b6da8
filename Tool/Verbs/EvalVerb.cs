using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Dense;
using ManagedDyn.Tool.Evaluation;
using ManagedDyn.Tool.Files;
using ManagedDyn.Tool.Output;
using ManagedDyn.Tool.Reporting;
using ManagedDyn.Tool.Reporting.Pages;
using ManagedDyn.Tool.Reporting.Plots;

namespace ManagedDyn.Tool.Verbs;

/// <summary>Measures a model on a data set.</summary>
public sealed class EvalVerb : Verb
{
    private readonly Option<string?> _model = Options.Text("--model", "FILE|NAME", "The model: a file, or the short name of one that comes with the tool.");
    private readonly Option<string?> _data = Options.Text("--data", "DIR|NAME", "The data set; the one that the model was trained on if not given.");
    private readonly Option<string[]> _static = new("--static") { Description = "Models without decisions to compare with, measured on the same test samples.", HelpName = "FILE ...", AllowMultipleArgumentsPerToken = true, Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<bool> _calibrate = Options.Flag("--calibrate", "Find temperatures and thresholds anew on the validation part.");
    private readonly Option<string?> _save = Options.Text("--save", "FILE", "With --calibrate: save the calibrated model.");
    private readonly Option<long?> _size = Options.Whole("--image-size", "PIXELS", "Resize image files to this height and width; the model's size if not given.", 4, 4096);
    private readonly Option<string?> _report = Options.Text("--report", "FILE", "Write the report as one HTML file.");
    private readonly Option<string?> _svg = Options.Text("--svg", "FILE", "Write the plot of accuracy against multiply-adds as SVG.");
    private readonly Option<bool> _noTime = Options.Flag("--no-time", "Do not measure time.");
    private readonly Option<long?> _threads = Options.Whole("--threads", "N", "Threads to compute answers with; all cores if not given. Times are of one thread.", 1, 1024);
    private readonly Option<bool> _json = Options.Flag("--json", "Print the result as JSON.");

    public EvalVerb()
        : base("eval", "Measure a model: accuracy against multiply-adds and time, with thresholds set on validation samples only.")
    {
        foreach (Option option in (Option[])[_model, _data, _static, _calibrate, _save, _size, _report, _svg, _noTime, _threads, _json])
        {
            Command.Options.Add(option);
        }
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("mdyn eval --data fashion-mnist/ --report eval.html", "the model that comes with the tool, on its test images"),
        new("mdyn eval --model run1/model.safetensors --static small.safetensors large.safetensors", "beside static networks"),
        new("mdyn eval --model run1/model.safetensors --json", "all numbers as JSON"),
    ];

    public override ExitCode Run(ParseResult arguments, ToolContext tool)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(tool);
        if (arguments.GetValue(_save) is not null && !arguments.GetValue(_calibrate))
        {
            throw ToolException.Usage("--save saves what --calibrate finds; give both");
        }

        // What is measured is not to be overwritten, save by its own calibration.
        OutputFile.CheckDistinct(
            [arguments.GetValue(_report), arguments.GetValue(_svg), arguments.GetValue(_save)],
            [arguments.GetValue(_model), .. arguments.GetValue(_static) ?? []]);
        foreach (Option<string?> output in (Option<string?>[])[_save, _report, _svg])
        {
            OutputFile.CheckWritable(arguments.GetValue(output));
        }

        Model model = ModelStore.Load(arguments.GetValue(_model));
        using Workers workers = new((int)(arguments.GetValue(_threads) ?? Environment.ProcessorCount));
        DataSplits source = OpenData(arguments, model, workers);
        if (model.Answers != AnswerKind.Label)
        {
            MeasureDense(arguments, tool, workers, model, DenseEvaluator.Images(source));
            return ExitCode.Ok;
        }

        SampleSplits data = DataOpening.Encode(model, source);
        Evaluator evaluator = new(tool, workers);
        if (arguments.GetValue(_calibrate) || model.Points.Length == 0)
        {
            model = evaluator.Calibrate(model, data);
        }

        if (arguments.GetValue(_save) is { } save)
        {
            ModelBuilding.Save(model, save);
        }

        bool withTime = !arguments.GetValue(_noTime);
        EvaluationResult result = evaluator.Measure(model, data, withTime);
        List<StaticPoint> statics = [];
        foreach (string path in arguments.GetValue(_static) ?? [])
        {
            statics.Add(MeasureStatic(evaluator, path, source, withTime));
        }

        result = result with { Static = statics };
        WriteFiles(arguments, result);
        if (arguments.GetValue(_json))
        {
            using JsonDocumentWriter json = new();
            EvaluationPrinter.WriteJson(json.Object(), result);
            tool.Terminal.WriteLine(json.EndObject().ToString());
        }
        else
        {
            EvaluationPrinter.Print(tool.Terminal, result);
        }

        return ExitCode.Ok;
    }

    private static StaticPoint MeasureStatic(Evaluator evaluator, string path, DataSplits data, bool withTime)
    {
        Model model = ModelStore.Load(path);
        return evaluator.MeasureStatic(model, NameOf(path), DataOpening.Encode(model, data), withTime);
    }

    private void MeasureDense(ParseResult arguments, ToolContext tool, Workers workers, Model model, ImageSplits data)
    {
        DenseEvaluator evaluator = new(tool, workers);
        model = arguments.GetValue(_calibrate) || model.Points.Length == 0 ? evaluator.Calibrate(model, data) : model;
        if (arguments.GetValue(_save) is { } save)
        {
            ModelBuilding.Save(model, save);
        }

        bool withTime = !arguments.GetValue(_noTime);
        DenseResult result = evaluator.Measure(model, data, withTime);
        List<DensePoint> statics = [];
        foreach (string path in arguments.GetValue(_static) ?? [])
        {
            statics.Add(evaluator.MeasureStatic(ModelStore.Load(path), NameOf(path), data, withTime));
        }

        result = result with { Static = statics };
        if (arguments.GetValue(_report) is { } report)
        {
            PageWriter.WriteFile(report, DensePrinter.MakePage(result, $"{model.Architecture?.Name ?? "a network"} on {result.DataSet}"));
        }

        if (arguments.GetValue(_svg) is { } svg)
        {
            OutputFile.WriteText(svg, SvgPlot.File(DensePrinter.Plot(result)));
        }

        if (arguments.GetValue(_json))
        {
            using JsonDocumentWriter json = new();
            DensePrinter.WriteJson(json.Object(), result);
            tool.Terminal.WriteLine(json.EndObject().ToString());
            return;
        }

        DensePrinter.Print(tool.Terminal, result);
    }

    private DataSplits OpenData(ParseResult arguments, Model model, Workers workers)
    {
        string source = arguments.GetValue(_data) ?? RecordedData(model);
        bool isSquare = model.SampleShape.Rank == 3 && model.SampleShape[0] == model.SampleShape[1];
        long size = arguments.GetValue(_size) ?? (isSquare ? model.SampleShape[0] : 0);
        return DataOpening.Open(source, new DatasetOptions { ImageSize = (int)size }, workers);
    }

    /// <summary>A model's name in plots: its file's, or its folder's where training has given the file its usual name.</summary>
    private static string NameOf(string path)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        string? folder = Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(path)));
        return name == "model" && folder is { Length: > 0 } ? folder : name;
    }

    /// <summary>The set that the model was trained on, if it is built in or lies in a folder of its name.</summary>
    private static string RecordedData(Model model)
    {
        string? name = model.Description.Training["data"];
        return name is not null && (Datasets.IsBuiltIn(name) || Directory.Exists(name))
            ? name
            : throw ToolException.Usage($"--data is missing; {(name is null ? "the model does not say what it was trained on, give a folder of data" : $"the model was trained on the set '{name}', give the folder where it lies")}");
    }

    private void WriteFiles(ParseResult arguments, EvaluationResult result)
    {
        RunReport report = ReportBuilder.Build(result, $"{result.Model.Architecture?.Name ?? "a network"} on {result.DataSet}", [], null);
        if (arguments.GetValue(_report) is { } path)
        {
            PageWriter.WriteFile(path, RunReportPage.Make(report));
        }

        if (arguments.GetValue(_svg) is { } svg)
        {
            OutputFile.WriteText(svg, SvgPlot.File(CurvePlots.AgainstMacs(report)));
        }
    }
}
