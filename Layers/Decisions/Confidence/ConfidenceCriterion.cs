using System;

namespace ManagedDyn.Layers.Decisions.Confidence;

/// <summary>
/// Says how sure a classifier is of one sample. A sample leaves at the first exit whose confidence is at least that exit's threshold, so a
/// stricter threshold never makes a sample leave earlier.
/// </summary>
public abstract class ConfidenceCriterion
{
    /// <summary>The criterion's name in model files and on the command line, such as "max-probability".</summary>
    public abstract string Name { get; }

    /// <summary>The confidence of one sample at one exit; larger is surer.</summary>
    /// <param name="probabilities">The softmax of the exit's logits (divided by its temperature), one a class, summing to 1.</param>
    /// <param name="history">What this sample's earlier exits said; already brought up to date with this exit.</param>
    /// <returns>The confidence, from 0 to 1 where the criterion's own documentation does not say otherwise.</returns>
    public abstract float Evaluate(ReadOnlySpan<float> probabilities, in ExitHistory history);
}
