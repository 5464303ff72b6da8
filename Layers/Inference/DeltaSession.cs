using System;
using System.Diagnostics;
using System.Globalization;
using System.Threading;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Confidence;
using ManagedDyn.Layers.InstanceWise.DynamicDepth;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.SpatialWise.PixelLevel;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Inference;

/// <summary>
/// Asks a model of pictures about the frames of a film one after another, and computes only the pixels that the last frame changed, layer by layer
/// (<see cref="DeltaStream"/>). Without a threshold each answer has the bits that a <see cref="Session"/> gives for that frame. A warm call allocates nothing; one
/// thread at a time.
/// </summary>
/// <remarks>It takes networks of one exit whose layers follow one another, as the static residual ones do; what other layers there are runs whole.</remarks>
public sealed class DeltaSession
{
    private readonly DeltaStream _stream;
    private readonly Context _context;
    private readonly ComputeMeter _meter = new();
    private readonly float[] _probabilities;
    private int _busy;

    /// <summary>Begins a film.</summary>
    /// <param name="model">The model; many sessions may share it.</param>
    /// <param name="threshold">0: exact; else a pixel of a layer's map counts as changed when one of its values differs by more.</param>
    /// <param name="options">How to compute; a session of frames keeps decisions when asked, but no trace or report.</param>
    /// <exception cref="ArgumentException">The network cannot be followed pixel by pixel, or the threshold is negative or not finite.</exception>
    public DeltaSession(Model model, float threshold = 0, SessionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        options ??= SessionOptions.Default;
        Layer[] layers = LayersOf(model);
        _stream = layers.Length > 0 ? new DeltaStream(layers, model.SampleShape, threshold) : null!;
        if (layers.Length == 0 || !_stream.FollowsPixels)
        {
            throw new ArgumentException(
                $"The architecture {model.Architecture?.Name ?? model.Network.GetType().Name} cannot be followed pixel by pixel; expected a network of pictures with one exit and convolutions one after another, such as resnet.",
                nameof(model));
        }

        Model = model;
        Threshold = threshold;
        _context = new Context(options.Workers, null, options.Limits)
        {
            Accuracy = options.Accuracy,
            Meter = _meter,
            Ledger = options.KeepDecisions ? new DecisionLedger { KeepsChoices = true } : null,
        };
        _probabilities = new float[model.ClassCount];
    }

    /// <summary>The model.</summary>
    public Model Model { get; }

    /// <summary>How far a value may differ before it counts as changed.</summary>
    public float Threshold { get; }

    /// <summary>Which pixels each convolution computed for the last frame; null unless <see cref="SessionOptions.KeepDecisions"/> was asked for.</summary>
    public DecisionLedger? Decisions => _context.Ledger;

    /// <summary>Takes the next frame.</summary>
    /// <param name="values">Its values, already preprocessed, channels last.</param>
    /// <param name="scores">Gets the class probabilities; empty: not asked for.</param>
    /// <exception cref="ArgumentException">The frame has the wrong length or holds a NaN or infinity; the film is as it was.</exception>
    public DeltaAnswer Next(ReadOnlySpan<float> values, Span<float> scores = default)
    {
        CheckLengths(values.Length, "values", scores.Length);
        int wrong = ModelChecks.FirstNonFinite(values);
        if (wrong >= 0)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"Value {wrong} of the frame is {values[wrong]}; expected finite numbers."), nameof(values));
        }

        return Run(values, [], scores);
    }

    /// <summary>Takes the next frame as bytes, to which the model's preprocessing is applied.</summary>
    /// <param name="bytes">Its bytes, channels last.</param>
    /// <param name="scores">Gets the class probabilities; empty: not asked for.</param>
    /// <exception cref="ArgumentException">The frame has the wrong length, or the model has no preprocessing; the film is as it was.</exception>
    public DeltaAnswer Next(ReadOnlySpan<byte> bytes, Span<float> scores = default)
    {
        CheckLengths(bytes.Length, "bytes", scores.Length);
        if (Model.Preprocessing is null)
        {
            throw new ArgumentException("The model carries no preprocessing, so it cannot take bytes; give it values that are already preprocessed.", nameof(bytes));
        }

        return Run([], bytes, scores);
    }

    /// <summary>Forgets the frames so far: the next one is computed whole.</summary>
    public void Reset() => _stream.Reset();

    // None: its layers do not follow one another.
    private static Layer[] LayersOf(Model model) => model.SampleShape.Rank != 3 || model.Answers != AnswerKind.Label ? [] : model.Network switch
    {
        SingleStage single => [single.Layer],
        IntermediateClassifiers { StageCount: 1 } plain => [plain.Segments[0], plain.Exits[0]],
        _ => [],
    };

    private void CheckLengths(int given, string what, int scores)
    {
        if (given != Model.SampleShape.Count)
        {
            throw new ArgumentException($"{given} {what} were given; expected {Model.SampleShape.Count}, a frame {Model.SampleShape}.");
        }

        if (scores != 0 && scores < Model.ClassCount)
        {
            throw new ArgumentException($"There is room for {scores} scores; expected none or {Model.ClassCount}.");
        }
    }

    private DeltaAnswer Run(ReadOnlySpan<float> values, ReadOnlySpan<byte> bytes, Span<float> scores)
    {
        if (Interlocked.Exchange(ref _busy, 1) != 0)
        {
            throw new InvalidOperationException("The film is at work in another thread; give each thread films of its own.");
        }

        try
        {
            long started = Stopwatch.GetTimestamp();
            using WorkspaceScope scope = _context.Workspace.Enter();
            Tensor frame = _context.Workspace.Rent(Model.Network.BatchShape(1));
            if (bytes.IsEmpty)
            {
                values.CopyTo(frame.Span);
            }
            else
            {
                Model.Preprocessing!.Apply(bytes, frame.Span);
            }

            _meter.Begin(1);
            _context.Ledger?.Begin();
            Tensor logits = _stream.Next(_context, frame);
            ExitHistory history = ExitHistory.Empty;
            float confidence = ExitScoring.Score(logits.Span, Model.Temperatures[0], Model.Criterion, ref history, float.NaN, _probabilities);
            if (!scores.IsEmpty)
            {
                _probabilities.CopyTo(scores);
            }

            double changed = (double)_stream.ChangedInputs / Model.SampleShape.RowCount;
            return new DeltaAnswer(history.Label, confidence, changed, _stream.ComputedShare, _meter.ExecutedMacs(0), Model.FullMacs, Stopwatch.GetElapsedTime(started));
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }
}
