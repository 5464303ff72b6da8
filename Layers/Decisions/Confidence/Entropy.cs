using System;

namespace ManagedDyn.Layers.Decisions.Confidence;

/// <summary>
/// One minus the entropy relative to its largest value, 1 − (−Σ_c p_c ln p_c) / ln classes: 0 for a uniform guess, 1 for certainty.
/// BranchyNet (Teerapittayanon et al., ICPR 2016, section III) leaves when the entropy is below a threshold; this is the same rule on a scale
/// that does not depend on the number of classes.
/// </summary>
public sealed class Entropy : ConfidenceCriterion
{
    /// <inheritdoc/>
    public override string Name => "entropy";

    /// <inheritdoc/>
    public override float Evaluate(ReadOnlySpan<float> probabilities, in ExitHistory history)
    {
        if (probabilities.Length < 2)
        {
            return 1f;
        }

        float entropy = 0f;
        foreach (float p in probabilities)
        {
            // p ln p tends to 0 with p.
            entropy -= p > 0f ? p * MathF.Log(p) : 0f;
        }

        return 1f - (entropy / MathF.Log(probabilities.Length));
    }
}
