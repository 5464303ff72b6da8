using System;

namespace ManagedDyn.Layers.Decisions.Confidence;

/// <summary>
/// The largest class probability, max_c p_c, from 1 / classes to 1 (Huang et al., "Multi-Scale Dense Networks for Resource Efficient Image
/// Classification", ICLR 2018, section 3).
/// </summary>
public sealed class MaxProbability : ConfidenceCriterion
{
    /// <inheritdoc/>
    public override string Name => "max-probability";

    /// <inheritdoc/>
    public override float Evaluate(ReadOnlySpan<float> probabilities, in ExitHistory history) => probabilities[history.Label];
}
