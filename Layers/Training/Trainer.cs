using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Threading;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.Training.Objectives;
using ManagedDyn.Layers.Training.Optimizers;
using ManagedDyn.Layers.Training.Schedules;

namespace ManagedDyn.Layers.Training;

/// <summary>
/// Trains a network that works in stages; a plain layer is trained as a <see cref="SingleStage"/>. The course depends on seed and settings
/// alone: not on threads, nor on whether training was stopped, or killed, and resumed from its checkpoint.
/// </summary>
public sealed class Trainer
{
    private readonly StagedNetwork _network;
    private readonly Optimizer _optimizer;
    private readonly Schedule _schedule;
    private readonly IBatchSource _training;
    private readonly IBatchSource? _validation;
    private readonly TrainerOptions _options;
    private readonly Context _context;
    private readonly TrainingStep _step;
    private readonly TrainingState _state;
    private readonly WeightAverage? _average;
    private readonly TensorBinding _tensors = new();
    private readonly KeyValuePair<string, string>[] _settings;
    private bool _hasCheckpoint;
    private bool _hasEnded;

    /// <summary>Makes a trainer.</summary>
    /// <param name="network">The network, not frozen.</param>
    /// <param name="objective">What is made small.</param>
    /// <param name="optimizer">Changes the network's parameters.</param>
    /// <param name="schedule">The learning rate of each step.</param>
    /// <param name="training">The training data.</param>
    /// <param name="validation">The fixed validation part, measured after each epoch; null: none.</param>
    /// <param name="options">The rest.</param>
    /// <param name="workers">The threads; null: the calling one.</param>
    /// <param name="limits">The limits; null: the usual.</param>
    /// <exception cref="ArgumentException">Data and network do not fit, or an option is out of its range.</exception>
    public Trainer(StagedNetwork network, Objective objective, Optimizer optimizer, Schedule schedule, IBatchSource training, IBatchSource? validation, TrainerOptions options, Workers? workers = null, Limits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(objective);
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(schedule);
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        CheckData(network, training, nameof(training));
        if (validation is not null)
        {
            CheckData(network, validation, nameof(validation));
        }

        if (network.IsFrozen)
        {
            throw new ArgumentException($"{network.GetType().Name} is frozen; it can no longer be trained.", nameof(network));
        }

        _network = network;
        _optimizer = optimizer;
        _schedule = schedule;
        _training = training;
        _validation = validation;
        _options = options;
        _context = new Context(workers, new RandomSource(options.Seed), limits) { Mode = Mode.Train, Decisions = Engine.Execution.Decisions.Relaxed };
        _step = new TrainingStep(_context, network, objective, training, TotalSteps);
        _state = new TrainingState(network.StageCount, network.Answers);
        _tensors.Add("model.", network);
        optimizer.Bind(_tensors, "optimizer.");
        objective.Bind(_tensors, "objective.");
        if (options.AverageDecay is { } decay)
        {
            _average = new WeightAverage(network, decay);
            _average.Bind(_tensors, "average.");
        }

        _settings =
        [
            new("objective", objective.Description),
            new("optimizer", optimizer.Description),
            new("schedule", schedule.Description),
            new("seed", options.Seed.ToString(CultureInfo.InvariantCulture)),
            new("batches an epoch", training.BatchCount.ToString(CultureInfo.InvariantCulture)),
            new("samples a batch", training.CountOf(0).ToString(CultureInfo.InvariantCulture)),
            new("gradient limit", options.ClipNorm?.ToString("R", CultureInfo.InvariantCulture) ?? "none"),
            new("weight average", options.AverageDecay?.ToString("R", CultureInfo.InvariantCulture) ?? "none"),
            .. training.Settings,
        ];
    }

    /// <summary>Steps to be made.</summary>
    public long TotalSteps => (long)_options.Epochs * _training.BatchCount;

    /// <summary>Steps made, over all runs.</summary>
    public long Step => _state.Step;

