using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.TemporalWise.Video;

/// <summary>
/// Says from the features pooled so far and those before the last frame whether enough was seen: l = w·[m(z_t); m(z_{t−1})] + b with m two layers with rectifiers that
/// both share, σ(l) above ½: enough (Ghodrati et al., "FrameExit", CVPR 2021, section 3.3).
/// </summary>
/// <remarks>
/// Deviations: m has no normalisation, and no gradient goes into the features, so that gates learn beside a network that is trained as if there were none. The
/// released code asks the first frame's answer how sure it is; here the first frame has a gate too, for which z_{−1} is zero.
/// </remarks>
public sealed class FrameExitGate : Module
{
    private readonly Linear _first;
    private readonly Linear _second;
    private readonly Linear _head;

    /// <summary>Makes a gate.</summary>
    /// <param name="features">Values of z.</param>
    /// <param name="hidden">Values of m's first layer; the second has half as many.</param>
    public FrameExitGate(int features, int hidden = 32)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(hidden, 2);
        _first = Add("first", new Linear(features, hidden));
        _second = Add("second", new Linear(hidden, hidden / 2));
        _head = Add("head", new Linear(2 * (hidden / 2), 1));
    }

    /// <summary>MACs of a decision for one video.</summary>
    public long DecisionMacs => (2L * (_first.Weight.Shape.Count + _second.Weight.Shape.Count)) + _head.Weight.Shape.Count;

    /// <summary>How sure the gate is that enough was seen.</summary>
    /// <param name="context">The context.</param>
    /// <param name="pooled">z_t, [N, features].</param>
    /// <param name="before">z_{t−1}, of the same shape; none: zeros.</param>
    /// <returns>σ(l), [N].</returns>
    public Tensor Decide(Context context, Tensor pooled, Tensor before)
    {
        ArgumentNullException.ThrowIfNull(context);
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor last = before.Exists ? before : context.Workspace.RentZeros(pooled.Shape);
        Tensor logits = _head.Forward(context, context.Concat(1, Branch(context, pooled), Branch(context, last)));
        return scope.Keep(context.Sigmoid(logits).Reshape(new Shape(pooled.Shape[0])));
    }

    private Tensor Branch(Context context, Tensor features)
    {
        Tensor seen = context.Records(features) ? context.ScaleGradient(features, 0) : features;
        return context.Relu(_second.Forward(context, context.Relu(_first.Forward(context, seen))));
    }
}
