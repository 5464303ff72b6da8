using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Training;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Dense;
using ManagedDyn.Tool.Evaluation;
using ManagedDyn.Tool.Files;
using ManagedDyn.Tool.Output;
using ManagedDyn.Tool.Reporting;
using ManagedDyn.Tool.Reporting.Pages;
using ManagedDyn.Tool.Training;

namespace ManagedDyn.Tool.Verbs;

/// <summary>Trains a network on a data set and leaves a folder: checkpoint, logs, calibrated model, report.</summary>
public sealed class TrainVerb : Verb
{
    private const int CheckpointSteps = 200;
    private const int LogSteps = 50;

    private readonly Option<string?> _data = Options.Text("--data", "DIR|NAME", "A folder (IDX as MNIST, CIFAR-10 binary, images by class, CSV; labelled texts as .csv, .tsv or .json; recordings by class, or named class_speaker_index.wav) or a built-in set: 'glyphs', 'scenes' (a class for each pixel), 'noisy-scenes' (a clean picture), 'adding' (sequences), 'moving-glyphs' (videos); a folder of such a name is './NAME'.");
    private readonly Option<string?> _model = Options.Choice("--model", "What to train; msdnet-small, exit-transformer for texts, early-stop-conv for recordings, or early-stop-lstm for other sequences of features, if not given.", ModelPreset.Names);
    private readonly Option<string?> _out = Options.Text("--out", "DIR", "The folder of the run; named after data and model if not given.");
    private readonly Option<string?> _resume = Options.Text("--resume", "DIR", "Go on with the run in this folder, with its own settings.");
    private readonly Option<long?> _epochs = Options.Whole("--epochs", "N", "Times to go through the training samples; 10 if not given.", 1, 100_000);
    private readonly Option<double?> _minutes = Options.Number("--minutes", "M", "Stop after so many minutes and keep the checkpoint; --resume goes on.", 1e-3, 1e6);
    private readonly Option<long?> _batch = Options.Whole("--batch", "N", "Samples in a batch; 64 if not given, 16 of videos and where each pixel is answered for.", 1, 65536);
    private readonly Option<double?> _rate = Options.Number("--rate", "R", "The largest learning rate; the model's own, as 'mdyn info --models' lists it, if not given.", 1e-9, 100);
    private readonly Option<double?> _decay = Options.Number("--decay", "D", "Weight decay; 0.0005 if not given.", 0, 1);
    private readonly Option<string?> _teacher = Options.Text("--teacher", "MODEL", "A model trained on the same data, by file or short name, that every exit learns from too.");
    private readonly FittingOptions _fitting = new();
    private readonly Option<long?> _seed = Options.Whole("--seed", "N", "The seed of weights, order and augmentation; 1 if not given.", 0, long.MaxValue);
    private readonly Option<long?> _threads = Options.Whole("--threads", "N", "Threads to train with; all cores if not given. The result does not depend on it.", 1, 1024);
    private readonly Option<bool> _json = Options.Flag("--json", "Print the result as JSON.");

    public TrainVerb()
        : base("train", "Train a network with exits: checkpoints, logs, a calibrated model and a report in one folder.")
    {
        foreach (Option option in (Option[])[_data, _model, _out, _resume, _epochs, _minutes, _batch, _rate, _decay, _teacher, .. _fitting.All, _seed, _threads, _json])
        {
            Command.Options.Add(option);
        }
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("mdyn train --data fashion-mnist/ --epochs 12 --flip --shift 2 --out run1", "train the usual network and write everything to run1/"),
        new("mdyn train --data scenes --model segmenter --epochs 6 --out scenes", "a class for each pixel of drawn scenes, refined where unsure"),
        new("mdyn train --resume run1", "go on where it stopped: same bits as if it had not"),
        new("mdyn train --data text-banking77/ --epochs 15 --out intents", "texts: a transformer with an exit after each layer"),
        new("mdyn train --data fashion-mnist/ --model adaptive-tree --grow 6", "a tree of convolutions that grows where validation gains by it"),
        new("mdyn train --data photos/ --image-size 64 --model msdnet-base", "a folder with one sub-folder of pictures for each class"),
    ];

    public override ExitCode Run(ParseResult arguments, ToolContext tool)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(tool);
        bool json = arguments.GetValue(_json);
        string? resumed = arguments.GetValue(_resume);
        using Workers workers = new((int)(arguments.GetValue(_threads) ?? Environment.ProcessorCount));
        (TrainingFolder folder, TrainingPlan plan, DataSplits data) = resumed is null ? Begin(arguments, workers) : GoOn(arguments, resumed, workers);
        SingleStage? grown = null;
        if (resumed is null && _fitting.Leaves(arguments) is { } leaves)
        {
            (grown, plan) = TreeGrowing.Grow(plan, data, leaves, workers, tool, prints: !json);
        }

