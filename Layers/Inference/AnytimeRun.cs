using System;
using System.Diagnostics;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Inference;

/// <summary>
/// One sample on its way through the network, stage by stage: <see cref="Session.Begin(ReadOnlySpan{float}, Span{float}, System.Threading.CancellationToken)"/>
/// starts it, each <see cref="Advance"/> makes the answer better, and the caller stops whenever it likes.
/// </summary>
public ref struct AnytimeRun : IDisposable
{
    private readonly Session _session;
    private readonly WorkspaceScope _scope;
    private readonly Span<float> _scores;
    private readonly long _started;
    private readonly int _run;
    private readonly Activity? _activity;
    private Prediction _current;
    private bool _failed;

    internal AnytimeRun(Session session, WorkspaceScope scope, Span<float> scores, long started, int run, Activity? activity)
    {
        _session = session;
        _scope = scope;
        _scores = scores;
        _started = started;
        _run = run;
        _activity = activity;
    }

    /// <summary>The number of stages that have run.</summary>
    public int StagesDone { get; private set; }

    /// <summary>Whether there is a further stage.</summary>
    public readonly bool CanAdvance => !_failed && StagesDone < _session.Model.ExitCount && _session.IsCurrent(_run);

    /// <summary>The MACs of the next stage; 0 after the last.</summary>
    public readonly long NextMacs => CanAdvance ? _session.Model.Network.StageMacs(StagesDone) : 0;

    /// <summary>How long the next stage will take, as far as the session has learned; zero when it has not, and after the last stage.</summary>
    public readonly TimeSpan NextDuration =>
        CanAdvance ? TimeSpan.FromSeconds(_session.Loop.Clock.Estimate(StagesDone, 1) / Stopwatch.Frequency) : TimeSpan.Zero;

    /// <summary>The best answer so far.</summary>
    /// <exception cref="InvalidOperationException">No stage has run yet.</exception>
    public readonly Prediction Current =>
        StagesDone > 0 ? _current : throw new InvalidOperationException("There is no answer yet: advance at least once.");

    /// <summary>Runs the next stage.</summary>
    /// <returns>Whether there was one; when not, the answer is final.</returns>
    /// <exception cref="OperationCanceledException">The run was cancelled; the answer that was ready stays.</exception>
    public bool Advance()
    {
        if (!CanAdvance)
        {
            return false;
        }

        Prediction next = _current;
        _failed = true;
        _session.Loop.Advance(_started, new Span<Prediction>(ref next), _scores, _session.Trace, 0);
        _failed = false;
        _current = next;
        StagesDone++;
        return true;
    }

    /// <summary>Frees the session for the next call, and tells monitoring what the run gave.</summary>
    public readonly void Dispose()
    {
        if (_session is not null && _session.IsCurrent(_run))
        {
            _scope.Dispose();
            _session.EndRun();
            InferenceDiagnostics.Record(_activity, StagesDone > 0 ? new ReadOnlySpan<Prediction>(in _current) : [], _started);
            _activity?.Dispose();
        }
    }
}
