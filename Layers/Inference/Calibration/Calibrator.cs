using System;
using System.Collections.Generic;
using System.Globalization;
using System.Threading;
using ManagedDyn.Layers.Data;

namespace ManagedDyn.Layers.Inference.Calibration;

/// <summary>Gives a model honest probabilities and operating points, found on a validation set; the network is run once over the set.</summary>
public static class Calibrator
{
    /// <summary>Calibrates on images.</summary>
    /// <param name="model">The model; it is not changed.</param>
    /// <param name="validation">A validation set: neither training nor test data.</param>
    /// <param name="options">Which operating points to make.</param>
    /// <param name="progress">Is told the part that is done, from 0 to 1.</param>
    /// <param name="cancellation">Ends the work early.</param>
    /// <returns>The same network with temperatures and operating points.</returns>
    public static Model Calibrate(Model model, ImageDataset validation, CalibrationOptions? options = null, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        options ??= CalibrationOptions.Default;
        return Calibrate(model, ExitLogits.Collect(model, validation, options.Session, progress, cancellation), options);
    }

    /// <summary>Calibrates on samples that the model's encoding made.</summary>
    /// <param name="model">The model; it is not changed.</param>
    /// <param name="validation">A validation set: neither training nor test data.</param>
    /// <param name="options">Which operating points to make.</param>
    /// <param name="progress">Is told the part that is done, from 0 to 1.</param>
    /// <param name="cancellation">Ends the work early.</param>
    /// <returns>The same network with temperatures and operating points.</returns>
    public static Model Calibrate(Model model, SampleSet validation, CalibrationOptions? options = null, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        options ??= CalibrationOptions.Default;
        return Calibrate(model, ExitLogits.Collect(model, validation, options.Session, progress, cancellation), options);
    }

    /// <summary>Calibrates on logits that were collected already.</summary>
    /// <param name="model">The model; it is not changed.</param>
    /// <param name="logits">What the model's exits said of a validation set.</param>
    /// <param name="options">Which operating points to make.</param>
    /// <returns>The same network with temperatures and operating points.</returns>
    public static Model Calibrate(Model model, ExitLogits logits, CalibrationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(logits);
        options ??= CalibrationOptions.Default;
        if (logits.Exits != model.ExitCount || logits.Classes != model.ClassCount)
        {
            throw new ArgumentException($"The logits are of {logits.Exits} exits and {logits.Classes} classes; the model has {model.ExitCount} and {model.ClassCount}.", nameof(logits));
        }

        float[] temperatures = options.FitTemperatures ? TemperatureFit.FitAll(logits) : model.Temperatures.ToArray();
        ExitScores scores = new(logits, model.Criterion, temperatures);
        ThresholdSolver solver = new(scores);
        List<OperatingPoint> points = [];
        if (options.MostMacs >= scores.MeanMacs(0) && double.IsFinite(options.MostMacs))
        {
            points.Add(Point("spend", solver.ForSpending(options.MostMacs), (long)Math.Min(options.MostMacs, long.MaxValue / 2)));
        }

        foreach (double drop in options.Drops)
        {
            points.Add(Point("drop-" + Percent(drop), solver.ForDrop(drop, options.Safety), 0));
        }

        foreach (double share in options.MacsShares)
        {
            long budget = (long)(share * model.FullMacs);
            if (budget >= scores.MeanMacs(0))
            {
                points.Add(Point("macs-" + Percent(share), solver.ForMacs(budget), budget));
            }
        }

        return model.With(model.Description with { Temperatures = temperatures, Points = points });
    }

    private static OperatingPoint Point(string name, ThresholdOutcome outcome, long budget) => new(name, outcome.Thresholds)
    {
        MacsBudget = budget,
        ExpectedAccuracy = outcome.Accuracy,
        ExpectedMacs = outcome.MeanMacs,
    };

    private static string Percent(double part) => (part * 100).ToString("0.####", CultureInfo.InvariantCulture);
}
