using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Decisions.Gates;

/// <summary>
/// The gate of ConvNet-AIG: l = W₂·relu(W₁·GAP(x) + b₁) + b₂ (Veit and Belongie, "Convolutional networks with adaptive inference graphs", ECCV 2018,
/// section 3.1), relaxed by straight-through Gumbel unless asked otherwise.
/// </summary>
/// <remarks>
/// The paper has a logit for "run" and one for "skip"; only their difference matters (softmax of two is the sigmoid of the difference, and the difference of
/// two Gumbel variables is logistic), so there is one here. The released code normalises the hidden values over the batch; the paper does not, nor does this.
/// </remarks>
public sealed class PooledGate : DecisionRule
{
    private readonly int _channels;
    private readonly Linear _hidden;
    private readonly GateLinear _head;
    private readonly BinaryRelaxation _relaxation;

    /// <summary>Makes a gate.</summary>
    /// <param name="channels">Channels of the features.</param>
    /// <param name="hidden">Hidden units.</param>
    /// <param name="openness">b₂ at the beginning: the logit of running. 2 runs 88 %.</param>
    /// <param name="relaxation">How it is trained; none: straight-through Gumbel of temperature 1.</param>
    public PooledGate(int channels, int hidden = 16, float openness = 2, BinaryRelaxation? relaxation = null)
    {
        _channels = channels;
        _hidden = Add("hidden", new Linear(channels, hidden));
        _head = Add("head", new GateLinear(hidden, 1, openness));
        _relaxation = relaxation ?? new GumbelSigmoidRelaxation();
    }

    /// <inheritdoc/>
    public override Decision Decide(Context context, Tensor features)
    {
        ArgumentNullException.ThrowIfNull(context);
        Tensor pooled = GateFeatures.Of(context, features);
        Tensor hidden = context.Relu(_hidden.Forward(context, pooled));
        return context.DecideSamples(_head.Forward(context, hidden), _relaxation, this);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape features)
    {
        Shape pooled = new(features[0], _channels);
        return _hidden.CountMacs(pooled) + _head.CountMacs(_hidden.OutputShape(pooled));
    }
}
