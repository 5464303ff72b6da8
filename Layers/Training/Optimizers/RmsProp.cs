using System;
using ManagedDyn.Engine.Kernels.Optimizing;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Training.Optimizers;

/// <summary>RMSprop, as PyTorch's without momentum and centring; see <see cref="RmsUpdate"/>.</summary>
public sealed class RmsProp : Optimizer
{
    private readonly float _smoothing;
    private readonly float _epsilon;
    private readonly float _decay;
    private float _rate;
    private float _scale;

    /// <summary>Makes the optimizer.</summary>
    /// <param name="network">The network whose parameters are trained.</param>
    /// <param name="smoothing">α, from 0 to 1, exclusive.</param>
    /// <param name="epsilon">ε, above 0.</param>
    /// <param name="decay">λ, at least 0: λ·p is added to the gradient of parameters that decay.</param>
    public RmsProp(Module network, float smoothing = 0.99f, float epsilon = 1e-8f, float decay = 0)
        : base(network, "square")
    {
        if (!(smoothing >= 0 && smoothing < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(smoothing), smoothing, "Expected a value from 0 to 1, exclusive.");
        }

        if (!(epsilon > 0 && float.IsFinite(epsilon)))
        {
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "Expected an ε above 0.");
        }

        if (!(decay >= 0 && float.IsFinite(decay)))
        {
            throw new ArgumentOutOfRangeException(nameof(decay), decay, "Expected a weight decay of 0 or more.");
        }

        _smoothing = smoothing;
        _epsilon = epsilon;
        _decay = decay;
    }

    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"rmsprop(smoothing={_smoothing:R}, epsilon={_epsilon:R}, decay={_decay:R})");

    /// <inheritdoc/>
    protected override void Prepare(float rate, float gradientScale)
    {
        _rate = rate;
        _scale = gradientScale;
    }

    /// <inheritdoc/>
    protected override void Update(Span<float> values, ReadOnlySpan<float> gradients, Span<float> first, Span<float> second, bool decays) =>
        RmsUpdate.Run(values, gradients, first, _rate, _scale, decays ? _decay : 0, _smoothing, _epsilon);
}