    /// <summary>Goes back to a checkpoint, from which <see cref="Run"/> goes on. When anything does not fit, nothing is changed.</summary>
    /// <param name="path">The checkpoint.</param>
    /// <exception cref="StateMismatchException">The checkpoint is of another network, or of other settings; all mismatches are listed.</exception>
    /// <exception cref="ModelFileException">The file is no sound checkpoint.</exception>
    /// <exception cref="System.IO.IOException">The file cannot be read.</exception>
    public void Resume(string path)
    {
        Checkpoint.Load(path, _tensors, _settings, _state);
        _optimizer.Resume(_state.OptimizerSteps);
        _hasCheckpoint = path == _options.CheckpointPath;
    }

    /// <summary>Trains until all epochs are done, or until it is asked to stop; then the step is finished and a checkpoint is written.</summary>
    /// <param name="progress">Is told after each step and after each validation; null: nobody.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <returns>How it ended. Once all epochs are done, the network holds the average of weights if one was asked for.</returns>
    /// <exception cref="TrainingDivergedException">A value became NaN or infinite; the last checkpoint is from before.</exception>
    /// <exception cref="InvalidOperationException">All epochs were done already by this trainer.</exception>
    public TrainingResult Run(Action<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (_hasEnded)
        {
            throw new InvalidOperationException("This trainer has done all its epochs; make a new one to go on.");
        }

        using TrainingLog log = new(_options.CsvPath, _options.JsonLinesPath, _state.CsvLength, _state.JsonLength, _network.StageCount);
        TrainingTimes times = new();
        TimeSpan before = _state.Elapsed;
        long began = Stopwatch.GetTimestamp();
        long first = _state.Step;
        long samples = 0;
        ExitMeasures? validated = null;
        TrainingStatus status = TrainingStatus.Completed;
        while (_state.Step < TotalSteps)
        {
            if (cancellation.IsCancellationRequested || Stopwatch.GetElapsedTime(began) >= _options.TimeLimit)
            {
                status = cancellation.IsCancellationRequested ? TrainingStatus.Cancelled : TrainingStatus.OutOfTime;
                break;
            }

            long step = _state.Step;
            int epoch = (int)(step / _training.BatchCount);
            if (step % _training.BatchCount == 0)
            {
                _state.Statistics.Clear();
            }

            float rate = _schedule.Rate(step);
            float loss = MakeStep(step, rate, times);
            samples += _training.CountOf((int)(step % _training.BatchCount));
            _state.Step = step + 1;
            bool isEpochEnd = _state.Step % _training.BatchCount == 0;
            ExitMeasures? validation = isEpochEnd ? Validate(times) : null;
            if (validation is not null)
            {
                validated = validation;
                Remember(validation, epoch);
            }

            TimeSpan run = Stopwatch.GetElapsedTime(began);
            _state.Elapsed = before + run;
            WriteLog(log, epoch, rate, isEpochEnd, validation);
            if (isEpochEnd || (_options.CheckpointSteps > 0 && _state.Step % _options.CheckpointSteps == 0))
            {
                Save(log);
            }

            progress?.Invoke(new TrainingProgress
            {
                Step = _state.Step,
                TotalSteps = TotalSteps,
                Epoch = epoch,
                Epochs = _options.Epochs,
                LearningRate = rate,
                BatchLoss = loss,
                Training = _state.Statistics.Measure(),
                Validation = validation,
                SamplesPerSecond = samples / Math.Max(1e-9, times.Steps.TotalSeconds),
                Elapsed = _state.Elapsed,
                Remaining = run * ((double)(TotalSteps - _state.Step) / (_state.Step - first)),
            });
        }

        if (status == TrainingStatus.Completed)
        {
            _hasEnded = true;
            _average?.Exchange();
        }
        else
        {
            Save(log);
        }

        return new TrainingResult
        {
            Status = status,
            Step = _state.Step,
            Epochs = (int)(_state.Step / _training.BatchCount),
            Validation = validated,
            BestAccuracy = _state.BestAccuracy,
            BestEpoch = _state.BestEpoch,
            Elapsed = _state.Elapsed,
            Times = times,
        };
    }

