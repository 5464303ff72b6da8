using System;
using System.Diagnostics;
using System.Globalization;
using System.Threading;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Inference;

/// <summary>
/// Asks a model. Cheap to make; holds the working memory, so that a warm call allocates nothing; one thread at a time. A sample's answer is
/// the same bits alone, in any batch, beside any others, and with any number of threads (save where a deadline decides).
/// </summary>
public sealed class Session
{
    // A limit beyond this is none; it keeps the sum of ticks in range.
    private const double LongestSeconds = 1e6;

    private readonly StageLoop _loop;
    private readonly float[] _thresholds;
    private int _busy;
    private int _run;

    /// <summary>Makes a session.</summary>
    /// <param name="model">The model; many sessions may share it.</param>
    /// <param name="options">How to compute, and what to keep account of.</param>
    public Session(Model model, SessionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        options ??= SessionOptions.Default;
        ArgumentOutOfRangeException.ThrowIfNegative(options.ChunkSamples, nameof(options));
        if (model.Answers != AnswerKind.Label)
        {
            throw new ArgumentException($"The model answers with a {model.Answers}; expected one that answers with a class. Ask it through a {nameof(DenseSession)}.", nameof(model));
        }

        Model = model;
        _loop = new StageLoop(model, options);
        _thresholds = new float[model.ExitCount - 1];
        Trace = options.KeepTrace ? new DecisionTrace(model.ExitCount) : null;
        Report = options.KeepReport || options.TimeLayers ? new ComputeReport(model) : null;
    }

    /// <summary>The model.</summary>
    public Model Model { get; }

    /// <summary>What the exits said in the last call; null unless <see cref="SessionOptions.KeepTrace"/> was asked for.</summary>
    public DecisionTrace? Trace { get; }

    /// <summary>
    /// What each dynamic layer chose for each sample of the last call, in <see cref="DecisionLedger.Choices"/>; null unless
    /// <see cref="SessionOptions.KeepDecisions"/> was asked for. <see cref="Inference.Model.LayerName"/> tells a layer by its number.
    /// </summary>
    public DecisionLedger? Decisions => _loop.Context.Ledger;

    /// <summary>What the last call computed, layer by layer; null unless <see cref="SessionOptions.KeepReport"/> was asked for.</summary>
    public ComputeReport? Report { get; }

    /// <summary>How many samples of a batch run at once; larger batches are cut.</summary>
    public int ChunkSamples => _loop.ChunkSamples;

    /// <summary>The memory that the session holds for its computations, in bytes.</summary>
    public long ReservedBytes => _loop.Context.Workspace.ReservedBytes;

    internal StageLoop Loop => _loop;

    /// <summary>
    /// The working memory that a session takes for batches of a size, in bytes, before one is asked: a trial of the whole network on ones, as memory
    /// depends on shapes, and a little (lists, scratch) on what dynamic layers choose. Packed weights, which sessions share, are apart.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="samples">The batch size that will be asked for.</param>
    /// <param name="options">The options of the session that will be made.</param>
    public static long RequiredBytes(Model model, int samples = 1, SessionOptions? options = null)
    {
        Session trial = new(model, options);
        trial.WarmUp(samples, 1);
        return trial.ReservedBytes;
    }

    /// <summary>Answers for one sample.</summary>
    /// <param name="input">Its values, already preprocessed, channels last.</param>
    /// <param name="scores">Gets the class probabilities; empty: not asked for.</param>
    /// <param name="budget">What the answer may cost.</param>
    /// <param name="cancellation">Ends the call early, without an answer.</param>
    /// <exception cref="ArgumentException">The input has the wrong length or holds a NaN or infinity, or no exit can keep to the budget.</exception>
    public Prediction Predict(ReadOnlySpan<float> input, Span<float> scores, Budget budget, CancellationToken cancellation = default)
    {
        Prediction prediction = default;
        PredictBatch(input, 1, budget, new Span<Prediction>(ref prediction), scores, cancellation);
        return prediction;
    }

    /// <summary>Answers for one sample of bytes, to which the model's preprocessing is applied.</summary>
    /// <param name="input">Its bytes, channels last.</param>
    /// <param name="scores">Gets the class probabilities; empty: not asked for.</param>
    /// <param name="budget">What the answer may cost.</param>
    /// <param name="cancellation">Ends the call early, without an answer.</param>
    /// <exception cref="ArgumentException">The input has the wrong length, the model has no preprocessing, or no exit can keep to the budget.</exception>
    public Prediction Predict(ReadOnlySpan<byte> input, Span<float> scores, Budget budget, CancellationToken cancellation = default)
    {
        Prediction prediction = default;
        PredictBatch(input, 1, budget, new Span<Prediction>(ref prediction), scores, cancellation);
        return prediction;
    }

