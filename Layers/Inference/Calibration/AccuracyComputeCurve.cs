using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;

namespace ManagedDyn.Layers.Inference.Calibration;

/// <summary>
/// What a model's answers are worth against what they cost: each exit for all samples, and the dynamic curve, whose thresholds were found on
/// a validation set and which is drawn on a test set.
/// </summary>
public sealed record AccuracyComputeCurve
{
    /// <summary>Every sample leaves at the same exit: one point for each exit.</summary>
    public required IReadOnlyList<CurvePoint> Exits { get; init; }

    /// <summary>Samples leave where they are sure, by rising MACs.</summary>
    public required IReadOnlyList<CurvePoint> Dynamic { get; init; }

    /// <summary>The model's operating points.</summary>
    public required IReadOnlyList<CurvePoint> Points { get; init; }

    /// <summary>Draws the curve.</summary>
    /// <param name="test">The scores of the set that the curve is drawn on.</param>
    /// <param name="solver">The thresholds found on the validation set.</param>
    /// <param name="points">The model's operating points.</param>
    public static AccuracyComputeCurve Draw(ExitScores test, ThresholdSolver solver, ReadOnlySpan<OperatingPoint> points = default)
    {
        ArgumentNullException.ThrowIfNull(test);
        ArgumentNullException.ThrowIfNull(solver);
        List<CurvePoint> exits = [];
        for (int exit = 0; exit < test.Exits; exit++)
        {
            exits.Add(Point(test, $"exit {exit + 1}", ExitThresholds.AlwaysAt(test.Exits, exit)));
        }

        List<CurvePoint> dynamic = [];
        foreach (ThresholdOutcome outcome in solver.Curve())
        {
            dynamic.Add(Point(test, FormattableString.Invariant($"{outcome.MeanMacs:0} MACs on validation"), outcome.Thresholds));
        }

        List<CurvePoint> named = [];
        foreach (OperatingPoint point in points)
        {
            named.Add(Point(test, point.Name, point.Thresholds));
        }

        dynamic.Sort(static (left, right) => left.MeanMacs.CompareTo(right.MeanMacs));
        return new AccuracyComputeCurve { Exits = exits, Dynamic = dynamic, Points = named };
    }

    /// <summary>
    /// The same curve with the time of each point, measured on real sessions. The points take turns, so that a disturbance of the machine
    /// falls on all; the median of the turns counts.
    /// </summary>
    /// <param name="session">A session of the model.</param>
    /// <param name="inputs">Samples, already preprocessed, one after another.</param>
    /// <param name="batch">How many samples a call gets.</param>
    /// <param name="repetitions">How many turns.</param>
    /// <param name="cancellation">Ends the work early.</param>
    public AccuracyComputeCurve MeasureTime(Session session, ReadOnlySpan<float> inputs, int batch, int repetitions = 5, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(repetitions, 1);
        List<CurvePoint> all = [.. Exits, .. Dynamic, .. Points];
        double[,] seconds = new double[all.Count, repetitions];
        for (int turn = -1; turn < repetitions; turn++)
        {
            for (int i = 0; i < all.Count; i++)
            {
                double time = Time(session, inputs, batch, Budget.Thresholds(all[i].Thresholds), cancellation);

                // The first turn warms up and does not count.
                if (turn >= 0)
                {
                    seconds[i, turn] = time;
                }
            }
        }

        List<CurvePoint> timed = [];
        double[] turns = new double[repetitions];
        for (int i = 0; i < all.Count; i++)
        {
            for (int turn = 0; turn < repetitions; turn++)
            {
                turns[turn] = seconds[i, turn];
            }

            Array.Sort(turns);
            timed.Add(all[i] with { MeanTime = TimeSpan.FromSeconds(turns[repetitions / 2]) });
        }

        return new AccuracyComputeCurve
        {
            Exits = timed[..Exits.Count],
            Dynamic = timed[Exits.Count..(Exits.Count + Dynamic.Count)],
            Points = timed[(Exits.Count + Dynamic.Count)..],
        };
    }

    private static CurvePoint Point(ExitScores test, string name, ExitThresholds thresholds)
    {
        ThresholdOutcome outcome = test.Simulate(thresholds);
        double[] shares = new double[test.Exits];
        for (int exit = 0; exit < shares.Length; exit++)
        {
            shares[exit] = (double)outcome.ExitCounts[exit] / Math.Max(1, test.Samples);
        }

        return new CurvePoint(name, thresholds, outcome.MeanMacs, outcome.Accuracy) { ExitShares = shares };
    }

    // Seconds a sample.
    private static double Time(Session session, ReadOnlySpan<float> inputs, int batch, Budget budget, CancellationToken cancellation)
    {
        int size = session.Model.SampleShape.Count;
        int count = inputs.Length / size;
        Prediction[] predictions = new Prediction[Math.Min(batch, Math.Max(1, count))];
        long start = Stopwatch.GetTimestamp();
        for (int first = 0; first < count; first += batch)
        {
            int samples = Math.Min(batch, count - first);
            session.PredictBatch(inputs.Slice(first * size, samples * size), samples, budget, predictions, default, cancellation);
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds / Math.Max(1, count);
    }
}
