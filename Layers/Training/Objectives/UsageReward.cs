using System;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>
/// The reward of BlockDrop for all decisions together: 1 − used² when the answer is right, −γ when it is wrong, with the share of the cost that was used (Wu
/// et al., CVPR 2018, equation 3).
/// </summary>
/// <remarks>The paper counts blocks; here they weigh by their cost, which is the same for blocks that cost the same.</remarks>
/// <param name="penalty">γ, at least 0: what a wrong answer costs.</param>
public sealed class UsageReward(float penalty = 1) : PolicyReward
{
    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"usage(penalty={penalty:R})");

    /// <inheritdoc/>
    public override void Evaluate(in PolicyOutcome outcome, Span<float> returns)
    {
        float used = 0;
        for (int i = 0; i < outcome.Kept.Length; i++)
        {
            used += outcome.Kept[i] * outcome.Costs[i];
        }

        returns.Fill(outcome.IsRight ? 1 - (used * used) : -penalty);
    }
}
