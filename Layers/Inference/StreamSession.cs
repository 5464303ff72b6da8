using System;
using System.Diagnostics;
using System.Globalization;
using System.Threading;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Confidence;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Inference;

/// <summary>
/// Asks a model about something that comes piece by piece: push a token, the features of a step or a frame, and get the running answer and whether it is already
/// sure. After all pieces of a whole input the answer has the bits that a <see cref="Session"/> gives for it. A warm push allocates nothing; one thread at a time.
/// </summary>
/// <remarks>
/// Recurrent classifiers take as many pieces as come, networks of videos frames; the others need their input whole. Every piece counts: what is padding at the end of a
/// whole input is not to be pushed. A stream can be saved between two pieces and
/// go on elsewhere: the bytes hold the model's checksum and their own, and nothing in them is trusted.
/// </remarks>
public sealed class StreamSession
{
    private readonly IStepwise _network;
    private readonly Context _context;
    private readonly ComputeMeter _meter = new();
    private readonly ConfidenceThresholds _thresholds;
    private readonly StreamFile _file;
    private readonly float[] _state;
    private readonly float[] _probabilities;
    private readonly bool _hasExits;
    private ExitHistory _history = ExitHistory.Empty;
    private int _busy;

    /// <summary>Begins a stream.</summary>
    /// <param name="model">The model; many streams may share it.</param>
    /// <param name="budget">How sure is sure: a confidence, thresholds or an operating point. <see cref="Budget.Full"/>: not before the last piece;
    /// thresholds of exits serve networks whose pieces are their stages, the others take a confidence.</param>
    /// <param name="options">How to compute.</param>
    /// <exception cref="ArgumentException">The model needs its input whole, or the budget limits time or MACs or does not fit the model.</exception>
    public StreamSession(Model model, Budget budget = default, SessionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        options ??= SessionOptions.Default;
        _network = Stepwise(model)
            ?? throw new ArgumentException($"The architecture {model.Architecture?.Name ?? model.Network.GetType().Name} needs its input whole; streams take recurrent classifiers, early-stop, frame-pool, frame-exit and ar-net.", nameof(model));
        _hasExits = model.Network is IStepwise;
        Model = model;
        _thresholds = new ConfidenceThresholds(model, budget, _hasExits);
        _context = new Context(options.Workers, null, options.Limits) { Accuracy = options.Accuracy, Meter = _meter };
        _state = new float[_network.StateLength];
        _probabilities = new float[model.ClassCount];
        _file = new StreamFile(model, _network);
    }

    /// <summary>The model.</summary>
    public Model Model { get; }

    /// <summary>The shape of a piece: [H, W, C] for a frame, [features] for a step of a signal, [1] for the identifier of a token.</summary>
    public Shape PieceShape => _network.StepShape;

    /// <summary>The number of pieces so far.</summary>
    public int Pieces { get; private set; }

    /// <summary>Whether there may be another piece.</summary>
    public bool CanPush => Pieces < _network.StepLimit;

    /// <summary>
    /// Which piece of a whole input is to come next: the number of pieces so far, unless the network has an order of its own, as one that looks at the frames of a
    /// video from coarse to fine; −1 when there is none.
    /// </summary>
    public int NextPiece => CanPush ? _network.StepAt(Pieces) : -1;

    /// <summary>Whether the next piece will be looked at; if not, <see cref="Skip"/> spares fetching it.</summary>
    public bool WillRead => CanPush && _network.WillRead(_state, Pieces);

    /// <summary>The length of a saved stream, in bytes.</summary>
    public int SavedLength => _file.Length;

    /// <summary>Whether a model can be asked piece by piece.</summary>
    /// <param name="model">The model.</param>
    public static bool Supports(Model model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Stepwise(model) is not null;
    }

