using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.Training.Objectives;

namespace ManagedDyn.Layers.Training;

/// <summary>One batch: all stages forward, the objective, and gradients backward.</summary>
internal sealed class TrainingStep
{
    private readonly Context _context;
    private readonly StagedNetwork _network;
    private readonly Objective _objective;
    private readonly IBatchSource _source;
    private readonly StageState _state;
    private readonly KeyValuePair<string, Parameter>[] _parameters;
    private readonly Tensor[] _logits;
    private readonly float[] _exitLosses;
    private readonly long _totalSteps;
    private readonly ComputeMeter _meter = new();
    private readonly DecisionLedger _greedyLedger = new() { KeepsChoices = true };
    private int[] _labels = [];

    public TrainingStep(Context context, StagedNetwork network, Objective objective, IBatchSource source, long totalSteps)
    {
        _context = context;
        _network = network;
        _objective = objective;
        _source = source;
        _state = network.CreateState();
        _parameters = [.. network.NamedParameters()];
        _logits = new Tensor[network.StageCount];
        _exitLosses = new float[network.StageCount];
        _totalSteps = totalSteps;
        context.Ledger = new DecisionLedger();
    }

    /// <summary>Runs a step. Afterwards the parameters hold its gradients.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="statistics">Takes losses and right answers.</param>
    /// <param name="times">Takes the time spent.</param>
    /// <param name="checkpoint">The last checkpoint, for the message of a failure.</param>
    /// <returns>The loss.</returns>
    /// <exception cref="TrainingDivergedException">The loss is not finite.</exception>
    public float Run(long step, ExitStatistics statistics, TrainingTimes times, string? checkpoint)
    {
        long mark = System.Diagnostics.Stopwatch.GetTimestamp();
        _context.Step = step;
        _context.Progress = (double)step / _totalSteps;
        using WorkspaceScope scope = _context.Workspace.Enter();
        int batch = (int)(step % _source.BatchCount);
        int count = _source.CountOf(batch);
        if (_labels.Length != count * _source.TargetCount)
        {
            _labels = new int[count * _source.TargetCount];
        }

        Tensor samples = _context.Workspace.Rent(_network.BatchShape(count));
        _source.Fill(step / _source.BatchCount, batch, samples.Span, _labels);
        times.AddData(ref mark);
        _objective.ObserveSamples(_context, samples, _labels);
        if (_objective.UsesGreedyRun)
        {
            RunGreedy(samples);
        }

        _context.Ledger!.Begin();
        using Tape tape = new(_context.Workspace);
        _context.Tape = tape;
        try
        {
            RunStages(samples);
            CheckLogits(step, samples, checkpoint);
            Tensor loss = _objective.Compute(_context, _logits, _labels, _exitLosses);
            float value = loss.Span[0];
            times.AddForward(ref mark);
            if (!float.IsFinite(value))
            {
                throw new TrainingDivergedException(step, FindNonFinite(samples), checkpoint);
            }

            statistics.Add(value, _exitLosses, _logits, _labels);
            foreach ((_, Parameter parameter) in _parameters)
            {
                parameter.ClearGradient();
            }

            tape.Backward(loss);
            times.AddBackward(ref mark);
            return value;
        }
        finally
        {
            _context.Tape = null;
        }
    }

    /// <summary>The path of a parameter that is not finite; null when all are.</summary>
    /// <param name="includesState">Whether running statistics and the like count.</param>
    public string? FindNonFiniteParameter(bool includesState)
    {
        foreach ((string path, Parameter parameter) in _parameters)
        {
            if ((includesState || !parameter.IsState) && !TensorBinding.IsFinite(parameter.Value))
            {
                return path;
            }
        }

        return null;
    }

    private void RunStages(Tensor samples)
    {
        _network.Start(_context, samples, _state);
        for (int exit = 0; exit < _logits.Length; exit++)
        {
            _logits[exit] = _network.Advance(_context, _state);
        }
    }

    // As inference would answer now: running statistics, hard decisions, nothing recorded.
    private void RunGreedy(Tensor samples)
    {
        using WorkspaceScope scope = _context.Workspace.Enter();
        Mode mode = _context.Mode;
        Engine.Execution.Decisions decisions = _context.Decisions;
        _context.Mode = Mode.Evaluate;
        _context.Decisions = Engine.Execution.Decisions.Hard;
        DecisionLedger? ledger = _context.Ledger;
        _context.Meter = _meter;
        _context.Ledger = _greedyLedger;
        _greedyLedger.Begin();
        _meter.Begin(samples.Shape[0]);
        try
        {
            RunStages(samples);
            _objective.ObserveGreedy(_context, _logits, _labels);
        }
        finally
        {
            _context.Meter = null;
            _context.Ledger = ledger;
            _context.Mode = mode;
            _context.Decisions = decisions;
        }
    }

    // Before the objective sees them: its operators may refuse what is not finite without knowing which exit it is.
    private void CheckLogits(long step, Tensor samples, string? checkpoint)
    {
        foreach (Tensor logits in _logits)
        {
            if (!TensorBinding.IsFinite(logits))
            {
                throw new TrainingDivergedException(step, FindNonFinite(samples), checkpoint);
            }
        }
    }

    // In the order of the computation: what came first is the cause of the rest. Running statistics follow from the samples of this step.
    private string FindNonFinite(Tensor samples)
    {
        if (!TensorBinding.IsFinite(samples))
        {
            return "the batch of samples";
        }

        if (FindNonFiniteParameter(includesState: false) is { } path)
        {
            return "parameter " + path;
        }

        for (int exit = 0; exit < _logits.Length; exit++)
        {
            if (!TensorBinding.IsFinite(_logits[exit]))
            {
                return FormattableString.Invariant($"logits of exit {exit}");
            }
        }

        for (int exit = 0; exit < _exitLosses.Length; exit++)
        {
            if (!float.IsFinite(_exitLosses[exit]))
            {
                return FormattableString.Invariant($"the loss of exit {exit}");
            }
        }

        return "the loss";
    }
}
