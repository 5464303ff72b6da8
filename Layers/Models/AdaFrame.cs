using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.TemporalWise.Video;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// AdaFrame (Wu et al., CVPR 2019): a memory of all frames, seen small, goes along with an LSTM that looks at one frame at a time, s_t = LSTM([f_t; u_t], s_{t−1}); from
/// its state come the answer, the frame to look at next, and V_t, what further looks are still expected to bring. Who expects little stops.
/// </summary>
/// <remarks>
/// The first frame is the middle one; each later one is drawn from the frames not looked at yet while training, and the likeliest at inference. 1 − V_t is how sure the
/// network is that enough was seen, so that the criterion "learned" stops at V_t ≤ 1 − threshold. Deviations: the paper compares V_t with the largest so far and waits
/// some looks; the chooser and V learn from the state without bending it. Memory and choice are those of <see cref="FrameMemory"/>. Trained by
/// <see cref="Training.Objectives.GlimpseUtility"/>.
/// </remarks>
public sealed class AdaFrame : StagedNetwork
{
    private const float Forbidden = -1e4f;

    private const int VideoSlot = 0;
    private const int MemorySlot = 1;
    private const int StateSlot = 2;
    private const int LookedSlot = 3;
    private const int SlotCount = 4;

    private readonly AdaFrameOptions _options;
    private readonly Sequential _encoder;
    private readonly FrameMemory _memory;
    private readonly LookMemory _state;
    private readonly Linear _classifier;
    private readonly Linear _utility;
    private readonly CategoricalActionRelaxation _relaxation = new();
    private readonly long _rememberMacs;
    private readonly long _lookMacs;

    /// <summary>Makes a network; its weights are to be initialised or loaded.</summary>
    /// <param name="options">The sizes.</param>
    /// <exception cref="ArgumentException">The sizes make no network.</exception>
    public AdaFrame(AdaFrameOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        Recipe = options;
        SampleShape = options.SampleShape;
        int features = options.MemoryChannels[^1];
        _encoder = Add("encoder", FrameEncoder.Create(options.InputChannels, options.Channels));
        _memory = Add("memory", new FrameMemory(
            FrameEncoder.Create(options.InputChannels, options.MemoryChannels), options.Frames, options.SmallHeight, options.SmallWidth, features, options.Hidden));
        _state = Add("state", new LookMemory(options.Channels[^1] + features, options.Hidden));
        _classifier = Add("classifier", new Linear(options.Hidden, options.Classes));
        _utility = Add("utility", new Linear(options.Hidden, 1));
        _rememberMacs = _memory.RememberMacs(options.InputChannels);
        _lookMacs = _encoder.CountMacs(options.FrameShape) + _memory.AttendMacs + _state.StepMacs + _classifier.CountMacs(new Shape(1, options.Hidden));
        AssignNumbers();
    }

    /// <inheritdoc/>
    public override int StageCount => _options.Looks;

    /// <inheritdoc/>
    public override int ClassCount => _options.Classes;

    /// <inheritdoc/>
    public override Shape SampleShape { get; }

    /// <inheritdoc/>
    public override bool HasExitGates => true;

    /// <inheritdoc/>
    public override long StageMacs(int stage) =>
        _lookMacs + (stage == 0 ? _rememberMacs : _memory.SelectMacs) + (stage < _options.Looks - 1 ? _options.Hidden : 0);

    /// <inheritdoc/>
    public override StageState CreateState() => new(SlotCount);

    /// <inheritdoc/>
    protected override void OnStart(Context context, Tensor input, StageState state) => state.Set(context, VideoSlot, input);

