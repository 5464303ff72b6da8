using System;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>
/// The reward of SkipNet: what decision i returns is −loss + α·Σ_{j ≥ i} (1 − g_j)·C_j, the loss of the answer and what it and the decisions after it saved
/// (Wang et al., ECCV 2018, section 3.3). Costs C are shares of the whole, so α is what saving all of it is worth.
/// </summary>
/// <remarks>
/// With a target t, saving is worth α·(ū − t), where ū is the share of the cost that the batch used on average: a step up the mean of −loss − α/2·(ū − t)². The
/// worth settles where inputs differ in what they lose, and those that lose least save. The paper has one α for all of training, found by hand for each
/// network and set of data: a little less of it saves nothing, a little more skips the same layers for every input.
/// </remarks>
/// <param name="saving">α, at least 0.</param>
/// <param name="target">t, from 0 to 1; 0: none.</param>
/// <param name="countsLikely">
/// Whether ū is what the likely decisions use, as inference will, and not the drawn ones: gates that all run by chance at the rate asked for use, once they
/// are no longer drawn, everything. Needs the greedy baseline, which knows it.
/// </param>
public sealed class HybridReward(float saving = 0.1f, float target = 0, bool countsLikely = false) : PolicyReward
{
    /// <inheritdoc/>
    public override string Description => target > 0
        ? FormattableString.Invariant($"hybrid(saving={saving:R}, target={target:R}{(countsLikely ? " of likely decisions" : string.Empty)})")
        : FormattableString.Invariant($"hybrid(saving={saving:R})");

    /// <inheritdoc/>
    public override void Evaluate(in PolicyOutcome outcome, Span<float> returns)
    {
        float worth = target > 0 ? saving * ((countsLikely ? outcome.LikelyUsed : outcome.MeanUsed) - target) : saving;
        float sum = -outcome.Loss;
        for (int i = returns.Length - 1; i >= 0; i--)
        {
            sum += worth * (1 - outcome.Kept[i]) * outcome.Costs[i];
            returns[i] = sum;
        }
    }
}
