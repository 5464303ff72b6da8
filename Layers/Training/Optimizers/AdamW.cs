using System;
using ManagedDyn.Engine.Kernels.Optimizing;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Training.Optimizers;

/// <summary>Adam with decoupled weight decay, or with decay as part of the gradient; see <see cref="AdamUpdate"/>.</summary>
public sealed class AdamW : Optimizer
{
    private readonly double _beta1;
    private readonly double _beta2;
    private readonly double _epsilon;
    private readonly double _decay;
    private readonly bool _isDecoupled;
    private AdamCoefficients _decaying;
    private AdamCoefficients _plain;

    /// <summary>Makes the optimizer.</summary>
    /// <param name="network">The network whose parameters are trained.</param>
    /// <param name="beta1">β₁, from 0 to 1, exclusive.</param>
    /// <param name="beta2">β₂, from 0 to 1, exclusive.</param>
    /// <param name="epsilon">ε, above 0.</param>
    /// <param name="decay">λ, at least 0, for parameters that decay.</param>
    /// <param name="isDecoupled">True: AdamW. False: Adam, with λ·p added to the gradient.</param>
    public AdamW(Module network, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8, double decay = 0.01, bool isDecoupled = true)
        : base(network, "mean", "square")
    {
        CheckBeta(beta1, nameof(beta1));
        CheckBeta(beta2, nameof(beta2));
        if (!(epsilon > 0 && double.IsFinite(epsilon)))
        {
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "Expected an ε above 0.");
        }

        if (!(decay >= 0 && double.IsFinite(decay)))
        {
            throw new ArgumentOutOfRangeException(nameof(decay), decay, "Expected a weight decay of 0 or more.");
        }

        _beta1 = beta1;
        _beta2 = beta2;
        _epsilon = epsilon;
        _decay = decay;
        _isDecoupled = isDecoupled;
    }

    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"{(_isDecoupled ? "adamw" : "adam")}(beta1={_beta1:R}, beta2={_beta2:R}, epsilon={_epsilon:R}, decay={_decay:R})");

    /// <inheritdoc/>
    protected override void Prepare(float rate, float gradientScale)
    {
        _plain = new AdamCoefficients
        {
            Beta1 = (float)_beta1,
            Rest1 = (float)(1 - _beta1),
            Beta2 = (float)_beta2,
            Rest2 = (float)(1 - _beta2),
            Rate = (float)(rate / (1 - Math.Pow(_beta1, Steps))),
            RootCorrection = (float)(1 / Math.Sqrt(1 - Math.Pow(_beta2, Steps))),
            Epsilon = (float)_epsilon,
            Scale = gradientScale,
            GradientDecay = 0,
            Shrink = 1,
        };
        _decaying = _isDecoupled
            ? _plain with { Shrink = (float)(1 - (rate * _decay)) }
            : _plain with { GradientDecay = (float)_decay };
    }

    /// <inheritdoc/>
    protected override void Update(Span<float> values, ReadOnlySpan<float> gradients, Span<float> first, Span<float> second, bool decays) =>
        AdamUpdate.Run(values, gradients, first, second, decays ? _decaying : _plain);

    private static void CheckBeta(double value, string name)
    {
        if (!(value >= 0 && value < 1))
        {
            throw new ArgumentOutOfRangeException(name, value, "Expected a value from 0 to 1, exclusive.");
        }
    }
}
