using System;
using System.Linq;
using ManagedDyn.Layers.Decisions.Confidence;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Inference.Calibration;
using Xunit;

namespace ManagedDyn.Tests.Layers.Inference.Calibration;

public sealed class ThresholdSolverTests
{
    [Theory]
    [InlineData(0.1)]
    [InlineData(1)]
    [InlineData(7.5)]
    [InlineData(1e-30)]
    [InlineData(1e30)]
    public void Shares_are_the_powers_of_the_ratio(double ratio)
    {
        double[] shares = ExitLaw.Shares(5, ratio);
        Assert.Equal(1, shares.Sum(), 1e-12);
        for (int exit = 1; exit < 5; exit++)
        {
            Assert.Equal(shares[exit - 1] * ratio, shares[exit], 1e-12);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => ExitLaw.Shares(5, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => ExitLaw.Shares(5, double.NaN));
    }

    [Fact]
    public void The_ratio_meets_the_budget()
    {
        double[] costs = [15, 40, 90, 200];
        for (double budget = 15; budget <= 200; budget += 5)
        {
            double[] shares = ExitLaw.Shares(4, ExitLaw.SolveRatio(costs, budget));
            Assert.Equal(budget, shares.Zip(costs, (share, cost) => share * cost).Sum(), 1e-6);
        }

        Assert.Contains("14", Assert.Throws<ArgumentException>(() => ExitLaw.SolveRatio(costs, 14)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => ExitLaw.SolveRatio(costs, 201));
        Assert.Throws<ArgumentException>(() => ExitLaw.SolveRatio(costs, double.NaN));
    }

    [Fact]
    public void A_budget_is_spent_as_far_as_the_curve_goes()
    {
        ThresholdSolver solver = new(new ExitScores(SyntheticExits.Make(4, 300, 5, 3), new MaxProbability(), []));
        double cheapest = solver.Curve()[0].MeanMacs;
        double before = 0;
        for (double budget = cheapest; budget < 2500; budget += 50)
        {
            ThresholdOutcome spent = solver.ForSpending(budget);
            Assert.InRange(spent.MeanMacs, Math.Max(before, solver.ForMacs(budget).MeanMacs), budget);
            Assert.True(spent.MeanMacs > before || budget > cheapest);
            before = spent.MeanMacs;
        }

        Assert.Equal(solver.Curve()[^1].MeanMacs, before);
        Assert.Throws<ArgumentException>(() => solver.ForSpending(cheapest - 1));
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(1)]
    [InlineData(2)]
    public void Thresholds_of_the_law_are_those_of_the_papers_program(double ratio)
    {
        ExitScores scores = Scores(4, 999, 5);
        double[] shares = ExitLaw.Shares(4, ratio);
        ExitThresholds thresholds = ExitLaw.Thresholds(scores, shares);
        Assert.Equal(ThresholdsOfThePaper(scores, shares), thresholds.Values.ToArray());
        ThresholdOutcome outcome = scores.Simulate(thresholds);
        for (int exit = 0; exit < 3; exit++)
        {
            Assert.Equal((int)Math.Floor(shares[exit] * 999), outcome.ExitCounts[exit]);
        }
    }

    [Fact]
    public void A_direct_search_ends_where_no_single_threshold_can_be_bettered()
    {
        ExitScores scores = Scores(4, 60, 3);
        ThresholdSearch search = new(scores);
        foreach (double price in new[] { 1e-6, 1e-4, 3e-4, 1e-3 })
        {
            ExitThresholds found = search.Improve(ExitThresholds.AlwaysAt(4, 3), price);
            double worth = Worth(scores.Simulate(found), price);
            for (int exit = 0; exit < 3; exit++)
            {
                float[] tries = [.. scores.Confidences(exit), 0f, ExitThresholds.Never];
                foreach (float candidate in tries)
                {
                    float[] values = found.Values.ToArray();
                    values[exit] = candidate;
                    Assert.True(Worth(scores.Simulate(new ExitThresholds(values)), price) <= worth + 1e-9, $"Threshold {candidate} of exit {exit} is better than {found[exit]} at price {price}.");
                }
            }
        }
    }

    [Fact]
    public void Budgets_and_drops_are_kept_and_the_direct_search_is_no_worse_than_the_law()
    {
        ExitScores scores = Scores(5, 3000, 4);
        ThresholdSolver solver = new(scores);
        ThresholdSolver law = new(scores, direct: false);
        double last = scores.MeanMacs(4);
        bool better = false;
        for (double share = 0.1; share <= 1; share += 0.1)
        {
            ThresholdOutcome found = solver.ForMacs(share * last);
            ThresholdOutcome plain = law.ForMacs(share * last);
            Assert.True(found.MeanMacs <= share * last);
            Assert.True(found.Accuracy >= plain.Accuracy);
            better |= found.Accuracy > plain.Accuracy;
        }

        Assert.True(better);
        Assert.Throws<ArgumentException>(() => solver.ForMacs(scores.MeanMacs(0) - 1));
        foreach (double drop in new[] { 0, 0.003, 0.02 })
        {
            ThresholdOutcome found = solver.ForDrop(drop, 0);
            ThresholdOutcome safe = solver.ForDrop(drop, 2);
            Assert.Equal(scores.Accuracy(4) - found.Accuracy, found.Drop, 1e-12);
            Assert.True(found.Drop <= drop + 1e-12);
            Assert.True(safe.Drop + (2 * safe.DropError) <= drop + 1e-12);
            Assert.InRange(found.MeanMacs, 0, safe.MeanMacs);
            Assert.True(found.MeanMacs < last);
        }

        ThresholdOutcome near = solver.ByLaw(last / 2);
        Assert.Equal(last / 2, near.MeanMacs, last * 0.01);
    }

    [Fact]
    public void The_frontier_rises()
    {
        ThresholdSolver solver = new(Scores(5, 1000, 4));
        ThresholdOutcome? before = null;
        foreach (ThresholdOutcome outcome in solver.Frontier())
        {
            Assert.True(before is null || (outcome.MeanMacs > before.MeanMacs && outcome.Accuracy > before.Accuracy));
            before = outcome;
        }

        Assert.True(solver.Frontier().Count > 5);
    }

    [Fact]
    public void The_curve_goes_on_to_the_last_exit()
    {
        ExitScores scores = Scores(5, 1000, 4);
        ThresholdSolver solver = new(scores);
        System.Collections.Generic.IReadOnlyList<ThresholdOutcome> curve = solver.Curve();
        for (int i = 1; i < curve.Count; i++)
        {
            Assert.True(curve[i].MeanMacs > curve[i - 1].MeanMacs);
        }

        Assert.Equal(scores.MeanMacs(4), curve[^1].MeanMacs);
        Assert.True(curve.Count > solver.Frontier().Count + 5);
        Assert.Equal(solver.Frontier(), curve.Take(solver.Frontier().Count));
    }

    [Fact]
    public void Drops_hold_on_samples_that_were_not_seen()
    {
        // With two standard errors a promise fails about once in forty; many samples of the same kind judge.
        int promises = 0;
        int broken = 0;
        for (ulong seed = 1; seed <= 12; seed++)
        {
            ExitScores seen = new(SyntheticExits.Make(4, 1000, 5, seed), new MaxProbability(), []);
            ExitScores others = new(SyntheticExits.Make(4, 20_000, 5, 100 + seed), new MaxProbability(), []);
            ThresholdSolver solver = new(seen);
            foreach (double drop in new[] { 0.005, 0.02 })
            {
                ThresholdOutcome kept = others.Simulate(solver.ForDrop(drop).Thresholds);
                promises++;
                broken += kept.Drop > drop ? 1 : 0;
                Assert.InRange(kept.Drop, -1, 2 * drop);
            }
        }

        Assert.True(broken <= promises / 10, $"{broken} of {promises} promises were broken.");
    }

    [Fact]
    public void Few_samples_promise_nothing()
    {
        ExitScores scores = Scores(4, 3, 3);
        Assert.Equal(scores.MeanMacs(3), new ThresholdSolver(scores).ForDrop(0.003).MeanMacs);
    }

    [Fact]
    public void Patience_is_simulated_with_its_history()
    {
        ExitLogits logits = SyntheticExits.Make(4, 200, 3, 2);
        ExitScores scores = new(logits, new Patience(), []);
        ThresholdOutcome outcome = scores.Simulate(ExitThresholds.Uniform(4, 2f));
        Assert.Equal(0, outcome.ExitCounts[0]);
        for (int sample = 0; sample < 200; sample++)
        {
            int exit = outcome.ExitOfSample[sample];
            Assert.True(exit == 3 || scores.Predicted(exit)[sample] == scores.Predicted(exit - 1)[sample]);
        }
    }

    [Fact]
    public void Solving_is_the_same_each_time()
    {
        ThresholdOutcome first = new ThresholdSolver(Scores(4, 500, 3)).ForDrop(0.01);
        ThresholdOutcome second = new ThresholdSolver(Scores(4, 500, 3)).ForDrop(0.01);
        Assert.Equal(first.Thresholds.Values.ToArray(), second.Thresholds.Values.ToArray());
    }

    // dynamic_evaluate of the authors' program (adaptive_inference.py), statement by statement.
    private static float[] ThresholdsOfThePaper(ExitScores scores, double[] shares)
    {
        int samples = scores.Samples;
        float[] thresholds = new float[scores.Exits - 1];
        Array.Fill(thresholds, ExitThresholds.Never);
        bool[] filtered = new bool[samples];
        for (int k = 0; k < thresholds.Length; k++)
        {
            float[] confidences = scores.Confidences(k).ToArray();
            int[] sorted = [.. Enumerable.Range(0, samples).OrderByDescending(i => confidences[i])];
            int count = 0;
            int wanted = (int)Math.Floor(samples * shares[k]);
            foreach (int original in sorted)
            {
                if (!filtered[original])
                {
                    count++;
                    if (count == wanted)
                    {
                        thresholds[k] = confidences[original];
                        break;
                    }
                }
            }

            for (int i = 0; i < samples; i++)
            {
                filtered[i] |= confidences[i] >= thresholds[k];
            }
        }

        return thresholds;
    }

    private static ExitScores Scores(int exits, int samples, int classes) =>
        new(SyntheticExits.Make(exits, samples, classes, 17), new MaxProbability(), []);

    private static double Worth(ThresholdOutcome outcome, double price) => outcome.Accuracy * outcome.ExitOfSample.Count - (price * outcome.MeanMacs * outcome.ExitOfSample.Count);
}
