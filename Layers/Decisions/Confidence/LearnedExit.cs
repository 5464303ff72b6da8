using System;

namespace ManagedDyn.Layers.Decisions.Confidence;

/// <summary>
/// How sure a trained gate is that the exit's answer may be final, from 0 to 1: that it is right (Xin et al., "BERxiT", EACL 2021, section 3.3), or the chance of
/// stopping of a policy (Hartvigsen et al., "Adaptive-halting policy network for early classification", KDD 2019), whose own rule is a threshold of ½. The network
/// must have such gates; the last exit has none, and tells the largest class probability.
/// </summary>
public sealed class LearnedExit : ConfidenceCriterion
{
    /// <inheritdoc/>
    public override string Name => "learned";

    /// <inheritdoc/>
    public override float Evaluate(ReadOnlySpan<float> probabilities, in ExitHistory history) =>
        float.IsNaN(history.Certainty) ? probabilities[history.Label] : history.Certainty;
}