    /// <inheritdoc/>
    protected override Tensor OnAdvance(Context context, StageState state, int stage)
    {
        Tensor video = state[VideoSlot];
        int samples = video.Shape[0];
        if (stage == 0)
        {
            state.Set(context, MemorySlot, _memory.Remember(context, video));
            state.Set(context, StateSlot, context.Workspace.RentZeros(new Shape(samples, _state.StateWidth)));
            state.Set(context, LookedSlot, context.Workspace.RentZeros(new Shape(samples, _options.Frames)));
        }

        Tensor next;
        using (WorkspaceScope scope = context.Workspace.Enter())
        {
            Selection frames = scope.Keep(stage == 0 ? Middle(context, samples) : Choose(context, state, stage));
            Mark(frames, state[LookedSlot]);
            Tensor features = _encoder.Forward(context, FrameRows.Gather(context, video, frames));
            Tensor attended = _memory.Attend(context, state[MemorySlot], _state.HiddenOf(context, state[StateSlot]));
            next = scope.Keep(_state.Step(context, context.Concat(1, features, attended), state[StateSlot]));
        }

        state.Set(context, StateSlot, next);
        if (stage < _options.Looks - 1)
        {
            Expect(context, state, samples);
        }

        using WorkspaceScope answer = context.Workspace.Enter();
        return answer.Keep(_classifier.Forward(context, _state.HiddenOf(context, next)));
    }

    private static void Mark(Selection frames, Tensor looked)
    {
        for (int n = 0; n < frames.Rows; n++)
        {
            looked.Rows(n, 1).Span[frames.IsAll ? 0 : frames.Row(n)[0]] = 1;
        }
    }

    private Selection Middle(Context context, int samples)
    {
        int frames = _options.Frames;
        Tensor marks = context.Workspace.RentZeros(new Shape(samples, frames));
        for (int n = 0; n < samples; n++)
        {
            marks.Span[(n * frames) + ((frames - 1) / 2)] = 1;
        }

        Selection chosen = frames == 1 ? Selection.All(samples, 1) : context.Workspace.SelectAtLeast(samples, frames, marks.Span, 0.5f);
        Record(context, samples, chosen, default, default);
        return chosen;
    }

    private Selection Choose(Context context, StageState state, int stage)
    {
        Tensor looked = state[LookedSlot];
        int samples = looked.Shape[0];
        Tensor hidden = Still(context, _state.HiddenOf(context, state[StateSlot]));
        Tensor open = context.Scale(context.Workspace.RentCopy(looked.Shape, looked.Span), Forbidden);
        Tensor logits = context.Add(_memory.Select(context, state[MemorySlot], hidden), open);
        if (context.Decisions == Engine.Execution.Decisions.Hard)
        {
            Selection best = context.Workspace.SelectTop(samples, _options.Frames, logits.Span, 1);
            Record(context, samples, best, context.Softmax(logits), default);
            return best;
        }

        bool isEven = context.Progress < _options.WarmUp;
        RelaxedChoice choice = _relaxation.Relax(context, isEven ? open : logits, context.NoiseOf(_memory, stage));
        Selection drawn = context.Workspace.SelectTop(samples, _options.Frames, choice.Scores.Span, 1);
        Record(context, samples, drawn, default, isEven ? default : choice.LogProbabilities);
        return drawn;
    }

    private void Record(Context context, int samples, Selection chosen, Tensor scores, Tensor logProbabilities) => context.Record(new DecisionRecord
    {
        Layer = _memory.Number,
        Kind = DecisionKind.Steps,
        Rows = samples,
        Selected = chosen,
        Scores = scores,
        LogProbabilities = logProbabilities,
        UnitMacs = _lookMacs,
    });

    // What further looks are expected to bring, told as how sure it is that they are not needed.
    private void Expect(Context context, StageState state, int samples)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor hidden = Still(context, _state.HiddenOf(context, state[StateSlot]));
        Tensor sure = context.Affine(_utility.Forward(context, hidden), -1, 1).Reshape(new Shape(samples));
        if (context.Decisions == Engine.Execution.Decisions.Relaxed)
        {
            context.Record(new DecisionRecord { Layer = _utility.Number, Kind = DecisionKind.Exits, Rows = samples, Scores = scope.Keep(sure), UnitMacs = _lookMacs });
        }

        state.Tell(scope.Keep(context.Clamp(sure, 0, 1)));
    }

    private static Tensor Still(Context context, Tensor hidden) => context.Records(hidden) ? context.ScaleGradient(hidden, 0) : hidden;
}
