using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Inference.Calibration;
using ManagedDyn.Layers.Training;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Dense;
using ManagedDyn.Tool.Evaluation;
using ManagedDyn.Tool.Files;
using ManagedDyn.Tool.Output;
using ManagedDyn.Tool.Training;
using ManagedDyn.Tool.Verbs;

namespace ManagedDyn.Tool.Study;

/// <summary>Makes the runs of a study, each once: what is finished is read back, what was begun goes on from its checkpoint.</summary>
public sealed class StudyRunner(ToolContext tool, StudyFolder folder, StudyData data, Workers workers)
{
    private const int CheckpointSteps = 500;
    private const int MaximumResultLength = 1 << 16;

    // Test samples may leave a little later than validation samples do.
    private const double Margin = 0.98;

    // What each epoch is measured on; the test samples count, once, at the end.
    private const int EpochSamples = 1000;

    /// <summary>The result of a plan, from its file or by training.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="mostMacs">MACs of a sample on average that a network with thresholds shall keep to, where one of its calibrated points does; asked when it has been trained. Null: no bound.</param>
    /// <param name="spends">Whether it shall use as much of these as it can, whatever validation samples say; else the most accurate point there counts.</param>
    public StudyRun Run(TrainingPlan plan, Func<double>? mostMacs = null, bool spends = false)
    {
        ArgumentNullException.ThrowIfNull(plan);
        plan = plan with { BuiltInSamples = data.SamplesOf(plan.Data) };
        TrainingFolder files = folder.RunOf(plan);
        if (folder.HasResult(plan))
        {
            CheckPlan(files, plan);
            return Read(files.Result);
        }

        DataSplits whole = data.Open(plan.Data);
        DataSplits splits = plan.Folds > 0 ? whole.WithFold(plan.Fold) : whole;
        bool isBegun = File.Exists(files.Checkpoint);
        if (isBegun)
        {
            CheckPlan(files, plan);
        }

        TrainerOptions options = new() { CheckpointPath = files.Checkpoint, CheckpointSteps = CheckpointSteps };
        TrainingJob job = new(plan, splits, options, workers, EpochSamples);
        if (isBegun)
        {
            job.Resume(files.Checkpoint);
        }

        files.Create();
        using FileStream taken = files.Take();
        PlanFile.Write(files.Plan, plan);
        TrainingOutcome outcome = job.Run(tool, printEpochs: false);
        if (!outcome.IsComplete)
        {
            throw new ToolException($"stopped in {plan.Model} with seed {plan.Seed}; the checkpoint is kept, the same command goes on");
        }

        Model frozen = ModelBuilding.Freeze(outcome, plan, splits);
        (Model model, StudyRun run) = frozen.Answers == AnswerKind.Label ? OfClasses(frozen, job.Samples, outcome.Elapsed, mostMacs?.Invoke() ?? double.PositiveInfinity, spends) : OfPixels(frozen, DenseEvaluator.Images(splits), outcome.Elapsed);
        ModelBuilding.Save(model, files.Model);
        OutputFile.WriteText(files.Result, Write(run) + "\n");
        return run;
    }

    /// <summary>The trained model of a plan that has run.</summary>
    public Model Load(TrainingPlan plan) => ModelStore.Load(folder.RunOf(plan).Model);

    private (Model Model, StudyRun Run) OfClasses(Model frozen, SampleSplits samples, TimeSpan elapsed, double mostMacs, bool spends)
    {
        Model model = new Evaluator(tool, workers).Calibrate(frozen, samples, spends ? Margin * mostMacs : double.PositiveInfinity);
        model = spends ? model : Prefer(model, mostMacs);
        return (model, Measure(model, samples, elapsed));
    }

    // As accuracy counts the mean intersection over union, or the share of the noise that is taken away.
    private (Model Model, StudyRun Run) OfPixels(Model frozen, ImageSplits images, TimeSpan elapsed)
    {
        DenseEvaluator evaluator = new(tool, workers);
        Model model = evaluator.Calibrate(frozen, images);
        DensePoint point = evaluator.MeasureChosen(model, images);
        double quality = model.Answers == AnswerKind.Picture ? 1 - Math.Pow(10, (DenseEvaluator.NoiseOf(images) - point.Quality) / 10) : point.Quality;
        return (model, new StudyRun(quality, point.Macs, model.FullMacs, model.Network.CountParameters(), elapsed.TotalSeconds));
    }

    // The point that is measured stands first: of those that keep to the MACs on validation samples the most accurate there, or the usual one if none does.
    private static Model Prefer(Model model, double mostMacs)
    {
        List<OperatingPoint> points = [.. model.Points];
        int best = -1;
        for (int i = 0; i < points.Count; i++)
        {
            if (points[i].ExpectedMacs <= mostMacs && (best < 0 || points[i].ExpectedAccuracy > points[best].ExpectedAccuracy))
            {
                best = i;
            }
        }

        if (best <= 0)
        {
            return model;
        }

        OperatingPoint chosen = points[best];
        points.RemoveAt(best);
        points.Insert(0, chosen);
        return model.With(model.Description with { Points = points });
    }

    private StudyRun Measure(Model model, SampleSplits samples, TimeSpan elapsed)
    {
        ExitLogits logits = ExitLogits.Collect(model, samples.Test, new SessionOptions { Workers = workers }, cancellation: tool.Cancellation);
        ExitScores scores = new(logits, model);
        long parameters = model.Network.CountParameters();
        if (model.Points.Length == 0)
        {
            int last = scores.Exits - 1;
            return new StudyRun(samples.AreLevels ? LevelMeasure.Explained(logits) : scores.Accuracy(last), scores.MeanMacs(last), model.FullMacs, parameters, elapsed.TotalSeconds);
        }

        ThresholdOutcome outcome = scores.Simulate(model.Points[0].Thresholds);
        return new StudyRun(samples.AreLevels ? LevelMeasure.Explained(logits) : outcome.Accuracy, outcome.MeanMacs, model.FullMacs, parameters, elapsed.TotalSeconds);
    }

    // What an earlier version did not write into its plans is not compared.
    private static void CheckPlan(TrainingFolder files, TrainingPlan plan)
    {
        TrainingPlan there = PlanFile.Read(files.Plan);
        foreach ((string name, string value) in plan.Entries)
        {
            foreach ((string thatName, string thatValue) in there.Entries)
            {
                if (name == thatName && value != thatValue)
                {
                    throw new ToolException($"the run in '{files.Path}' was made with {name} = {thatValue}, this study has {value}; give another --out");
                }
            }
        }
    }

    private static string Write(StudyRun run)
    {
        using JsonDocumentWriter json = new();
        return json.Object().Number("accuracy", run.Accuracy).Number("mean_macs", run.MeanMacs).Whole("dense_macs", run.DenseMacs)
            .Whole("parameters", run.Parameters).Number("training_seconds", run.TrainingSeconds).EndObject().ToString();
    }

    private static StudyRun Read(string path)
    {
        byte[] file = InputFile.ReadAllBytes(path, MaximumResultLength, "the result of a run of a study");
        try
        {
            using JsonDocument document = JsonDocument.Parse(file);
            JsonElement root = document.RootElement;
            return new StudyRun(
                root.GetProperty("accuracy").GetDouble(),
                root.GetProperty("mean_macs").GetDouble(),
                root.GetProperty("dense_macs").GetInt64(),
                root.GetProperty("parameters").GetInt64(),
                root.GetProperty("training_seconds").GetDouble());
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new ToolException($"'{path}' is no sound result of a run: {ToolException.Reason(e)}; delete it to run again", e);
        }
    }
}