    /// <summary>Answers for a batch of any size. Samples that have left cost nothing; answers stand in the order of the inputs.</summary>
    /// <param name="inputs">The samples' values one after another, already preprocessed, channels last.</param>
    /// <param name="count">The number of samples.</param>
    /// <param name="budget">What the answers may cost: MACs for each sample, time for all together.</param>
    /// <param name="predictions">Gets the answers.</param>
    /// <param name="scores">Gets the class probabilities, [count, classes]; empty: not asked for.</param>
    /// <param name="cancellation">Ends the call early; answers written by then may be of early exits, or missing.</param>
    /// <exception cref="ArgumentException">A span has the wrong length, the input holds a NaN or infinity, or no exit can keep to the budget.</exception>
    public void PredictBatch(ReadOnlySpan<float> inputs, int count, Budget budget, Span<Prediction> predictions, Span<float> scores = default, CancellationToken cancellation = default)
    {
        CheckLengths(inputs.Length, "values", count, predictions.Length, scores.Length);
        CheckFinite(inputs);
        Run(inputs, [], count, budget, predictions, scores, cancellation);
    }

    /// <summary>Answers for a batch of bytes, to which the model's preprocessing is applied.</summary>
    /// <param name="inputs">The samples' bytes one after another, channels last.</param>
    /// <param name="count">The number of samples.</param>
    /// <param name="budget">What the answers may cost: MACs for each sample, time for all together.</param>
    /// <param name="predictions">Gets the answers.</param>
    /// <param name="scores">Gets the class probabilities, [count, classes]; empty: not asked for.</param>
    /// <param name="cancellation">Ends the call early; answers written by then may be of early exits, or missing.</param>
    /// <exception cref="ArgumentException">A span has the wrong length, the model has no preprocessing, or no exit can keep to the budget.</exception>
    public void PredictBatch(ReadOnlySpan<byte> inputs, int count, Budget budget, Span<Prediction> predictions, Span<float> scores = default, CancellationToken cancellation = default)
    {
        CheckLengths(inputs.Length, "bytes", count, predictions.Length, scores.Length);
        CheckPreprocessing();
        Run([], inputs, count, budget, predictions, scores, cancellation);
    }

    /// <summary>
    /// Begins to answer for one sample stage by stage, as long as the caller wants: read the answer after each
    /// <see cref="AnytimeRun.Advance"/>, and dispose the run before the session is asked anything else.
    /// </summary>
    /// <param name="input">Its values, already preprocessed, channels last.</param>
    /// <param name="scores">Gets the class probabilities after each stage; empty: not asked for.</param>
    /// <param name="cancellation">Ends the run early; the answer that is ready stays.</param>
    /// <exception cref="ArgumentException">The input has the wrong length or holds a NaN or infinity.</exception>
    public AnytimeRun Begin(ReadOnlySpan<float> input, Span<float> scores = default, CancellationToken cancellation = default)
    {
        CheckLengths(input.Length, "values", 1, 1, scores.Length);
        CheckFinite(input);
        return BeginRun(input, [], scores, cancellation);
    }

    /// <summary>Begins to answer stage by stage for one sample of bytes, to which the model's preprocessing is applied.</summary>
    /// <param name="input">Its bytes, channels last.</param>
    /// <param name="scores">Gets the class probabilities after each stage; empty: not asked for.</param>
    /// <param name="cancellation">Ends the run early; the answer that is ready stays.</param>
    /// <exception cref="ArgumentException">The input has the wrong length, or the model has no preprocessing.</exception>
    public AnytimeRun Begin(ReadOnlySpan<byte> input, Span<float> scores = default, CancellationToken cancellation = default)
    {
        CheckLengths(input.Length, "bytes", 1, 1, scores.Length);
        CheckPreprocessing();
        return BeginRun([], input, scores, cancellation);
    }

