using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.SpatialWise.RegionLevel;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// Glance and focus (Wang et al., NeurIPS 2020): the first stage sees the whole image at low resolution, each later one a patch at full resolution where a policy
/// says. What was seen goes through a recurrent memory, h_t = GRU(GAP(e_t), h_{t−1}), and each stage answers from it, so that whoever is sure enough stops looking.
/// </summary>
/// <remarks>
/// The glance and the patches have their own encoder, as in the paper; patches are cut out, so no pixel beside them is read after the glance. The policy is trained by
/// <see cref="Training.Objectives.GlimpsePolicyGradient"/>. Its state and places are those of <see cref="FocusPolicy"/>, with the deviations told there.
/// </remarks>
public sealed class GlanceAndFocus : StagedNetwork
{
    private const int ImageSlot = 0;
    private const int HiddenSlot = 1;
    private const int FeaturesSlot = 2;
    private const int PolicySlot = 3;
    private const int PlaceSlot = 4;
    private const int SlotCount = 5;

    private readonly GlanceAndFocusOptions _options;
    private readonly Sequential _glance;
    private readonly Sequential _focus;
    private readonly FocusPolicy _policy;
    private readonly GlimpseMemory _memory;
    private readonly Linear _classifier;
    private readonly long _glanceMacs;
    private readonly long _firstFocusMacs;
    private readonly long _focusMacs;

    /// <summary>Makes a network; its weights are to be initialised or loaded.</summary>
    /// <param name="options">The sizes.</param>
    /// <exception cref="ArgumentException">The sizes make no network.</exception>
    public GlanceAndFocus(GlanceAndFocusOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        Recipe = options;
        SampleShape = new Shape(options.Height, options.Width, options.InputChannels);
        _glance = Add("glance", Encoder(options, options.GlanceHeight, options.GlanceWidth));
        _focus = Add("focus", Encoder(options, options.PatchHeight, options.PatchWidth));
        Shape glance = new(1, options.GlanceHeight, options.GlanceWidth, options.InputChannels);
        Shape patch = new(1, options.PatchHeight, options.PatchWidth, options.InputChannels);
        Shape features = _focus.OutputShape(patch);
        _policy = Add("policy", new FocusPolicy(features[3], options.Grid, options.PolicyChannels, options.PolicyHidden, options.WarmUp));
        _memory = Add("memory", new GlimpseMemory(features[3], options.Hidden));
        _classifier = Add("classifier", new Linear(options.Hidden, options.Classes));
        long answer = _memory.StepMacs + _classifier.CountMacs(new Shape(1, options.Hidden));
        _glanceMacs = _glance.CountMacs(glance) + answer;

        // The policy looks at what was seen last: at first the glance, then a patch.
        _firstFocusMacs = _policy.CountMacs(_glance.OutputShape(glance)) + _focus.CountMacs(patch) + answer;
        _focusMacs = _policy.CountMacs(features) + _focus.CountMacs(patch) + answer;
        AssignNumbers();
    }

    /// <inheritdoc/>
    public override int StageCount => 1 + _options.Patches;

    /// <inheritdoc/>
    public override int ClassCount => _options.Classes;

    /// <inheritdoc/>
    public override Shape SampleShape { get; }

    /// <inheritdoc/>
    public override long StageMacs(int stage) => stage == 0 ? _glanceMacs : stage == 1 ? _firstFocusMacs : _focusMacs;

    /// <inheritdoc/>
    public override StageState CreateState() => new(SlotCount);

    /// <inheritdoc/>
    protected override void OnStart(Context context, Tensor input, StageState state) => state.Set(context, ImageSlot, input);

    /// <inheritdoc/>
    protected override Tensor OnAdvance(Context context, StageState state, int stage)
    {
        Tensor features = stage == 0 ? Glance(context, state) : Focus(context, state, stage);
        Tensor hidden;
        using (WorkspaceScope scope = context.Workspace.Enter())
        {
            hidden = scope.Keep(_memory.Forward(context, context.GlobalAveragePool(features), state[HiddenSlot]));
        }

        state.Set(context, HiddenSlot, hidden);
        state.Set(context, FeaturesSlot, features);
        using WorkspaceScope answer = context.Workspace.Enter();
        return answer.Keep(_classifier.Forward(context, hidden));
    }

    private static Sequential Encoder(GlanceAndFocusOptions options, int height, int width)
    {
        List<Layer> layers = [new ConvBlock(options.InputChannels, options.Channels[0], 3, options.StemStride)];
        ResNetOptions groups = options.Encoder(height, width);
        for (int group = 0; group < options.Channels.Length; group++)
        {
            ResNet.AddGroup(layers, groups, group);
        }

        return new Sequential([.. layers]);
    }

    private Tensor Glance(Context context, StageState state)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor small = context.AdaptiveAveragePool2d(state[ImageSlot], _options.GlanceHeight, _options.GlanceWidth);
        return scope.Keep(_glance.Forward(context, small));
    }

    private Tensor Focus(Context context, StageState state, int stage)
    {
        Tensor image = state[ImageSlot];
        Tensor memory = state[PolicySlot];
        Tensor place;
        Tensor features;
        using (WorkspaceScope scope = context.Workspace.Enter())
        {
            Decision decision = _policy.Decide(context, state[FeaturesSlot], state[PlaceSlot], ref memory, stage - 1);
            context.Record(new DecisionRecord
            {
                Layer = _policy.Number,
                Kind = DecisionKind.Regions,
                Rows = image.Shape[0],
                Selected = decision.Selected,
                Scores = decision.Scores,
                LogProbabilities = decision.LogProbabilities,
                UnitMacs = StageMacs(stage),
                Views = context.ViewsAtPlaces(image.Shape, decision.Selected, _options.Grid, _options.PatchHeight, _options.PatchWidth),
            });
            Tensor patch = context.CropAtPlaces(image, decision.Selected, _options.Grid, _options.PatchHeight, _options.PatchWidth);
            features = scope.Keep(_focus.Forward(context, patch));
            scope.Keep(memory);
            place = scope.Keep(context.MaskOf(decision.Selected));
        }

        state.Set(context, PolicySlot, memory);
        state.Set(context, PlaceSlot, place);
        return features;
    }
}
