using System;
using System.Globalization;
using System.Text;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>
/// Trains all exits of a network together: L = Σ_k w_k·CE_k (Teerapittayanon et al., "BranchyNet", ICPR 2016; Huang et al., MSDNet, ICLR
/// 2018), and, when asked, lets each exit learn from the last one too: + δ·Σ_{k&lt;K} w_k·T²·KL(softmax(z_K/T) ‖ softmax(z_k/T)), with no
/// gradient into the teacher z_K (Phuong and Lampert, "Distillation-based training for multi-exit architectures", ICCV 2019).
/// </summary>
public sealed class MultiExitObjective : Objective
{
    private const float FirstShare = 0.01f;

    private readonly float[] _weights;
    private readonly float _smoothing;
    private readonly float _distillation;
    private readonly float _temperature;
    private readonly bool _rampsUp;

    /// <summary>Makes the objective.</summary>
    /// <param name="weights">The weight of each exit, at least 0, not all 0; none: 1 for every exit.</param>
    /// <param name="labelSmoothing">ε: targets are (1 − ε) for the label plus ε/classes for all, from 0 to 1, exclusive.</param>
    /// <param name="distillation">δ, at least 0; 0: no distillation.</param>
    /// <param name="temperature">T, above 0.</param>
    /// <param name="rampsUp">
    /// Whether the weights of all exits but the last grow evenly from 1 % to all of theirs while training goes on, so that early exits do not bend the trunk before
    /// it is there (Kaya et al., "Shallow-deep networks", ICML 2019, section 3.2).
    /// </param>
    public MultiExitObjective(ReadOnlySpan<float> weights = default, float labelSmoothing = 0, float distillation = 0, float temperature = 3, bool rampsUp = false)
    {
        float sum = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            if (!(weights[i] >= 0 && float.IsFinite(weights[i])))
            {
                throw new ArgumentOutOfRangeException(nameof(weights), weights[i], $"The weight of exit {i} was {weights[i]}; expected 0 or more.");
            }

            sum += weights[i];
        }

        if (weights.Length > 0 && sum == 0)
        {
            throw new ArgumentException("All exits have weight 0; expected one above 0.", nameof(weights));
        }

        if (!(labelSmoothing >= 0 && labelSmoothing < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(labelSmoothing), labelSmoothing, "Expected a label smoothing from 0 to 1, exclusive.");
        }

        ObjectiveCheck.Weight(distillation, nameof(distillation));
        ObjectiveCheck.Temperature(temperature, nameof(temperature));
        _weights = weights.ToArray();
        _smoothing = labelSmoothing;
        _distillation = distillation;
        _temperature = temperature;
        _rampsUp = rampsUp;
    }

    /// <inheritdoc/>
    public override string Description
    {
        get
        {
            StringBuilder text = new("multi-exit(weights=");
            text.Append(_weights.Length == 0 ? "equal" : string.Empty);
            for (int i = 0; i < _weights.Length; i++)
            {
                text.Append(CultureInfo.InvariantCulture, $"{(i == 0 ? string.Empty : "/")}{_weights[i]:R}");
            }

            return text.Append(CultureInfo.InvariantCulture, $", smoothing={_smoothing:R}, distillation={_distillation:R}, temperature={_temperature:R}{(_rampsUp ? ", ramp" : string.Empty)})").ToString();
        }
    }

    /// <inheritdoc/>
    public override Tensor Compute(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels, Span<float> exitLosses)
    {
        ArgumentNullException.ThrowIfNull(context);
        int exits = logits.Length;
        if (exits == 0 || exitLosses.Length != exits || (_weights.Length != 0 && _weights.Length != exits))
        {
            throw new ArgumentException($"{exits} exits were given with room for {exitLosses.Length} losses; expected {(_weights.Length == 0 ? "at least 1" : _weights.Length.ToString(CultureInfo.InvariantCulture))} exits and as many losses.", nameof(logits));
        }

        bool distils = _distillation > 0 && exits > 1;
        int terms = distils ? (2 * exits) - 1 : exits;
        Tensor[] losses = new Tensor[terms];
        float[] factors = new float[terms];
        for (int exit = 0; exit < exits; exit++)
        {
            float weight = _weights.Length == 0 ? 1 : _weights[exit];
            if (_rampsUp && exit < exits - 1)
            {
                weight *= FirstShare + ((1 - FirstShare) * (float)context.Progress);
            }

            losses[exit] = context.CrossEntropy(logits[exit], labels, new CrossEntropyOptions { Smoothing = _smoothing });
            factors[exit] = weight;
            exitLosses[exit] = losses[exit].Span[0];
            if (distils && exit < exits - 1)
            {
                losses[exits + exit] = context.Distillation(logits[exit], logits[exits - 1], _temperature);
                factors[exits + exit] = weight * _distillation;
            }
        }

        return WeightedSum.Compute(context, losses, factors);
    }
}