    /// <summary>
    /// Runs the whole network some times on ones (zeros would be sequences without steps): working memory is taken, code is compiled, and the session learns how long each stage takes,
    /// so that the first deadline is already kept. Monitoring is not told of these runs.
    /// </summary>
    /// <param name="samples">The batch size that will be asked for.</param>
    /// <param name="repetitions">How often.</param>
    public void WarmUp(int samples = 1, int repetitions = 5)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(samples);
        float[] ones = new float[checked(samples * Model.SampleShape.Count)];
        Array.Fill(ones, 1f);
        Prediction[] predictions = new Prediction[samples];
        for (int i = 0; i < repetitions; i++)
        {
            Run(ones, [], samples, Budget.Full, predictions, [], CancellationToken.None, isTold: false);
        }
    }

    /// <summary>Ends the run that was begun last.</summary>
    internal void EndRun()
    {
        _run++;
        _loop.Context.Cancellation = CancellationToken.None;
        Report?.Add(_loop.Meter);
        Volatile.Write(ref _busy, 0);
    }

    /// <summary>Whether a run has not ended yet.</summary>
    internal bool IsCurrent(int run) => _run == run;

    private AnytimeRun BeginRun(ReadOnlySpan<float> values, ReadOnlySpan<byte> bytes, Span<float> scores, CancellationToken cancellation)
    {
        Enter();
        long started = Stopwatch.GetTimestamp();
        Trace?.Begin(1);
        Report?.Begin(1);
        Decisions?.Begin();
        _loop.Context.Cancellation = cancellation;
        WorkspaceScope scope = _loop.Context.Workspace.Enter();
        try
        {
            _loop.Begin(Rent(values, bytes, 0, 1));
            return new AnytimeRun(this, scope, scores, started, _run, InferenceDiagnostics.Start());
        }
        catch
        {
            scope.Dispose();
            EndRun();
            throw;
        }
    }

    private void Run(ReadOnlySpan<float> values, ReadOnlySpan<byte> bytes, int count, Budget budget, Span<Prediction> predictions, Span<float> scores, CancellationToken cancellation, bool isTold = true)
    {
        long started = Stopwatch.GetTimestamp();
        Enter();
        try
        {
            ReadOnlySpan<float> thresholds = Resolve(budget);
            using Activity? activity = isTold ? InferenceDiagnostics.Start() : null;
            Trace?.Begin(count);
            Report?.Begin(count);
            Decisions?.Begin();
            _loop.Context.Cancellation = cancellation;
            long end = budget.TimeLimit > TimeSpan.Zero ? started + (long)(Math.Min(budget.TimeLimit.TotalSeconds, LongestSeconds) * Stopwatch.Frequency) : 0;
            for (int first = 0; first < count; first += _loop.ChunkSamples)
            {
                int chunk = Math.Min(_loop.ChunkSamples, count - first);
                int classes = scores.IsEmpty ? 0 : Model.ClassCount;
                using WorkspaceScope scope = _loop.Context.Workspace.Enter();
                long deadline = Share(end, chunk, count - first);
                if (Decisions is { } decisions)
                {
                    decisions.FirstSample = first;
                }

                _loop.Begin(Rent(values, bytes, first, chunk));
                do
                {
                    _loop.Advance(started, predictions.Slice(first, chunk), scores.Slice(first * classes, chunk * classes), Trace, first);
                }
                while (_loop.Leave(thresholds, budget.MacsCap, deadline));
                Report?.Add(_loop.Meter);
            }

            if (isTold)
            {
                InferenceDiagnostics.Record(activity, predictions[..count], started);
            }
        }
        finally
        {
            _loop.Context.Cancellation = CancellationToken.None;
            Volatile.Write(ref _busy, 0);
        }
    }

    // Each chunk may use its part of the time that is left, so that the last ones do not go without.
    private static long Share(long end, int chunk, int left)
    {
        if (end == 0)
        {
            return 0;
        }

        long now = Stopwatch.GetTimestamp();
        return now + (long)((double)(end - now) * chunk / left);
    }

    private Tensor Rent(ReadOnlySpan<float> values, ReadOnlySpan<byte> bytes, int first, int samples)
    {
        int size = Model.SampleShape.Count;
        Tensor input = _loop.Context.Workspace.Rent(Model.Network.BatchShape(samples));
        if (bytes.IsEmpty)
        {
            values.Slice(first * size, samples * size).CopyTo(input.Span);
        }
        else
        {
            Model.Preprocessing!.Apply(bytes.Slice(first * size, samples * size), input.Span);
        }

        return input;
    }

    private ReadOnlySpan<float> Resolve(Budget budget)
    {
        if (budget.MacsCap > 0 && budget.MacsCap < Model.ExitMacs(0))
        {
            throw new ArgumentException($"The budget is {budget.MacsCap} MACs a sample, but the first exit already takes {Model.ExitMacs(0)}.", nameof(budget));
        }

        return budget.Resolve(Model, _thresholds);
    }

    private void Enter()
    {
        if (Interlocked.Exchange(ref _busy, 1) != 0)
        {
            throw new InvalidOperationException("The session is at work: another thread uses it, or an anytime run was not disposed. Give each thread a session of its own; they share the model.");
        }
    }

    private void CheckLengths(int given, string what, int count, int predictions, int scores)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        long expected = (long)count * Model.SampleShape.Count;
        if (given != expected)
        {
            throw new ArgumentException($"{given} {what} were given; expected {expected}, {count} × {Model.SampleShape} (channels last).");
        }

        if (predictions < count)
        {
            throw new ArgumentException($"There is room for {predictions} predictions; expected {count}.");
        }

        if (scores != 0 && scores < (long)count * Model.ClassCount)
        {
            throw new ArgumentException($"There is room for {scores} scores; expected none or {(long)count * Model.ClassCount}, {count} × {Model.ClassCount} classes.");
        }
    }

    private void CheckFinite(ReadOnlySpan<float> inputs)
    {
        int index = ModelChecks.FirstNonFinite(inputs);
        if (index >= 0)
        {
            int size = Model.SampleShape.Count;
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"Value {index % size} of input {index / size} is {inputs[index]}; expected finite numbers."));
        }
    }

    private void CheckPreprocessing()
    {
        if (Model.Preprocessing is null)
        {
            throw new ArgumentException("The model carries no preprocessing, so it cannot take bytes; give it values that are already preprocessed.");
        }
    }
}
