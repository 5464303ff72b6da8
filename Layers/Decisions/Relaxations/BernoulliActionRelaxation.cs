using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Decisions.Relaxations;

/// <summary>
/// Draws actions a ∈ {0, 1} with probability p = α·σ(l) + (1 − α)·(1 − σ(l)) and gives log π(a), for policy gradients (Williams, "Simple statistical
/// gradient-following algorithms", 1992). α below 1 keeps probabilities within [1 − α, α], so that exploration goes on (Wu et al., "BlockDrop", CVPR
/// 2018, equation 8). No gradient flows through the actions themselves. At the end of training actions may be the likely ones, as at inference: the network then
/// gets used to them, and nothing is learned about the logits any more.
/// </summary>
public sealed class BernoulliActionRelaxation : BinaryRelaxation
{
    private readonly float _bound;
    private readonly float _drawsUntil;

    /// <summary>Makes the relaxation.</summary>
    /// <param name="bound">α, above ½ and at most 1.</param>
    /// <param name="drawsUntil">The share of training after which actions are no longer drawn, from 0 to 1.</param>
    public BernoulliActionRelaxation(float bound = 1, float drawsUntil = 1)
    {
        if (!(bound > 0.5f && bound <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(bound), bound, "Expected a bound of probabilities above 0.5 and at most 1.");
        }

        if (!(drawsUntil >= 0 && drawsUntil <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(drawsUntil), drawsUntil, "Expected a share of training from 0 to 1.");
        }

        _bound = bound;
        _drawsUntil = drawsUntil;
    }

    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"bernoulli(bound={_bound:R}, draws until {_drawsUntil:R})");

    /// <inheritdoc/>
    public override RelaxedChoice Relax(Context context, Tensor logits, RandomStream noise)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (_drawsUntil < 1 && context.Progress >= _drawsUntil)
        {
            return new RelaxedChoice(Likely(context, logits));
        }

        Tensor soft = context.Sigmoid(logits);
        Tensor probabilities = _bound == 1 ? soft : context.Affine(soft, (2 * _bound) - 1, 1 - _bound);
        int samples = logits.Shape[0];
        int length = logits.Shape.ProductFrom(1);
        Tensor actions = context.Workspace.Rent(logits.Shape);
        for (int row = 0; row < samples; row++)
        {
            Span<float> values = actions.Span.Slice(row * length, length);
            noise.FillUniform(values, context.Step, context.SampleOf(row));
            ReadOnlySpan<float> chances = probabilities.Span.Slice(row * length, length);
            for (int i = 0; i < length; i++)
            {
                values[i] = values[i] < chances[i] ? 1 : 0;
            }
        }

        if (_bound == 1)
        {
            // log σ(±l) without rounding of σ to 0 or 1.
            return new RelaxedChoice(actions, context.Scale(context.BinaryCrossEntropy(logits, actions, LossReduction.None), -1));
        }

        Tensor sign = context.Affine(actions, 2, -1);
        Tensor chosen = context.Add(context.Multiply(sign, probabilities), context.Affine(actions, -1, 1));
        return new RelaxedChoice(actions, context.Log(chosen));
    }

    private static Tensor Likely(Context context, Tensor logits)
    {
        Tensor actions = context.Workspace.Rent(logits.Shape);
        for (int i = 0; i < actions.Count; i++)
        {
            actions.Span[i] = logits.Span[i] > 0 ? 1 : 0;
        }

        return actions;
    }
}
