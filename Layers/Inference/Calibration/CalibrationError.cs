using System;

namespace ManagedDyn.Layers.Inference.Calibration;

/// <summary>
/// How far probabilities are from the frequencies they claim: Σ_b (n_b / N) · |accuracy_b − confidence_b| over bins of equal width (Naeini et
/// al., AAAI 2015; Guo et al., ICML 2017, equation 3).
/// </summary>
public static class CalibrationError
{
    /// <summary>The usual number of bins.</summary>
    public const int UsualBins = 15;

    /// <summary>The expected calibration error of one exit.</summary>
    /// <param name="scores">The exits' scores.</param>
    /// <param name="exit">The exit.</param>
    /// <param name="bins">The number of bins.</param>
    public static double Expected(ExitScores scores, int exit, int bins = UsualBins)
    {
        ArgumentNullException.ThrowIfNull(scores);
        bool[] right = new bool[scores.Samples];
        for (int sample = 0; sample < right.Length; sample++)
        {
            right[sample] = scores.IsRight(exit, sample);
        }

        return Expected(scores.LargestProbabilities(exit), right, bins);
    }

    /// <summary>The expected calibration error of predictions.</summary>
    /// <param name="probabilities">The probability of each predicted class, from 0 to 1.</param>
    /// <param name="right">Whether the prediction was right.</param>
    /// <param name="bins">The number of bins; bin b holds probabilities in (b / bins, (b + 1) / bins].</param>
    /// <returns>From 0 to 1; 0 for no predictions.</returns>
    public static double Expected(ReadOnlySpan<float> probabilities, ReadOnlySpan<bool> right, int bins = UsualBins)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bins, 1);
        if (probabilities.Length != right.Length)
        {
            throw new ArgumentException($"{probabilities.Length} probabilities and {right.Length} results were given; expected as many of each.", nameof(right));
        }

        double[] confidence = new double[bins];
        int[] hits = new int[bins];
        for (int i = 0; i < probabilities.Length; i++)
        {
            if (!(probabilities[i] >= 0f && probabilities[i] <= 1.0001f))
            {
                throw new ArgumentException($"Probability {i} is not between 0 and 1.", nameof(probabilities));
            }

            int bin = Math.Clamp((int)Math.Ceiling((double)probabilities[i] * bins) - 1, 0, bins - 1);
            confidence[bin] += probabilities[i];
            hits[bin] += right[i] ? 1 : 0;
        }

        double error = 0;
        for (int bin = 0; bin < bins; bin++)
        {
            error += Math.Abs(hits[bin] - confidence[bin]);
        }

        return probabilities.Length == 0 ? 0 : error / probabilities.Length;
    }
}
