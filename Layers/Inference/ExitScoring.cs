using System;
using System.Globalization;
using ManagedDyn.Engine.Kernels.Softmax;
using ManagedDyn.Layers.Decisions.Confidence;

namespace ManagedDyn.Layers.Inference;

/// <summary>From logits to a decision. A sample's bits depend on its own logits alone.</summary>
internal static class ExitScoring
{
    /// <summary>
    /// p_c = exp((z_c − max z) / temperature) / Σ, and how sure the criterion is of it, 0 at the least.
    /// </summary>
    /// <param name="logits">One a class.</param>
    /// <param name="temperature">Above 0.</param>
    /// <param name="criterion">Says how sure.</param>
    /// <param name="history">What the sample's earlier exits said; this exit is added.</param>
    /// <param name="certainty">What the exit's gate says; NaN without a gate.</param>
    /// <param name="probabilities">One a class.</param>
    /// <exception cref="ArithmeticException">A logit is NaN or infinite.</exception>
    public static float Score(ReadOnlySpan<float> logits, float temperature, ConfidenceCriterion criterion, ref ExitHistory history, float certainty, Span<float> probabilities)
    {
        Softmax(logits, temperature, probabilities);
        history = history.After(probabilities, certainty);
        return MathF.Max(0f, criterion.Evaluate(probabilities, in history));
    }

    /// <summary>p_c = exp((z_c − max z) / temperature) / Σ.</summary>
    public static void Softmax(ReadOnlySpan<float> logits, float temperature, Span<float> probabilities)
    {
        foreach (float logit in logits)
        {
            if (!float.IsFinite(logit))
            {
                throw new ArithmeticException(string.Create(CultureInfo.InvariantCulture, $"A network answered with logit {logit}; expected finite numbers. Its input or its weights are too large."));
            }
        }

        SoftmaxRow.Probabilities(logits, temperature, probabilities);
    }
}