        TrainingJob job = MakeJob(plan, data, folder, arguments.GetValue(_minutes), workers);
        _fitting.Check(arguments, ModelPreset.Find(plan.Model), job.Network);
        if (grown is not null)
        {
            job.Begin(grown);
        }

        if (resumed is not null && File.Exists(folder.Checkpoint))
        {
            job.Resume(folder.Checkpoint);
        }
        else if (resumed is not null && plan.Tree.Length > 0)
        {
            throw new ToolException($"the run in '{folder.Path}' was stopped before its first checkpoint, and its tree has grown in vain; begin again with another --out");
        }

        folder.Create();
        using FileStream taken = folder.Take();
        PlanFile.Write(folder.Plan, plan);
        if (!json)
        {
            Introduce(tool.Terminal, job, data, plan);
        }

        TrainingOutcome outcome = job.Run(tool, printEpochs: !json);
        if (!outcome.IsComplete)
        {
            string reason = outcome.Result.Status == TrainingStatus.OutOfTime ? "time is up" : "stopped";
            throw new ToolException($"{reason} at step {outcome.Result.Step} of {job.TotalSteps}; the checkpoint is kept, go on with 'mdyn train --resume {folder.Path}'");
        }

        try
        {
            Finish(tool, workers, folder, plan, data, job, outcome, json);
        }
        catch (OperationCanceledException e) when (tool.Cancellation.IsCancellationRequested)
        {
            throw new ToolException($"stopped after training, while the network was measured; the checkpoint is kept, 'mdyn train --resume {folder.Path}' measures it", e);
        }

