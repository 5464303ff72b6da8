using System;
using System.Diagnostics;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Confidence;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Inference;

/// <summary>
/// Runs the stages of one chunk of a batch: after each, every sample that still runs has an answer; who leaves is dropped from the batch and
/// costs nothing from then on.
/// </summary>
internal sealed class StageLoop
{
    // A chunk of samples of this many pixels in all, so that its feature maps stay in the caches between layers; larger chunks were measured to
    // be slower by up to a quarter, and smaller ones leave several threads too little work at a time.
    private const int ChunkPixels = 12 * 1024;
    private const int LargestChunk = 64;

    private readonly Model _model;
    private readonly StageState _state;
    private readonly float[] _probabilities;
    private readonly ExitHistory[] _histories;
    private readonly float[] _confidences;

    // The sample of the chunk that each row stands for, and the rows that go on.
    private readonly int[] _samples;
    private readonly int[] _staying;

    public StageLoop(Model model, SessionOptions options)
    {
        _model = model;
        Context = new Context(options.Workers, null, options.Limits)
        {
            Accuracy = options.Accuracy,
            Meter = Meter,
            Ledger = options.KeepDecisions ? new DecisionLedger { KeepsChoices = true } : null,
        };
        Meter.TimesLayers = options.TimeLayers;
        Clock = new StageClock(model);
        ChunkSamples = options.ChunkSamples > 0 ? options.ChunkSamples : Math.Clamp(ChunkPixels / Math.Max(1, model.SampleShape.RowCount), 1, LargestChunk);
        _state = model.Network.CreateState();
        _probabilities = new float[model.ClassCount];
        _histories = new ExitHistory[ChunkSamples];
        _confidences = new float[ChunkSamples];
        _samples = new int[ChunkSamples];
        _staying = new int[ChunkSamples];
    }

    public Context Context { get; }

    public ComputeMeter Meter { get; } = new();

    public StageClock Clock { get; }

    /// <summary>The most samples of a chunk.</summary>
    public int ChunkSamples { get; }

    /// <summary>The number of samples that still run.</summary>
    public int Rows { get; private set; }

    /// <summary>The next stage.</summary>
    public int Stage => _state.Stage;

    private int Count { get; set; }

    /// <summary>Begins with a new chunk; the workspace scope that is open now must stay so to the end.</summary>
    /// <param name="input">[N, …], at most <see cref="ChunkSamples"/>.</param>
    public void Begin(Tensor input)
    {
        Count = input.Shape[0];
        Rows = Count;
        for (int row = 0; row < Rows; row++)
        {
            _samples[row] = row;
            _histories[row] = ExitHistory.Empty;
        }

        Context.Samples = default;
        Meter.Begin(Count);
        _model.Network.Start(Context, input, _state);
    }

    /// <summary>Runs the next stage for all that still run.</summary>
    /// <param name="started">When the call began, in ticks of the stopwatch.</param>
    /// <param name="predictions">The answers of the chunk's samples; those that still run get a new one.</param>
    /// <param name="scores">Class probabilities, [N, classes]; empty: not asked for.</param>
    /// <param name="trace">Gets the decisions; null: not asked for.</param>
    /// <param name="first">The chunk's first sample in the trace.</param>
    public void Advance(long started, Span<Prediction> predictions, Span<float> scores, DecisionTrace? trace, int first)
    {
        int stage = _state.Stage;
        int classes = _probabilities.Length;
        long before = Stopwatch.GetTimestamp();
        Tensor logits = _model.Network.Advance(Context, _state);
        long now = Stopwatch.GetTimestamp();
        Clock.Observe(stage, Rows, now - before);
        if (logits.Shape.Rank != 2 || logits.Shape[0] != Rows || logits.Shape[1] != classes)
        {
            throw new InvalidOperationException($"Stage {stage} of {_model.Network.GetType().Name} answered with shape {logits.Shape}; expected [{Rows}, {classes}].");
        }

        TimeSpan duration = Stopwatch.GetElapsedTime(started, now);
        ReadOnlySpan<float> values = logits.Span;
        ReadOnlySpan<float> certainties = _state.Certainty.Exists ? _state.Certainty.Span : default;
        for (int row = 0; row < Rows; row++)
        {
            int sample = _samples[row];
            float certainty = certainties.IsEmpty ? float.NaN : certainties[row];
            float confidence = ExitScoring.Score(values.Slice(row * classes, classes), _model.Temperatures[stage], _model.Criterion, ref _histories[sample], certainty, _probabilities);
            int label = _histories[sample].Label;
            _confidences[row] = confidence;
            predictions[sample] = new Prediction(label, confidence, stage, Meter.ExecutedMacs(sample), _model.FullMacs, duration);
            trace?.Add(first + sample, label, confidence);
            if (!scores.IsEmpty)
            {
                _probabilities.CopyTo(scores.Slice(sample * classes, classes));
            }
        }
    }

    /// <summary>Lets leave who is sure enough, who cannot pay the next stage, and all when time is up.</summary>
    /// <param name="thresholds">One for each exit but the last; empty: nobody is ever sure enough.</param>
    /// <param name="macsCap">The most MACs of a sample; 0: no cap.</param>
    /// <param name="deadline">When the time is up, in ticks of the stopwatch; 0: never.</param>
    /// <returns>Whether anybody goes on.</returns>
    public bool Leave(ReadOnlySpan<float> thresholds, long macsCap, long deadline)
    {
        int next = _state.Stage;
        int staying = 0;
        if (next < _model.ExitCount)
        {
            long price = _model.Network.StageMacs(next);
            for (int row = 0; row < Rows; row++)
            {
                bool sure = !thresholds.IsEmpty && _confidences[row] >= thresholds[next - 1];
                bool poor = macsCap > 0 && Meter.ExecutedMacs(_samples[row]) > macsCap - price;
                if (!sure && !poor)
                {
                    _staying[staying++] = row;
                }
            }

            if (staying > 0 && deadline > 0 && Clock.Estimate(next, staying) > deadline - Stopwatch.GetTimestamp())
            {
                Clock.Relieve(next, staying);
                staying = 0;
            }
        }

        if (staying > 0 && staying < Rows)
        {
            Regroup(staying);
        }

        Rows = staying;
        return staying > 0;
    }

    private void Regroup(int staying)
    {
        Workspace workspace = Context.Workspace;
        ReadOnlySpan<int> rows = _staying.AsSpan(0, staying);
        _state.Regroup(Context, workspace.Select(Rows, rows));
        for (int i = 0; i < staying; i++)
        {
            _samples[i] = _samples[rows[i]];
        }

        Context.Samples = workspace.Select(Count, _samples.AsSpan(0, staying));
    }
}
