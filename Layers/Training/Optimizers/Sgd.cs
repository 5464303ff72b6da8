using System;
using ManagedDyn.Engine.Kernels.Optimizing;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Training.Optimizers;

/// <summary>Stochastic gradient descent with momentum, as PyTorch's SGD without dampening; see <see cref="MomentumUpdate"/>.</summary>
public sealed class Sgd : Optimizer
{
    private readonly float _momentum;
    private readonly float _decay;
    private readonly bool _isNesterov;
    private float _rate;
    private float _scale;

    /// <summary>Makes the optimizer.</summary>
    /// <param name="network">The network whose parameters are trained.</param>
    /// <param name="momentum">μ, from 0 to 1, exclusive; 0: none.</param>
    /// <param name="decay">λ, at least 0: λ·p is added to the gradient of parameters that decay.</param>
    /// <param name="isNesterov">Whether the momentum is Nesterov's.</param>
    public Sgd(Module network, float momentum = 0, float decay = 0, bool isNesterov = false)
        : base(network, momentum == 0 ? [] : ["momentum"])
    {
        if (!(momentum >= 0 && momentum < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(momentum), momentum, "Expected a momentum from 0 to 1, exclusive.");
        }

        if (!(decay >= 0 && float.IsFinite(decay)))
        {
            throw new ArgumentOutOfRangeException(nameof(decay), decay, "Expected a weight decay of 0 or more.");
        }

        if (isNesterov && momentum == 0)
        {
            throw new ArgumentException("Nesterov's momentum was asked for with momentum 0; expected a momentum above 0.", nameof(isNesterov));
        }

        _momentum = momentum;
        _decay = decay;
        _isNesterov = isNesterov;
    }

    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"sgd(momentum={_momentum:R}{(_isNesterov ? ", nesterov" : string.Empty)}, decay={_decay:R})");

    /// <inheritdoc/>
    protected override void Prepare(float rate, float gradientScale)
    {
        _rate = rate;
        _scale = gradientScale;
    }

    /// <inheritdoc/>
    protected override void Update(Span<float> values, ReadOnlySpan<float> gradients, Span<float> first, Span<float> second, bool decays) =>
        MomentumUpdate.Run(values, gradients, first, _rate, _scale, decays ? _decay : 0, _momentum, _isNesterov);
}
