using System;
using System.Collections.Generic;

namespace ManagedDyn.Layers.Inference.Calibration;

/// <summary>
/// Budgeted batch classification as Huang et al. do it ("Multi-Scale Dense Networks for Resource Efficient Image Classification", ICLR 2018,
/// section 5 and appendix): the part of the samples that leaves at exit k is q_k ∝ r^k, and the thresholds are found exit by exit so that this
/// part of a validation set leaves.
/// </summary>
public static class ExitLaw
{
    private const int Halvings = 200;

    // ln r is sought between these; beyond them all samples take one exit.
    private const double Steepest = 40;

    /// <summary>q_k = r^k / Σ_j r^j.</summary>
    /// <param name="exits">The number of exits.</param>
    /// <param name="ratio">r, above 0: below 1 most leave early, above 1 late.</param>
    public static double[] Shares(int exits, double ratio)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(exits, 1);
        if (!(ratio > 0) || !double.IsFinite(ratio))
        {
            throw new ArgumentOutOfRangeException(nameof(ratio), ratio, "The ratio of the exit law must be a finite number above 0.");
        }

        // Relative to the largest power, so that no power overflows.
        double slope = Math.Log(ratio);
        double top = Math.Max(0, slope * (exits - 1));
        double[] shares = new double[exits];
        double sum = 0;
        for (int exit = 0; exit < exits; exit++)
        {
            shares[exit] = Math.Exp((slope * exit) - top);
            sum += shares[exit];
        }

        for (int exit = 0; exit < exits; exit++)
        {
            shares[exit] /= sum;
        }

        return shares;
    }

    /// <summary>The ratio r at which Σ_k q_k C_k equals a budget.</summary>
    /// <param name="costs">What leaving at each exit costs, ascending.</param>
    /// <param name="budget">The mean cost wanted, from the first cost to the last.</param>
    /// <exception cref="ArgumentException">No ratio gives such a mean.</exception>
    public static double SolveRatio(IReadOnlyList<double> costs, double budget)
    {
        ArgumentNullException.ThrowIfNull(costs);
        if (costs.Count == 0 || !(budget >= costs[0] && budget <= costs[^1]))
        {
            throw new ArgumentException(FormattableString.Invariant($"The budget is {budget:0} MACs a sample; expected from {(costs.Count == 0 ? 0 : costs[0]):0}, the first exit's, to {(costs.Count == 0 ? 0 : costs[^1]):0}, the last one's."), nameof(budget));
        }

        double low = -Steepest;
        double high = Steepest;
        for (int i = 0; i < Halvings; i++)
        {
            double middle = (low + high) / 2;
            (low, high) = MeanCost(costs, Math.Exp(middle)) <= budget ? (middle, high) : (low, middle);
        }

        return Math.Exp(low);
    }

    /// <summary>The thresholds at which given parts of a set leave: at each exit, the surest of the samples that are still there.</summary>
    /// <param name="scores">The scores of a validation set.</param>
    /// <param name="shares">The part that leaves at each exit, summing to 1.</param>
    public static ExitThresholds Thresholds(ExitScores scores, IReadOnlyList<double> shares)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(shares);
        if (shares.Count != scores.Exits)
        {
            throw new ArgumentException($"{shares.Count} shares were given; expected {scores.Exits}, one for each exit.", nameof(shares));
        }

        float[] thresholds = new float[scores.Exits - 1];
        bool[] gone = new bool[scores.Samples];
        float[] there = new float[scores.Samples];
        for (int exit = 0; exit < thresholds.Length; exit++)
        {
            ReadOnlySpan<float> confidences = scores.Confidences(exit);
            int count = 0;
            for (int sample = 0; sample < gone.Length; sample++)
            {
                if (!gone[sample])
                {
                    there[count++] = confidences[sample];
                }
            }

            int leaving = Math.Min(count, (int)Math.Floor(shares[exit] * scores.Samples));
            Array.Sort(there, 0, count);
            thresholds[exit] = leaving == 0 ? ExitThresholds.Never : there[count - leaving];
            for (int sample = 0; sample < gone.Length; sample++)
            {
                gone[sample] |= confidences[sample] >= thresholds[exit];
            }
        }

        return new ExitThresholds(thresholds);
    }

    private static double MeanCost(IReadOnlyList<double> costs, double ratio)
    {
        double[] shares = Shares(costs.Count, ratio);
        double mean = 0;
        for (int exit = 0; exit < shares.Length; exit++)
        {
            mean += shares[exit] * costs[exit];
        }

        return mean;
    }
}