    private static void CheckData(StagedNetwork network, IBatchSource data, string parameter)
    {
        if (data.SampleShape != network.SampleShape || data.ClassCount != network.ClassCount)
        {
            throw new ArgumentException($"The {parameter} data has samples {data.SampleShape} of {data.ClassCount} classes; the network expects {network.SampleShape} of {network.ClassCount}.", parameter);
        }

        if (data.TargetCount != network.TargetCount)
        {
            throw new ArgumentException($"The {parameter} data has {data.TargetCount} targets a sample; the network answers with a {network.Answers} and expects {network.TargetCount}.", parameter);
        }

        if (data.BatchCount < 1)
        {
            throw new ArgumentException($"The {parameter} data has no batch; expected at least one.", parameter);
        }
    }

    private string? LastCheckpoint => _hasCheckpoint ? _options.CheckpointPath : null;

    private float MakeStep(long step, float rate, TrainingTimes times)
    {
        float loss = _step.Run(step, _state.Statistics, times, LastCheckpoint);
        long mark = Stopwatch.GetTimestamp();
        double norm = _optimizer.GradientNorm(_context.Workers);
        if (!double.IsFinite(norm))
        {
            throw new TrainingDivergedException(step, "the gradient of parameter " + _optimizer.FindNonFiniteGradient(), LastCheckpoint);
        }

        // PyTorch's clip_grad_norm_, whose small constant guards the division.
        float scale = _options.ClipNorm is { } limit ? (float)Math.Min(1, limit / (norm + 1e-6)) : 1;
        _optimizer.Step(_context.Workers, rate, scale);
        _average?.Update(_context.Workers, step + 1);
        times.AddUpdate(ref mark);
        return loss;
    }

    private ExitMeasures? Validate(TrainingTimes times)
    {
        if (_validation is null)
        {
            return null;
        }

        long mark = Stopwatch.GetTimestamp();
        _average?.Exchange();
        try
        {
            return Validator.Measure(_context, _network, _validation);
        }
        finally
        {
            _average?.Exchange();
            times.AddValidation(ref mark);
        }
    }

    private void Remember(ExitMeasures validation, int epoch)
    {
        double accuracy = validation.Accuracies[^1];
        if (_state.BestEpoch < 0 || accuracy > _state.BestAccuracy)
        {
            _state.BestAccuracy = accuracy;
            _state.BestEpoch = epoch;
        }
    }

    private void WriteLog(TrainingLog log, int epoch, float rate, bool isEpochEnd, ExitMeasures? validation)
    {
        if (isEpochEnd || (_options.LogSteps > 0 && _state.Step % _options.LogSteps == 0))
        {
            log.Write(isEpochEnd ? "epoch" : "step", _state.Step, epoch, rate, _state.Statistics.Measure(), _state.Elapsed);
        }

        if (validation is not null)
        {
            log.Write("validation", _state.Step, epoch, rate, validation, _state.Elapsed);
        }
    }

    // Never with a value that is not finite: the last good checkpoint would be lost.
    private void Save(TrainingLog log)
    {
        if (_options.CheckpointPath is not { } path)
        {
            return;
        }

        if (_step.FindNonFiniteParameter(includesState: true) is { } wrong)
        {
            throw new TrainingDivergedException(_state.Step - 1, "parameter " + wrong, LastCheckpoint);
        }

        log.Flush();
        _state.OptimizerSteps = _optimizer.Steps;
        _state.CsvLength = log.CsvLength;
        _state.JsonLength = log.JsonLength;
        Checkpoint.Save(path, _tensors, _settings, _state);
        _hasCheckpoint = true;
    }
}
