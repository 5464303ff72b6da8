using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;

namespace ManagedDyn.Layers.Inference.Calibration;

/// <summary>
/// Finds thresholds on a validation set: for a budget of mean MACs, or for an accuracy at the least MACs. Candidates are the exit laws of many
/// ratios, what a direct search over each threshold makes of them at many prices of a MAC, and what lies between the most accurate of these and
/// the last exit; the best candidate wins.
/// </summary>
/// <remarks>
/// What a candidate reaches on the samples that its thresholds were fitted to flatters it. Where a drop is promised, each way of making thresholds is
/// therefore cross-validated: made on four fifths of the samples and judged on the fifth that it has not seen.
/// </remarks>
public sealed class ThresholdSolver
{
    private const int Ratios = 81;
    private const double LowestRatio = 0.02;
    private const double HighestRatio = 50;
    private const int Prices = 24;
    private const double PriceRange = 1e4;
    private const int Approaches = 16;
    private const int Folds = 5;

    // In the order in which they are made: the same place means the same way of making thresholds, whatever the samples.
    private readonly List<ThresholdOutcome> _made = [];
    private readonly List<ThresholdOutcome> _candidates;
    private readonly ExitScores _scores;
    private readonly bool _direct;
    private (int Gained, int Lost)[]? _unseen;

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
        _direct = direct;
        for (int exit = 0; exit < scores.Exits; exit++)
        {
            _made.Add(scores.Simulate(ExitThresholds.AlwaysAt(_scores.Exits, exit)));
        }

        for (int i = 0; i < Ratios; i++)
        {
            double ratio = LowestRatio * Math.Pow(HighestRatio / LowestRatio, (double)i / (Ratios - 1));
            _made.Add(scores.Simulate(ExitLaw.Thresholds(scores, ExitLaw.Shares(scores.Exits, ratio))));
        }

        if (direct && scores.Exits > 1)
        {
            AddDirect();
        }

        AddApproaches();
        _candidates = [.. _made];
        _candidates.Sort(ByMacs);
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

