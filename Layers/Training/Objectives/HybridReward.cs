using System;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>
/// The reward of SkipNet: what decision i returns is −loss + α·Σ_{j ≥ i} (1 − g_j)·C_j, the loss of the answer and what it and the decisions after it saved
/// (Wang et al., ECCV 2018, section 3.3). Costs C are shares of the whole, so α is what saving all of it is worth.
/// </summary>
/// <param name="saving">α, at least 0.</param>
public sealed class HybridReward(float saving = 0.1f) : PolicyReward
{
    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"hybrid(saving={saving:R})");

    /// <inheritdoc/>
    public override void Evaluate(in PolicyOutcome outcome, Span<float> returns)
    {
        float sum = -outcome.Loss;
        for (int i = returns.Length - 1; i >= 0; i--)
        {
            sum += saving * (1 - outcome.Kept[i]) * outcome.Costs[i];
            returns[i] = sum;
        }
    }
}
