using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.TemporalWise.Video;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// FrameExit (Ghodrati, Bejnordi and Habibian, CVPR 2021): one frame a stage, from coarse to fine over the video, z_t = max(z_{t−1}, encoder(frame)), an answer from
/// each z_t by a classifier of its own, and a gate that says whether that is enough.
/// </summary>
/// <remarks>
/// Gates tell how sure they are, and the criterion "learned" leaves by that; the others by the answers themselves. They are trained by
/// <see cref="Training.Objectives.LearnedExits"/> with the paper's labels: enough was seen where the answer's loss is small, which it may be less so the more was
/// looked at. As a stream the network asks for the frames in its own order.
/// </remarks>
public sealed class FrameExit : StagedNetwork, IStepwise
{
    private const int VideoSlot = 0;
    private const int PooledSlot = 1;

    private readonly FrameExitOptions _options;
    private readonly Sequential _encoder;
    private readonly Linear[] _classifiers;
    private readonly FrameExitGate[] _gates;
    private readonly int[] _order;
    private readonly long _frameMacs;

    /// <summary>Makes a network; its weights are to be initialised or loaded.</summary>
    /// <param name="options">The sizes.</param>
    /// <exception cref="ArgumentException">The sizes make no network.</exception>
    public FrameExit(FrameExitOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        Recipe = options;
        SampleShape = options.SampleShape;
        int width = options.Channels[^1];
        _encoder = Add("encoder", FrameEncoder.Create(options.InputChannels, options.Channels));
        _classifiers = new Linear[options.Frames];
        _gates = new FrameExitGate[options.Frames - 1];
        for (int t = 0; t < _classifiers.Length; t++)
        {
            string number = t.ToString(CultureInfo.InvariantCulture);
            _classifiers[t] = Add("classifier" + number, new Linear(width, options.Classes));
            if (t < _gates.Length)
            {
                _gates[t] = Add("gate" + number, new FrameExitGate(width, options.GateHidden));
            }
        }

        _order = new int[options.Frames];
        FrameOrder.CoarseToFine(_order);
        _frameMacs = _encoder.CountMacs(options.FrameShape) + _classifiers[0].CountMacs(new Shape(1, width));
        AssignNumbers();
    }

    /// <inheritdoc/>
    public override int StageCount => _options.Frames;

    /// <inheritdoc/>
    public override int ClassCount => _options.Classes;

    /// <inheritdoc/>
    public override Shape SampleShape { get; }

    /// <inheritdoc/>
    public override bool HasExitGates => true;

    /// <inheritdoc/>
    public Shape StepShape => new(_options.Height, _options.Width, _options.InputChannels);

    /// <inheritdoc/>
    public int StepLimit => _options.Frames;

    /// <inheritdoc/>
    public int StateLength => _options.Channels[^1];

    /// <inheritdoc/>
    public override long StageMacs(int stage) => _frameMacs + (stage < _gates.Length ? _gates[stage].DecisionMacs : 0);

    /// <inheritdoc/>
    public override StageState CreateState() => new(2);

    /// <summary>The frame that is looked at in a stage.</summary>
    /// <param name="position">The stage.</param>
    public int StepAt(int position) => _order[position];

    /// <inheritdoc/>
    public StepAnswer Step(Context context, Tensor input, Tensor state, int position)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor before = position == 0 ? default : context.Workspace.RentCopy(state.Shape, state.Span);
        Tensor pooled = Look(context, input, before);
        pooled.Span.CopyTo(state.Span);
        float certainty = position < _gates.Length ? _gates[position].Decide(context, pooled, before).Span[0] : float.NaN;
        return new StepAnswer(scope.Keep(_classifiers[position].Forward(context, pooled)), IsRead: true, certainty);
    }

    /// <inheritdoc/>
    protected override void OnStart(Context context, Tensor input, StageState state) => state.Set(context, VideoSlot, input);

    /// <inheritdoc/>
    protected override Tensor OnAdvance(Context context, StageState state, int stage)
    {
        Tensor video = state[VideoSlot];
        Tensor pooled;
        using (WorkspaceScope scope = context.Workspace.Enter())
        {
            pooled = scope.Keep(Look(context, FrameRows.At(context, video, _order[stage]), state[PooledSlot]));
        }

        if (stage < _gates.Length)
        {
            Tensor certainty = _gates[stage].Decide(context, pooled, state[PooledSlot]);
            state.Tell(certainty);
            if (context.Decisions == Engine.Execution.Decisions.Relaxed)
            {
                context.Record(new DecisionRecord { Layer = _gates[stage].Number, Kind = DecisionKind.Exits, Rows = video.Shape[0], Scores = certainty, UnitMacs = _frameMacs });
            }
        }

        RecordLook(context, stage, video.Shape[0]);
        state.Set(context, PooledSlot, pooled);
        using WorkspaceScope answer = context.Workspace.Enter();
        return answer.Keep(_classifiers[stage].Forward(context, pooled));
    }

    private Tensor Look(Context context, Tensor frame, Tensor before)
    {
        Tensor features = _encoder.Forward(context, frame);
        return before.Exists ? context.Maximum(before, features) : features;
    }

    private void RecordLook(Context context, int stage, int samples)
    {
        if (context.Ledger is { KeepsChoices: true })
        {
            using WorkspaceScope scope = context.Workspace.Enter();
            Tensor looked = context.Workspace.RentZeros(new Shape(samples, _options.Frames));
            for (int n = 0; n < samples; n++)
            {
                looked.Span[(n * _options.Frames) + _order[stage]] = 1;
            }

            Selection chosen = context.Workspace.SelectAtLeast(samples, _options.Frames, looked.Span, 0.5f);
            context.Record(new DecisionRecord { Layer = _encoder.Number, Kind = DecisionKind.Steps, Rows = samples, Selected = chosen, UnitMacs = _frameMacs });
        }
    }
}