    /// <summary>
    /// The frontier, and on from its most accurate candidate to the last exit: there accuracy on the validation set rises no more, but on other
    /// samples it may.
    /// </summary>
    public IReadOnlyList<ThresholdOutcome> Curve()
    {
        List<ThresholdOutcome> curve = [.. Frontier()];
        List<ThresholdOutcome> approaches = [.. _made[^Approaches..], _made[_scores.Exits - 1]];
        approaches.Sort(ByMacs);
        foreach (ThresholdOutcome approach in approaches)
        {
            if (approach.MeanMacs > curve[^1].MeanMacs)
            {
                curve.Add(approach);
            }
        }

        return curve;
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

    /// <summary>The thresholds of <see cref="Curve"/> that spend most of a budget of mean MACs on the validation set.</summary>
    /// <param name="budget">Mean MACs a sample.</param>
    /// <exception cref="ArgumentException">Even leaving always at the first exit costs more.</exception>
    public ThresholdOutcome ForSpending(double budget)
    {
        ThresholdOutcome? most = null;
        foreach (ThresholdOutcome candidate in Curve())
        {
            most = candidate.MeanMacs <= budget ? candidate : most;
        }

        return most ?? ForMacs(budget);
    }

    /// <summary>The thresholds of the least MACs whose accuracy is at most some points below that of the last exit.</summary>
    /// <remarks>
    /// The curve is followed from the last exit down for as long as the drop holds, and left at the first point where it does not: so the choice is not
    /// the luckiest of many (fixed sequence testing; Angelopoulos et al., "Learn then Test", 2021).
    /// </remarks>
    /// <param name="drop">How much lower the accuracy may be, as a part of one: 0.003 for 0.3 points.</param>
    /// <param name="safety">
    /// How many standard errors are added to the drop, as cross-validation measures it, before it is compared: with 0 the drop on other samples
    /// is as often larger as smaller, with 1 it is larger about once in six times, with 2 once in forty.
    /// </param>
    public ThresholdOutcome ForDrop(double drop, double safety = 2)
    {
        _unseen ??= CrossValidate();
        IReadOnlyList<ThresholdOutcome> curve = Curve();

        // Leaving always at the last exit has no drop and no error.
        ThresholdOutcome best = _made[_scores.Exits - 1];
        for (int i = curve.Count - 1; i >= 0; i--)
        {
            ThresholdOutcome candidate = curve[i];
            if (ReferenceEquals(candidate, _made[_scores.Exits - 1]))
            {
                continue;
            }

            if (candidate.Drop + (safety * candidate.DropError) > drop || UnseenDrop(_made.FindIndex(made => ReferenceEquals(made, candidate)), safety) > drop)
            {
                break;
            }

            best = candidate;
        }

        return best;
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

    private static int ByMacs(ThresholdOutcome left, ThresholdOutcome right) =>
        left.MeanMacs != right.MeanMacs ? left.MeanMacs.CompareTo(right.MeanMacs) : right.Accuracy.CompareTo(left.Accuracy);

    private void AddDirect()
    {
        ThresholdSearch search = new(_scores);
        double span = Math.Max(1, _scores.MeanMacs(_scores.Exits - 1));
        int starts = _made.Count;
        ExitThresholds previous = ExitThresholds.AlwaysAt(_scores.Exits, _scores.Exits - 1);
        for (int i = 0; i < Prices; i++)
        {
            // From a tenth of a thousandth of a right answer for the whole network's MACs, up.
            double price = 1e-4 * Math.Pow(PriceRange, (double)i / (Prices - 1)) / span;
            previous = search.Improve(previous, price);
            _made.Add(_scores.Simulate(previous));
            ThresholdOutcome best = _made[0];
            for (int start = 0; start < starts; start++)
            {
                if (Worth(_made[start], price) > Worth(best, price))
                {
                    best = _made[start];
                }
            }

            _made.Add(_scores.Simulate(search.Improve(best.Thresholds, price)));
        }
    }

    // From the most accurate candidate to the last exit: at each exit a part, growing evenly, of those who left stays, the least sure of them.
    private void AddApproaches()
    {
        ThresholdOutcome best = _made[0];
        foreach (ThresholdOutcome candidate in _made)
        {
            best = candidate.Accuracy > best.Accuracy || (candidate.Accuracy == best.Accuracy && candidate.MeanMacs < best.MeanMacs) ? candidate : best;
        }

        double[] shares = new double[_scores.Exits];
        for (int i = 1; i <= Approaches; i++)
        {
            double leaving = 0;
            for (int exit = 0; exit < shares.Length - 1; exit++)
            {
                shares[exit] = (1 - ((double)i / (Approaches + 1))) * best.ExitCounts[exit] / _scores.Samples;
                leaving += shares[exit];
            }

            shares[^1] = 1 - leaving;
            _made.Add(_scores.Simulate(ExitLaw.Thresholds(_scores, shares)));
        }
    }

    /// <summary>For each way of making thresholds, how many answers it turned right and wrong against the last exit, on samples not used to make them.</summary>
    private (int Gained, int Lost)[] CrossValidate()
    {
        (int Gained, int Lost)[] unseen = new (int, int)[_made.Count];
        RandomStream folds = new RandomSource(0).Stream("calibration.folds");
        for (int fold = 0; fold < Folds; fold++)
        {
            List<int> fitted = [];
            List<int> judged = [];
            for (int sample = 0; sample < _scores.Samples; sample++)
            {
                (folds.Integer(Folds, 0, sample, 0) == fold ? judged : fitted).Add(sample);
            }

            if (judged.Count == 0 || fitted.Count == 0)
            {
                continue;
            }

            ThresholdSolver solver = new(_scores.Of(fitted), _direct);
            ExitScores others = _scores.Of(judged);
            for (int i = 0; i < unseen.Length; i++)
            {
                ThresholdOutcome outcome = others.Simulate(solver._made[i].Thresholds);
                unseen[i].Gained += outcome.Gained;
                unseen[i].Lost += outcome.Lost;
            }
        }

        return unseen;
    }

    // One more answer is counted as different than was seen: that none differed among few samples does not say that none will.
    private double UnseenDrop(int made, double safety)
    {
        (int gained, int lost) = _unseen![made];
        double drop = (double)(lost - gained) / _scores.Samples;
        double variance = ((double)(lost + gained + 1) / _scores.Samples) - (drop * drop);
        return drop + (safety * Math.Sqrt(Math.Max(0, variance) / _scores.Samples));
    }

    private static double Worth(ThresholdOutcome outcome, double price) => outcome.Accuracy - (price * outcome.MeanMacs);
}
