using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.SpatialWise.RegionLevel;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// Recurrent attention model (Mnih et al., NIPS 2014): an image is seen through small glimpses one after the other, h_t = core(glimpse(x, l_t), h_{t−1}), the next
/// place comes from h_t, and so does the answer. Its cost does not depend on the image's size.
/// </summary>
/// <remarks>
/// Deviations: every glimpse answers, so that whoever is sure stops looking (the paper answers after the last); the core is a GRU, not a simple recurrent layer; the
/// first glimpse is at the centre, not at random. Trained by <see cref="Training.Objectives.GlimpsePolicyGradient"/>.
/// </remarks>
public sealed class RecurrentAttention : StagedNetwork
{
    private const int ImageSlot = 0;
    private const int HiddenSlot = 1;

    private readonly RecurrentAttentionOptions _options;
    private readonly GlimpseSensor _sensor;
    private readonly GlimpseMemory _core;
    private readonly LocationPolicy _policy;
    private readonly Linear _classifier;
    private readonly long _glimpseMacs;

    /// <summary>Makes a network; its weights are to be initialised or loaded.</summary>
    /// <param name="options">The sizes.</param>
    /// <exception cref="ArgumentException">The sizes make no network.</exception>
    public RecurrentAttention(RecurrentAttentionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        Recipe = options;
        SampleShape = new Shape(options.Height, options.Width, options.InputChannels);
        _sensor = Add("sensor", new GlimpseSensor(options.InputChannels, options.PatchSize, options.Scales, options.Hidden, options.SensorChannels));
        _core = Add("core", new GlimpseMemory(options.Hidden, options.Hidden));
        _policy = Add("policy", new LocationPolicy(options.Hidden, options.Deviation));
        _classifier = Add("classifier", new Linear(options.Hidden, options.Classes));
        _glimpseMacs = _sensor.GlimpseMacs + _core.StepMacs + _classifier.CountMacs(new Shape(1, options.Hidden));
        AssignNumbers();
    }

    /// <inheritdoc/>
    public override int StageCount => _options.Glimpses;

    /// <inheritdoc/>
    public override int ClassCount => _options.Classes;

    /// <inheritdoc/>
    public override Shape SampleShape { get; }

    /// <inheritdoc/>
    public override long StageMacs(int stage) => _glimpseMacs + (stage > 0 ? _policy.DecisionMacs : 0);

    /// <inheritdoc/>
    public override StageState CreateState() => new(2);

    /// <inheritdoc/>
    protected override void OnStart(Context context, Tensor input, StageState state) => state.Set(context, ImageSlot, input);

    /// <inheritdoc/>
    protected override Tensor OnAdvance(Context context, StageState state, int stage)
    {
        Tensor image = state[ImageSlot];
        Tensor hidden;
        using (WorkspaceScope scope = context.Workspace.Enter())
        {
            Tensor place;
            if (stage == 0)
            {
                place = context.Workspace.RentZeros(new Shape(image.Shape[0], 2));
                context.RecordViews(_sensor.Number, DecisionKind.Regions, _sensor.ViewsAt(context, image.Shape, place), _glimpseMacs);
            }
            else
            {
                place = NextPlace(context, image, state[HiddenSlot], stage);
            }

            hidden = scope.Keep(_core.Forward(context, _sensor.Forward(context, image, place), state[HiddenSlot]));
        }

        state.Set(context, HiddenSlot, hidden);
        using WorkspaceScope answer = context.Workspace.Enter();
        return answer.Keep(_classifier.Forward(context, hidden));
    }

    private Tensor NextPlace(Context context, Tensor image, Tensor hidden, int stage)
    {
        Decision decision = _policy.Decide(context, hidden, image.Shape, stage - 1, out Tensor place);
        context.Record(new DecisionRecord
        {
            Layer = _policy.Number,
            Kind = DecisionKind.Regions,
            Rows = image.Shape[0],
            Selected = decision.Selected,
            LogProbabilities = decision.LogProbabilities,
            UnitMacs = _glimpseMacs,
            Views = _sensor.ViewsAt(context, image.Shape, place),
        });
        return place;
    }
}
