using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>
/// Asks each answer to be surer of the label than the one before: L = L₀ + λ·mean_n Σ_k max(0, p_k(y) − p_{k+1}(y) + margin), with the probability p_k(y) that
/// answer k gives the label (Fu et al., "Look closer to see better", CVPR 2017, equation 9). It is what moves attention to where there is more to see.
/// </summary>
public sealed class RankedExits : AddedObjective
{
    private readonly float _weight;
    private readonly float _margin;

    /// <summary>Makes the objective.</summary>
    /// <param name="inner">L₀.</param>
    /// <param name="weight">λ, at least 0.</param>
    /// <param name="margin">The margin, from 0 to 1.</param>
    public RankedExits(Objective inner, float weight = 1, float margin = 0.05f)
        : base(inner)
    {
        ObjectiveCheck.Weight(weight, nameof(weight));
        ObjectiveCheck.Share(margin, nameof(margin));
        _weight = weight;
        _margin = margin;
    }

    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"ranked({Inner.Description}, weight={_weight:R}, margin={_margin:R})");

    /// <inheritdoc/>
    public override Tensor Compute(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels, Span<float> exitLosses)
    {
        ArgumentNullException.ThrowIfNull(context);
        Tensor loss = Inner.Compute(context, logits, labels, exitLosses);
        if (logits.Length < 2)
        {
            return loss;
        }

        Tensor target = context.OneHot(labels, logits[0].Shape[1]);
        Tensor[] losses = new Tensor[logits.Length];
        float[] factors = new float[logits.Length];
        (losses[0], factors[0]) = (loss, 1);
        Tensor before = Probability(context, logits[0], target);
        for (int k = 1; k < logits.Length; k++)
        {
            Tensor after = Probability(context, logits[k], target);
            losses[k] = context.Mean(context.Relu(context.Offset(context.Subtract(before, after), _margin)));
            factors[k] = _weight;
            before = after;
        }

        return WeightedSum.Compute(context, losses, factors);
    }

    private static Tensor Probability(Context context, Tensor logits, Tensor target) =>
        context.Sum(context.Multiply(context.Softmax(logits), target), 1);
}