    /// <summary>Takes the next piece.</summary>
    /// <param name="values">Its values, already preprocessed, channels last; the identifier of a token as a number.</param>
    /// <param name="scores">Gets the class probabilities; empty: not asked for.</param>
    /// <exception cref="ArgumentException">The piece has the wrong length or holds a NaN or infinity; the stream is as it was.</exception>
    /// <exception cref="InvalidOperationException">There is no room for another piece.</exception>
    public StreamAnswer Push(ReadOnlySpan<float> values, Span<float> scores = default)
    {
        CheckLength(values.Length, "values");
        int wrong = ModelChecks.FirstNonFinite(values);
        if (wrong >= 0)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"Value {wrong} of the piece is {values[wrong]}; expected finite numbers."), nameof(values));
        }

        return Run(values, [], scores);
    }

    /// <summary>Takes the next piece as bytes, to which the model's preprocessing is applied.</summary>
    /// <param name="bytes">Its bytes, channels last.</param>
    /// <param name="scores">Gets the class probabilities; empty: not asked for.</param>
    /// <exception cref="ArgumentException">The piece has the wrong length, or the model has no preprocessing; the stream is as it was.</exception>
    /// <exception cref="InvalidOperationException">There is no room for another piece.</exception>
    public StreamAnswer Push(ReadOnlySpan<byte> bytes, Span<float> scores = default)
    {
        CheckLength(bytes.Length, "bytes");
        if (Model.Preprocessing is null)
        {
            throw new ArgumentException("The model carries no preprocessing, so it cannot take bytes; give it values that are already preprocessed.", nameof(bytes));
        }

        return Run([], bytes, scores);
    }

    /// <summary>Takes the next token.</summary>
    /// <param name="token">Its identifier.</param>
    /// <param name="scores">Gets the class probabilities; empty: not asked for.</param>
    /// <exception cref="ArgumentException">The model takes no tokens.</exception>
    public StreamAnswer Push(int token, Span<float> scores = default)
    {
        float value = token;
        return Push(new ReadOnlySpan<float>(in value), scores);
    }

    /// <summary>Passes over a piece that would not be looked at.</summary>
    /// <param name="scores">Gets the class probabilities; empty: not asked for.</param>
    /// <exception cref="InvalidOperationException">The network wants to look at it (<see cref="WillRead"/>).</exception>
    public StreamAnswer Skip(Span<float> scores = default) => WillRead || !CanPush
        ? throw new InvalidOperationException($"Piece {Pieces} cannot be skipped: {(CanPush ? "the network will look at it" : "there is no room for another")}.")
        : Run([], [], scores);

    /// <summary>Forgets all pieces so far.</summary>
    public void Reset()
    {
        Array.Clear(_state);
        _history = ExitHistory.Empty;
        Pieces = 0;
    }

    /// <summary>Writes what the stream remembers.</summary>
    /// <param name="destination">Room for <see cref="SavedLength"/> bytes at least.</param>
    /// <exception cref="ArgumentException">There is too little room.</exception>
    public void Save(Span<byte> destination) => _file.Write(destination, _state, Pieces, in _history);

    /// <summary>What the stream remembers, as bytes.</summary>
    public byte[] Save()
    {
        byte[] bytes = new byte[SavedLength];
        Save(bytes);
        return bytes;
    }

    /// <summary>Goes on from where a stream of the same model was saved.</summary>
    /// <param name="saved">What <see cref="Save()"/> gave.</param>
    /// <exception cref="Engine.Formats.ModelFormatException">It is no sound state of this model; the stream is as it was.</exception>
    public void Restore(ReadOnlySpan<byte> saved)
    {
        (Pieces, _history) = _file.Read(saved, _state);
    }

    private static IStepwise? Stepwise(Model model) => model.Network as IStepwise ?? (model.Network as SingleStage)?.Stepwise;

    private void CheckLength(int given, string what)
    {
        if (given != PieceShape.Count)
        {
            throw new ArgumentException($"{given} {what} were given; expected {PieceShape.Count}, a piece {PieceShape}.");
        }
    }

    private StreamAnswer Run(ReadOnlySpan<float> values, ReadOnlySpan<byte> bytes, Span<float> scores)
    {
        if (!CanPush)
        {
            throw new InvalidOperationException($"The stream has had {Pieces} pieces, as many as there may be; reset it to begin anew.");
        }

        if (scores.Length != 0 && scores.Length < Model.ClassCount)
        {
            throw new ArgumentException($"There is room for {scores.Length} scores; expected none or {Model.ClassCount}.", nameof(scores));
        }

        if (Interlocked.Exchange(ref _busy, 1) != 0)
        {
            throw new InvalidOperationException("The stream is at work in another thread; give each thread streams of its own.");
        }

        try
        {
            return Answer(values, bytes, scores);
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }

    private StreamAnswer Answer(ReadOnlySpan<float> values, ReadOnlySpan<byte> bytes, Span<float> scores)
    {
        long started = Stopwatch.GetTimestamp();
        using WorkspaceScope scope = _context.Workspace.Enter();
        Tensor input = Rent(values, bytes);
        Tensor state = _context.Workspace.RentCopy(new Shape(1, _state.Length), _state);
        _meter.Begin(1);
        StepAnswer step = _network.Step(_context, input, state, Pieces);
        int exit = _hasExits ? _network.ExitAt(Pieces) : 0;
        bool isExit = exit >= 0;
        exit = isExit ? exit : ~exit;
        ExitHistory history = _history;
        float confidence = ExitScoring.Score(step.Logits.Span, Model.Temperatures[exit], Model.Criterion, ref history, step.Certainty, _probabilities);

        // Only now: a piece that fails leaves the stream as it was.
        state.Span.CopyTo(_state);
        _history = isExit ? history : _history;
        Pieces++;
        if (!scores.IsEmpty)
        {
            _probabilities.CopyTo(scores);
        }

        bool isSure = !CanPush || (isExit && confidence >= _thresholds.At(exit));
        return new StreamAnswer(history.Label, confidence, isSure, step.IsRead, Pieces, _meter.ExecutedMacs(0), Stopwatch.GetElapsedTime(started));
    }

    private Tensor Rent(ReadOnlySpan<float> values, ReadOnlySpan<byte> bytes)
    {
        Shape piece = PieceShape;
        Span<int> extents = stackalloc int[Shape.MaximumRank];
        extents[0] = 1;
        piece.CopyTo(extents[1..]);
        Tensor input = _context.Workspace.RentZeros(new Shape(extents[..(piece.Rank + 1)]));
        if (!bytes.IsEmpty)
        {
            Model.Preprocessing!.ApplyPixels(bytes, input.Span);
        }
        else if (!values.IsEmpty)
        {
            values.CopyTo(input.Span);
        }

        return input;
    }
}
