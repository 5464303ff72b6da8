using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Diagnostics;
using System.IO;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Training;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Evaluation;
using ManagedDyn.Tool.Files;
using ManagedDyn.Tool.Output;
using ManagedDyn.Tool.Reporting;
using ManagedDyn.Tool.Reporting.Pages;
using ManagedDyn.Tool.Training;

namespace ManagedDyn.Tool.Verbs;

/// <summary>Shows the whole idea in a minute: train, calibrate, measure, report.</summary>
public sealed class DemoVerb : Verb
{
    private const string DefaultReport = "mdyn-demo.html";
    private const int TrainingImages = 12_500;

    // Thresholds are chosen on these: the fewer there are, the more has to be kept as a distance from what is promised.
    private const float ValidationFraction = 0.4f;
    private const int TestImages = 5000;

    // What each epoch is measured on: enough for a line of progress.
    private const int EpochImages = 1000;
    private const int DefaultEpochs = 8;
    private const int QuickImages = 1200;
    private const int QuickEpochs = 2;

    private readonly Option<string?> _out = Options.Text("--out", "FILE|DIR", $"Where the report goes; {DefaultReport} if not given.");
    private readonly Option<bool> _quick = Options.Flag("--quick", "A few images and epochs only: shows that everything works, not what it is worth.");
    private readonly Option<string?> _save = Options.Text("--save", "FILE", "Also save the trained model.");
    private readonly Option<long?> _epochs = Options.Whole("--epochs", "N", $"Times to go through the training images; {DefaultEpochs} if not given.", 1, 1000);
    private readonly Option<long?> _images = Options.Whole("--images", "N", $"Images to train on and to choose thresholds with; {TrainingImages} if not given.", 200, 100_000);
    private readonly Option<long?> _seed = Options.Whole("--seed", "N", "The seed of images, weights and order; 1 if not given.", 0, long.MaxValue);
    private readonly Option<long?> _threads = Options.Whole("--threads", "N", "Threads to train with; all cores if not given.", 1, 1024);
    private readonly Option<bool> _json = Options.Flag("--json", "Print the result as JSON.");

    public DemoVerb()
        : base("demo", "Train a small network with exits on built-in images, show accuracy against compute, write a report. About a minute.")
    {
        _out.Aliases.Add("--output");
        Command.Options.Add(_out);
        Command.Options.Add(_quick);
        Command.Options.Add(_save);
        Command.Options.Add(_epochs);
        Command.Options.Add(_images);
        Command.Options.Add(_seed);
        Command.Options.Add(_threads);
        Command.Options.Add(_json);
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("mdyn demo", $"train, measure, and write {DefaultReport}"),
        new("mdyn demo --epochs 20 --save glyphs.safetensors", "longer, and keep the model"),
    ];

    public override ExitCode Run(ParseResult arguments, ToolContext tool)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(tool);
        long started = Stopwatch.GetTimestamp();
        bool json = arguments.GetValue(_json);
        bool quick = arguments.GetValue(_quick);
        string path = ReportPath(arguments.GetValue(_out));
        OutputFile.CheckDistinct([path, arguments.GetValue(_save)], []);
        OutputFile.CheckWritable(path);
        OutputFile.CheckWritable(arguments.GetValue(_save));
        long images = arguments.GetValue(_images) ?? (quick ? QuickImages : TrainingImages);
        TrainingPlan plan = new()
        {
            Data = Datasets.Glyphs,
            Model = "msdnet-small",
            Epochs = (int)(arguments.GetValue(_epochs) ?? (quick ? QuickEpochs : DefaultEpochs)),
            Seed = arguments.GetValue(_seed) ?? 1,
            Shift = 2,
        };
        using Workers workers = new((int)(arguments.GetValue(_threads) ?? Environment.ProcessorCount));
        DatasetOptions dataOptions = new()
        {
            BuiltInTrainingCount = (int)images,
            ValidationFraction = ValidationFraction,
            BuiltInTestCount = (int)Math.Min(TestImages, images),
            BuiltInSeed = (ulong)plan.Seed,
        };
        DataSplits data = DataOpening.Open(plan.Data, dataOptions, workers);
        TrainingJob job = new(plan, data, new TrainerOptions(), workers, EpochImages);
        if (!json)
        {
            tool.Terminal.WriteLine(
                $"{plan.Model}: {Quantity.Count(job.Network.CountParameters())} parameters, {job.Network.StageCount} exits, {Quantity.Scaled(job.Network.CumulativeMacs(job.Network.StageCount - 1))} MACs");
            tool.Terminal.WriteLine(
                $"{data.Name}: {Quantity.Count(data.TrainingCount)} training, {Quantity.Count(data.ValidationCount)} validation, {Quantity.Count(data.TestCount)} test {data.Noun} {job.Network.SampleShape}");
            tool.Terminal.Flush();
        }

        TrainingOutcome outcome = job.Run(tool, printEpochs: !json);
        if (!outcome.IsComplete)
        {
            throw new ToolException($"stopped in epoch {outcome.Result.Epochs + 1}; the demo keeps nothing, 'mdyn train' keeps checkpoints");
        }

        Evaluator evaluator = new(tool, workers);
        Model model = evaluator.Calibrate(ModelBuilding.Freeze(outcome, plan, data), job.Samples);
        EvaluationResult result = evaluator.Measure(model, job.Samples, withTime: true);
        RunReport report = ReportBuilder.Build(result, "A network that stops when it is sure", outcome.Epochs, outcome.Elapsed);
        PageWriter.WriteFile(path, RunReportPage.Make(report));
        if (arguments.GetValue(_save) is { } save)
        {
            ModelBuilding.Save(model, save);
        }

        TimeSpan elapsed = Stopwatch.GetElapsedTime(started);
        if (json)
        {
            using JsonDocumentWriter writer = new();
            writer.Object().Text("report", Path.GetFullPath(path)).Number("seconds", elapsed.TotalSeconds).Number("training_seconds", outcome.Elapsed.TotalSeconds);
            EvaluationPrinter.WriteJson(writer, result);
            tool.Terminal.WriteLine(writer.EndObject().ToString());
        }
        else
        {
            tool.Terminal.WriteLine();
            EvaluationPrinter.Print(tool.Terminal, result);
            tool.Terminal.WriteLine();
            tool.Terminal.WriteLine(SafeText.Clean($"report: {Path.GetFullPath(path)} ({Quantity.Duration(elapsed)} in all)"));
        }

        return ExitCode.Ok;
    }

    /// <summary>A name with an extension is the file; any other is a folder for it.</summary>
    private static string ReportPath(string? wanted)
        => wanted is null ? DefaultReport : Path.HasExtension(wanted) && !Directory.Exists(wanted) ? wanted : Path.Combine(wanted, DefaultReport);
}
