using System;
using System.Collections.Generic;

namespace ManagedDyn.Layers.Inference.Calibration;

/// <summary>
/// Finds thresholds on a validation set: for a budget of mean MACs, or for an accuracy at the least MACs. Candidates are the exit laws of many
/// ratios and what a direct search over each threshold makes of them at many prices of a MAC; the best candidate wins.
/// </summary>
public sealed class ThresholdSolver
{
    private const int Ratios = 81;
    private const double LowestRatio = 0.02;
    private const double HighestRatio = 50;
    private const int Prices = 24;
    private const double PriceRange = 1e4;

    private readonly List<ThresholdOutcome> _candidates = [];
    private readonly ExitScores _scores;

    /// <summary>Makes the candidates.</summary>
    /// <param name="scores">The scores of a validation set of at least one sample; never of a test set.</param>
    /// <param name="direct">Whether to search directly too, beyond the exit law.</param>
    public ThresholdSolver(ExitScores scores, bool direct = true)
    {
        ArgumentNullException.ThrowIfNull(scores);
        if (scores.Samples == 0)
        {
            throw new ArgumentException("There is no sample to find thresholds on; expected at least one.", nameof(scores));
        }

        _scores = scores;
        for (int exit = 0; exit < scores.Exits; exit++)
        {
            _candidates.Add(scores.Simulate(ExitThresholds.AlwaysAt(_scores.Exits, exit)));
        }

        for (int i = 0; i < Ratios; i++)
        {
            double ratio = LowestRatio * Math.Pow(HighestRatio / LowestRatio, (double)i / (Ratios - 1));
            _candidates.Add(scores.Simulate(ExitLaw.Thresholds(scores, ExitLaw.Shares(scores.Exits, ratio))));
        }

        if (direct && scores.Exits > 1)
        {
            AddDirect();
        }

        _candidates.Sort(static (left, right) => left.MeanMacs != right.MeanMacs ? left.MeanMacs.CompareTo(right.MeanMacs) : right.Accuracy.CompareTo(left.Accuracy));
    }

    /// <summary>All candidates, by rising MACs.</summary>
    public IReadOnlyList<ThresholdOutcome> Candidates => _candidates;

    /// <summary>The candidates that no other beats both in accuracy and in MACs, by rising MACs: the accuracy–compute curve on the validation set.</summary>
    public IReadOnlyList<ThresholdOutcome> Frontier()
    {
        List<ThresholdOutcome> frontier = [];
        foreach (ThresholdOutcome candidate in _candidates)
        {
            if (frontier.Count == 0 || candidate.Accuracy > frontier[^1].Accuracy)
            {
                frontier.Add(candidate);
            }
        }

        return frontier;
    }

    /// <summary>The thresholds of the best accuracy whose mean MACs keep to a budget on the validation set.</summary>
    /// <param name="budget">Mean MACs a sample.</param>
    /// <exception cref="ArgumentException">Even leaving always at the first exit costs more.</exception>
    public ThresholdOutcome ForMacs(double budget)
    {
        ThresholdOutcome? best = null;
        foreach (ThresholdOutcome candidate in _candidates)
        {
            if (candidate.MeanMacs <= budget && (best is null || candidate.Accuracy > best.Accuracy))
            {
                best = candidate;
            }
        }

        return best ?? throw new ArgumentException(FormattableString.Invariant($"The budget is {budget:0} MACs a sample, but the first exit already takes {_scores.MeanMacs(0):0}."), nameof(budget));
    }

    /// <summary>The thresholds of the least MACs whose accuracy is at most some points below that of the last exit.</summary>
    /// <param name="drop">How much lower the accuracy may be, as a part of one: 0.003 for 0.3 points.</param>
    /// <param name="safety">
    /// How many standard errors of the measured drop are added to it before it is compared: with 0 the drop on other samples is as often larger
    /// as smaller, with 1 it is larger about once in six times.
    /// </param>
    public ThresholdOutcome ForDrop(double drop, double safety = 1)
    {
        foreach (ThresholdOutcome candidate in _candidates)
        {
            if (candidate.Drop + (safety * candidate.DropError) <= drop)
            {
                return candidate;
            }
        }

        // Leaving always at the last exit has no drop and no error.
        return _scores.Simulate(ExitThresholds.AlwaysAt(_scores.Exits, _scores.Exits - 1));
    }

    /// <summary>Budgeted batch classification by the exit law alone: r from Σ q_k C_k = budget, and the thresholds that belong to it.</summary>
    /// <param name="budget">Mean MACs a sample.</param>
    /// <exception cref="ArgumentException">It is below the first exit's MACs or above the last one's.</exception>
    public ThresholdOutcome ByLaw(double budget)
    {
        double[] costs = new double[_scores.Exits];
        for (int exit = 0; exit < costs.Length; exit++)
        {
            costs[exit] = _scores.MeanMacs(exit);
        }

        double ratio = ExitLaw.SolveRatio(costs, budget);
        return _scores.Simulate(ExitLaw.Thresholds(_scores, ExitLaw.Shares(_scores.Exits, ratio)));
    }

    private void AddDirect()
    {
        ThresholdSearch search = new(_scores);
        double span = Math.Max(1, _scores.MeanMacs(_scores.Exits - 1));
        int starts = _candidates.Count;
        ExitThresholds previous = ExitThresholds.AlwaysAt(_scores.Exits, _scores.Exits - 1);
        for (int i = 0; i < Prices; i++)
        {
            // From a tenth of a thousandth of a right answer for the whole network's MACs, up.
            double price = 1e-4 * Math.Pow(PriceRange, (double)i / (Prices - 1)) / span;
            previous = search.Improve(previous, price);
            _candidates.Add(_scores.Simulate(previous));
            ThresholdOutcome best = _candidates[0];
            for (int start = 0; start < starts; start++)
            {
                if (Worth(_candidates[start], price) > Worth(best, price))
                {
                    best = _candidates[start];
                }
            }

            _candidates.Add(_scores.Simulate(search.Improve(best.Thresholds, price)));
        }
    }

    private static double Worth(ThresholdOutcome outcome, double price) => outcome.Accuracy - (price * outcome.MeanMacs);
}