        return ExitCode.Ok;
    }

    private static void Finish(ToolContext tool, Workers workers, TrainingFolder folder, TrainingPlan plan, DataSplits data, TrainingJob job, TrainingOutcome outcome, bool json)
    {
        if (outcome.Network.Answers != AnswerKind.Label)
        {
            FinishDense(tool, workers, folder, plan, data, outcome, json);
            return;
        }

        Evaluator evaluator = new(tool, workers);
        Model model = evaluator.Calibrate(ModelBuilding.Freeze(outcome, plan, data), job.Samples);
        ModelBuilding.Save(model, folder.Model);
        EvaluationResult result = evaluator.Measure(model, job.Samples, withTime: true);
        RunReport report = ReportBuilder.Build(result, $"{plan.Model} on {data.Name}", outcome.Epochs, outcome.Elapsed);
        PageWriter.WriteFile(folder.Report, RunReportPage.Make(report));
        string text = ToJson(folder, outcome, writer => EvaluationPrinter.WriteJson(writer, result));
        OutputFile.WriteText(folder.Result, text + "\n");
        if (json)
        {
            tool.Terminal.WriteLine(text);
        }
        else
        {
            tool.Terminal.WriteLine();
            EvaluationPrinter.Print(tool.Terminal, result);
            PrintFiles(tool.Terminal, folder);
        }
    }

    private static void FinishDense(ToolContext tool, Workers workers, TrainingFolder folder, TrainingPlan plan, DataSplits data, TrainingOutcome outcome, bool json)
    {
        DenseEvaluator evaluator = new(tool, workers);
        ImageSplits images = DenseEvaluator.Images(data);
        Model model = evaluator.Calibrate(ModelBuilding.Freeze(outcome, plan, data), images);
        ModelBuilding.Save(model, folder.Model);
        DenseResult result = evaluator.Measure(model, images, withTime: true);
        PageWriter.WriteFile(folder.Report, DensePrinter.MakePage(result, $"{plan.Model} on {data.Name}"));
        string text = ToJson(folder, outcome, writer => DensePrinter.WriteJson(writer, result));
        OutputFile.WriteText(folder.Result, text + "\n");
        if (json)
        {
            tool.Terminal.WriteLine(text);
            return;
        }

        tool.Terminal.WriteLine();
        DensePrinter.Print(tool.Terminal, result);
        PrintFiles(tool.Terminal, folder);
    }

    private static void PrintFiles(Terminal terminal, TrainingFolder folder)
    {
        terminal.WriteLine();
        terminal.WriteLine(SafeText.Clean($"model:  {Path.GetFullPath(folder.Model)}"));
        terminal.WriteLine(SafeText.Clean($"report: {Path.GetFullPath(folder.Report)}"));
    }

    private (TrainingFolder Folder, TrainingPlan Plan, DataSplits Data) Begin(ParseResult arguments, Workers workers)
    {
        string source = arguments.GetValue(_data)
            ?? throw ToolException.Usage($"--data is missing; expected a folder of data or a built-in set, '{Datasets.Glyphs}', '{Datasets.Scenes}' or '{Datasets.NoisyScenes}' ('mdyn train --help' tells more)");
        DataSplits? opened = null;
        string model = arguments.GetValue(_model) ?? InputFitting.UsualModel(opened = Open(source, _fitting.ImageSize(arguments), workers));
        TrainingFolder folder = new(arguments.GetValue(_out) ?? $"mdyn-{Path.GetFileName(Path.TrimEndingDirectorySeparator(source))}-{model}");
        if (folder.IsUsed)
        {
            throw ToolException.Usage($"the folder '{folder.Path}' holds a training run already; go on with --resume {folder.Path}, or give another --out");
        }

        ModelPreset preset = ModelPreset.Find(model);
        _fitting.Check(arguments, preset);
        opened ??= Open(source, _fitting.ImageSize(arguments), workers);
        _fitting.Check(arguments, preset, opened);
        TrainingPlan plan = new() { Data = source };
        plan = _fitting.AddTo(plan, arguments) with
        {
            Data = !Datasets.IsBuiltIn(source) && (Directory.Exists(source) || File.Exists(source)) ? Path.GetFullPath(source) : source,
            Model = model,
            Epochs = (int)(arguments.GetValue(_epochs) ?? plan.Epochs),
            BatchSize = (int)(arguments.GetValue(_batch) ?? (preset.Batch > 0 ? preset.Batch : plan.BatchSize)),
            Rate = arguments.GetValue(_rate) ?? (preset.Rate > 0 ? preset.Rate : plan.Rate),
            Decay = arguments.GetValue(_decay) ?? plan.Decay,
            Teacher = arguments.GetValue(_teacher) is { } teacher ? Path.GetFullPath(ModelStore.Find(teacher)) : plan.Teacher,
            Seed = arguments.GetValue(_seed) ?? plan.Seed,
        };
        return (folder, plan, opened);
    }

    private (TrainingFolder Folder, TrainingPlan Plan, DataSplits Data) GoOn(ParseResult arguments, string path, Workers workers)
    {
        foreach (Option option in (Option[])[_data, _model, _out, _epochs, _batch, _rate, _decay, _teacher, .. _fitting.All, _seed])
        {
            if (arguments.GetResult(option) is { Implicit: false })
            {
                throw ToolException.Usage($"{option.Name} cannot be given with --resume: the run keeps the settings that it was begun with");
            }
        }

        TrainingFolder folder = new(path);
        TrainingPlan plan = PlanFile.Read(folder.Plan);
        return (folder, plan, Open(plan.Data, plan.ImageSize, workers));
    }

    private static DataSplits Open(string source, int imageSize, Workers workers) => DataOpening.Open(source, new DatasetOptions { ImageSize = imageSize }, workers);

    private static TrainingJob MakeJob(TrainingPlan plan, DataSplits data, TrainingFolder folder, double? minutes, Workers workers)
    {
        TrainerOptions options = new()
        {
            CheckpointPath = folder.Checkpoint,
            CheckpointSteps = CheckpointSteps,
            CsvPath = folder.Csv,
            JsonLinesPath = folder.JsonLines,
            LogSteps = LogSteps,
            TimeLimit = minutes is { } limit ? TimeSpan.FromMinutes(limit) : null,
        };
        try
        {
            return new TrainingJob(plan, data, options, workers);
        }
        catch (ArgumentException e)
        {
            throw new ToolException($"{plan.Model} cannot be trained on {data.Name}: {ToolException.Reason(e)}", e);
        }
    }

    private static void Introduce(Terminal terminal, TrainingJob job, DataSplits data, TrainingPlan plan)
    {
        terminal.WriteLine(
            $"{plan.Model}: {Quantity.Count(job.Network.CountParameters())} parameters, {job.Network.StageCount} exits, {Quantity.Scaled(job.Network.CumulativeMacs(job.Network.StageCount - 1))} MACs");
        terminal.WriteLine(SafeText.Clean(
            $"{data.Name}: {Quantity.Count(data.TrainingCount)} training, {Quantity.Count(data.ValidationCount)} validation, {Quantity.Count(data.TestCount)} test {data.Noun} {job.Network.SampleShape} {(job.Network.Answers == AnswerKind.Label ? "of" : $"answered with a {job.Network.Answers} of")} {data.ClassNames.Count} classes"));
        terminal.Flush();
    }

    private static string ToJson(TrainingFolder folder, TrainingOutcome outcome, Action<JsonDocumentWriter> writeResult)
    {
        using JsonDocumentWriter json = new();
        json.Object().Text("model", Path.GetFullPath(folder.Model)).Text("report", Path.GetFullPath(folder.Report))
            .Number("training_seconds", outcome.Elapsed.TotalSeconds).Whole("epochs", outcome.Result.Epochs)
            .Number("best_validation_accuracy", outcome.Result.BestAccuracy).Whole("best_epoch", outcome.Result.BestEpoch + 1);
        writeResult(json);
        return json.EndObject().ToString();
    }
}
