using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Decisions.Relaxations;

/// <summary>
/// Improved semantic hashing (Kaiser and Bengio, "Discrete autoencoders for sequence models", 2018, section 2.2; for gates: Chen et al., "You look twice:
/// GaterNet", CVPR 2019, section 3.2): with normal noise n, v₁ = max(0, min(1, 1.2·σ(l + n) − 0.1)) and v₂ = 1 where l + n &gt; 0. Half of the samples,
/// drawn anew at each step, use v₂, the others v₁; the gradient is always that of v₁. At the end of training noise may be
/// off and all samples use v₂, as at inference.
/// </summary>
/// <param name="noiseUntil">The share of training after which there is no more noise.</param>
public sealed class SemanticHashingRelaxation(float noiseUntil = 1) : BinaryRelaxation
{
    // Far from the elements that noise is looked up by.
    private const int CoinElement = int.MaxValue;

    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"semantic hashing(noise until {noiseUntil:R})");

    /// <inheritdoc/>
    public override RelaxedChoice Relax(Context context, Tensor logits, RandomStream noise)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (noiseUntil < 1 && context.Progress >= noiseUntil)
        {
            return new RelaxedChoice(context.StraightThrough(Saturating(context, logits)));
        }

        int samples = logits.Shape[0];
        int length = logits.Shape.ProductFrom(1);
        Tensor normal = context.Workspace.Rent(logits.Shape);
        Tensor coins = context.Workspace.Rent(new Shape(samples));
        for (int row = 0; row < samples; row++)
        {
            int sample = context.SampleOf(row);
            noise.FillNormal(normal.Span.Slice(row * length, length), context.Step, sample);
            coins.Span[row] = noise.Uniform(context.Step, sample, CoinElement) < 0.5f ? 1 : 0;
        }

        Tensor saturating = Saturating(context, context.Add(logits, normal));

        // v₁ passes ½ just where l + n passes 0.
        return new RelaxedChoice(context.Blend(coins, context.StraightThrough(saturating), saturating));
    }

    private static Tensor Saturating(Context context, Tensor logits) => context.Clamp(context.Affine(context.Sigmoid(logits), 1.2f, -0.1f), 0, 1);
}
