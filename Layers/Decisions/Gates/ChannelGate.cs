using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Decisions.Gates;

/// <summary>
/// Decides which channels of a convolution there are, l = W₂·relu(W₁·GAP(x) + b₁) + b₂ with a logit for each group of channels that stand together: the channel
/// gate of dual gating (Li et al., "Dynamic dual gating neural networks", ICCV 2021, section 3.3), relaxed by straight-through Gumbel unless asked otherwise.
/// </summary>
/// <remarks>The paper decides about single channels; groups as wide as a vector are what arithmetic saves time with.</remarks>
public sealed class ChannelGate : DecisionRule
{
    private readonly int _inChannels;
    private readonly int _channels;
    private readonly int _groupSize;
    private readonly Linear _hidden;
    private readonly GateLinear _head;
    private readonly BinaryRelaxation _relaxation;

    /// <summary>Makes a gate.</summary>
    /// <param name="inChannels">Channels of the features.</param>
    /// <param name="channels">Channels that are decided about.</param>
    /// <param name="groupSize">Neighbouring channels that share a decision; the last group may be smaller.</param>
    /// <param name="hidden">Hidden units.</param>
    /// <param name="openness">b₂ at the beginning: the logit of a group's being there. 2 keeps 88 %.</param>
    /// <param name="relaxation">How it is trained; none: straight-through Gumbel of temperature 1.</param>
    public ChannelGate(int inChannels, int channels, int groupSize = 8, int hidden = 16, float openness = 2, BinaryRelaxation? relaxation = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(groupSize, 1);
        _inChannels = inChannels;
        _channels = channels;
        _groupSize = groupSize;
        _hidden = Add("hidden", new Linear(inChannels, hidden));
        _head = Add("head", new GateLinear(hidden, (channels + groupSize - 1) / groupSize, openness));
        _relaxation = relaxation ?? new GumbelSigmoidRelaxation();
    }

    /// <inheritdoc/>
    public override Decision Decide(Context context, Tensor features)
    {
        ArgumentNullException.ThrowIfNull(context);
        Tensor hidden = context.Relu(_hidden.Forward(context, GateFeatures.Of(context, features)));
        Tensor logits = _head.Forward(context, hidden);
        if (context.Decisions == Engine.Execution.Decisions.Hard)
        {
            return context.DecideUnits(Spread(context, logits), _relaxation, this);
        }

        // One draw for a group, not one for each of its channels.
        RelaxedChoice choice = _relaxation.Relax(context, logits, context.NoiseOf(this));
        Tensor joint = choice.LogProbabilities.Exists ? context.Sum(choice.LogProbabilities, 1) : default;
        return new Decision(default, Spread(context, choice.Scores), joint);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape features)
    {
        Shape pooled = new(features[0], _inChannels);
        return _hidden.CountMacs(pooled) + _head.CountMacs(_hidden.OutputShape(pooled));
    }

    private Tensor Spread(Context context, Tensor groups)
    {
        if (_groupSize == 1)
        {
            return groups;
        }

        Shape shape = groups.Shape;
        Tensor row = groups.Reshape(new Shape(shape[0], 1, shape[1], 1));
        Tensor spread = context.Resize(row, 1, shape[1] * _groupSize, ResizeMode.Nearest);
        return context.Crop(spread, 0, 0, 1, _channels).Reshape(new Shape(shape[0], _channels));
    }
}
