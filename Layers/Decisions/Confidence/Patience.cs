using System;

namespace ManagedDyn.Layers.Decisions.Confidence;

/// <summary>
/// How many exits in a row gave the same label: an integer from 1, and the threshold is the patience asked for (Zhou et al., "BERT Loses
/// Patience: Fast and Robust Inference with Early Exit", NeurIPS 2020, section 3.2, where the count starts at 0: their patience t is a
/// threshold of t + 1 here).
/// </summary>
public sealed class Patience : ConfidenceCriterion
{
    /// <inheritdoc/>
    public override string Name => "patience";

    /// <inheritdoc/>
    public override float Evaluate(ReadOnlySpan<float> probabilities, in ExitHistory history) => history.Agreement;
}
