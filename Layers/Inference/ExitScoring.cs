using System;
using System.Globalization;
using ManagedDyn.Layers.Decisions.Confidence;

namespace ManagedDyn.Layers.Inference;

/// <summary>From logits to a decision. Sums run from the first class to the last, so a sample's bits depend on its own logits alone.</summary>
internal static class ExitScoring
{
    /// <summary>
    /// p_c = exp((z_c − max z) / temperature) / Σ, and how sure the criterion is of it, 0 at the least.
    /// </summary>
    /// <param name="logits">One a class.</param>
    /// <param name="temperature">Above 0.</param>
    /// <param name="criterion">Says how sure.</param>
    /// <param name="history">What the sample's earlier exits said; this exit is added.</param>
    /// <param name="probabilities">One a class.</param>
    /// <exception cref="ArithmeticException">A logit is NaN or infinite.</exception>
    public static float Score(ReadOnlySpan<float> logits, float temperature, ConfidenceCriterion criterion, ref ExitHistory history, Span<float> probabilities)
    {
        Softmax(logits, temperature, probabilities);
        history = history.After(probabilities);
        return MathF.Max(0f, criterion.Evaluate(probabilities, in history));
    }

    /// <summary>p_c = exp((z_c − max z) / temperature) / Σ.</summary>
    public static void Softmax(ReadOnlySpan<float> logits, float temperature, Span<float> probabilities)
    {
        float largest = float.NegativeInfinity;
        foreach (float logit in logits)
        {
            if (!float.IsFinite(logit))
            {
                throw new ArithmeticException(string.Create(CultureInfo.InvariantCulture, $"A network answered with logit {logit}; expected finite numbers. Its input or its weights are too large."));
            }

            largest = MathF.Max(largest, logit);
        }

        float sum = 0f;
        for (int c = 0; c < logits.Length; c++)
        {
            float value = MathF.Exp((logits[c] - largest) / temperature);
            probabilities[c] = value;
            sum += value;
        }

        for (int c = 0; c < logits.Length; c++)
        {
            probabilities[c] /= sum;
        }
    }
}
