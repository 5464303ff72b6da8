using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.Training;
using ManagedDyn.Layers.Training.Objectives;
using ManagedDyn.Layers.Training.Optimizers;
using ManagedDyn.Layers.Training.Schedules;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Output;
using ManagedDyn.Tool.Reporting;

namespace ManagedDyn.Tool.Training;

/// <summary>Trains a network by a plan, with a progress line and a line of result for each epoch.</summary>
public sealed class TrainingJob
{
    private const float Momentum = 0.9f;
    private const int ValidationBatch = 256;
    private const float LargestGradient = 1;

    // Maps at full size take much memory.
    private const int DenseValidationBatch = 16;
    private const double WarmupShare = 0.05;

    private readonly TrainingPlan _plan;
    private readonly StagedNetwork _network;
    private readonly Trainer _trainer;
    private readonly List<EpochRecord> _epochs = [];

    public TrainingJob(TrainingPlan plan, DataSplits data, TrainerOptions options, Workers workers, int validationSamples = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        _plan = plan;
        RandomSource random = new((ulong)plan.Seed);
        ModelPreset preset = ModelPreset.Find(plan.Model);
        Encoding = InputFitting.Fit(data, plan, preset.Takes);
        Samples = InputEncoding.Encode(Encoding, data);
        Shape sample = Samples.Training.SampleShape;
        int classes = Samples.Training.ClassNames.Count;
        InputFitting.Check(preset, data, Encoding, sample);
        plan = plan.Target > 0 ? plan : plan with { Target = preset.Target };
        _network = preset.Create(sample, classes, plan with { Vocabulary = Encoding is TextEncoding text ? text.Tokenizer.Vocabulary : 0, AreLevels = Samples.AreLevels });
        _network.Initialize(random);
        SampleSet trained = Samples.Training switch
        {
            ImageSamples { IsSequence: false } images => images.With(plan.Augmentation),
            FeatureSamples signals when Encoding is SignalEncoding => signals.Varied(random),
            _ => Samples.Training,
        };
        IBatchSource training = trained.Batches(plan.BatchSize, random, dropLast: trained.Count >= plan.BatchSize);
        IBatchSource validation = Samples.Validation.First(validationSamples).Batches(_network.Answers == AnswerKind.Label ? ValidationBatch : DenseValidationBatch);
        long steps = (long)plan.Epochs * training.BatchCount;
        long warmup = Math.Max(1, (long)(WarmupShare * steps));
        Objective objective = Samples.AreLevels ? new LevelRegression() : new MultiExitObjective([], (float)plan.Smoothing, (float)plan.Distillation);
        objective = preset.Objective is { } addition ? addition(objective, plan) : objective;
        if (plan.Teacher.Length > 0)
        {
            objective = Teacher.AddTo(objective, plan.Teacher, sample, classes, Encoding);
        }

        _trainer = new Trainer(
            _network,
            objective,
            preset.UsesAdam ? new AdamW(_network, decay: plan.Decay) : new Sgd(_network, Momentum, (float)plan.Decay, isNesterov: true),
            new WarmupSchedule(new CosineSchedule(plan.Rate, Math.Max(1, steps - warmup)), warmup),
            training,
            validation,
            options with { Epochs = plan.Epochs, Seed = (ulong)plan.Seed, ClipNorm = preset.UsesAdam ? LargestGradient : options.ClipNorm },
            workers);
    }

    public StagedNetwork Network => _network;

    /// <summary>What makes the network's input; null: the data are ready.</summary>
    public InputEncoding? Encoding { get; }

    /// <summary>The data as the network takes them.</summary>
    public SampleSplits Samples { get; }

    public long TotalSteps => _trainer.TotalSteps;

    /// <summary>Begins with the weights of a trained network of the same form.</summary>
    public void Begin(StagedNetwork trained)
    {
        ArgumentNullException.ThrowIfNull(trained);
        Dictionary<string, Parameter> sources = new(trained.NamedParameters());
        foreach ((string path, Parameter parameter) in _network.NamedParameters())
        {
            sources[path].Value.Span.CopyTo(parameter.Value.Span);
        }
    }

    public void Resume(string checkpoint)
    {
        try
        {
            _trainer.Resume(checkpoint);
        }
        catch (Exception e) when (e is StateMismatchException or ModelFileException or IOException or UnauthorizedAccessException)
        {
            throw new ToolException($"cannot resume from '{checkpoint}': {ToolException.Reason(e)}", e);
        }
    }

    public TrainingOutcome Run(ToolContext tool, bool printEpochs)
    {
        ArgumentNullException.ThrowIfNull(tool);
        using ProgressLine progress = new(tool.Terminal);
        try
        {
            TrainingResult result = _trainer.Run(step => Tell(tool, progress, step, printEpochs), tool.Cancellation);
            return new TrainingOutcome(_network, Encoding, result, _epochs);
        }
        catch (TrainingDivergedException e)
        {
            throw new ToolException(ToolException.Reason(e), e);
        }
    }

    private void Tell(ToolContext tool, ProgressLine progress, TrainingProgress step, bool printEpochs)
    {
        string title = string.Create(CultureInfo.InvariantCulture, $"epoch {step.Epoch + 1}/{step.Epochs}");
        if (step.Validation is { } validation)
        {
            _epochs.Add(new EpochRecord(step.Epoch + 1, Mean(step.Training.Losses), validation.Accuracies)
            {
                ValidationLoss = Mean(validation.Losses),
                LearningRate = step.LearningRate,
            });
            if (printEpochs)
            {
                progress.Clear();
                string seconds = Quantity.Duration(step.Elapsed);
                tool.Terminal.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{title,-13} loss {Mean(step.Training.Losses):F3}  validation {Accuracies(validation.Accuracies)}  {step.SamplesPerSecond:F0} {Samples.Noun}/s  {seconds}"));
                tool.Terminal.Flush();
            }
        }

        string details = string.Create(
            CultureInfo.InvariantCulture,
            $"loss {Mean(step.Training.Losses):F3} · {Accuracies(step.Training.Accuracies)} · {step.SamplesPerSecond:F0} {Samples.Noun}/s");
        progress.Update(title, (double)step.Step / step.TotalSteps, details);
    }

    /// <summary>"71.2 80.4 86.0 88.9 %": the exits from first to last.</summary>
    private static string Accuracies(IReadOnlyList<double> accuracies)
    {
        StringBuilder text = new();
        foreach (double accuracy in accuracies)
        {
            text.Append(CultureInfo.InvariantCulture, $"{100 * accuracy:F1} ");
        }

        return text.Append('%').ToString();
    }

    private static double Mean(IReadOnlyList<double> values)
    {
        double sum = 0;
        foreach (double value in values)
        {
            sum += value;
        }

        return sum / Math.Max(1, values.Count);
    }
}
