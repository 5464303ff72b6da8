using System;

namespace ManagedDyn.Layers.Decisions.Confidence;

/// <summary>
/// The largest class probability less the second largest, from 0 to 1 (Park et al., "Big/Little Deep Neural Network for Ultra Low Power
/// Inference", CODES+ISSS 2015).
/// </summary>
public sealed class Margin : ConfidenceCriterion
{
    /// <inheritdoc/>
    public override string Name => "margin";

    /// <inheritdoc/>
    public override float Evaluate(ReadOnlySpan<float> probabilities, in ExitHistory history)
    {
        float second = 0f;
        for (int i = 0; i < probabilities.Length; i++)
        {
            if (i != history.Label)
            {
                second = MathF.Max(second, probabilities[i]);
            }
        }

        return probabilities[history.Label] - second;
    }
}
