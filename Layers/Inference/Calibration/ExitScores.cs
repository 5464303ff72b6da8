using System;
using System.Collections.Generic;
using ManagedDyn.Layers.Decisions.Confidence;

namespace ManagedDyn.Layers.Inference.Calibration;

/// <summary>How sure every exit is of every sample of a set, and whether it is right: what thresholds are tried out on.</summary>
public sealed class ExitScores
{
    private readonly ExitLogits _logits;
    private readonly ConfidenceCriterion _criterion;
    private readonly IReadOnlyList<float> _temperatures;
    private readonly float[] _confidences;
    private readonly float[] _largest;
    private readonly int[] _predicted;

    /// <summary>Scores all exits as a session of the model would.</summary>
    /// <param name="logits">What the exits said.</param>
    /// <param name="criterion">How sure an exit is.</param>
    /// <param name="temperatures">One for each exit; empty: 1 for all.</param>
    public ExitScores(ExitLogits logits, ConfidenceCriterion criterion, IReadOnlyList<float> temperatures)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(criterion);
        ArgumentNullException.ThrowIfNull(temperatures);
        if (temperatures.Count != 0 && temperatures.Count != logits.Exits)
        {
            throw new ArgumentException($"{temperatures.Count} temperatures were given; expected none or {logits.Exits}, one for each exit.", nameof(temperatures));
        }

        _logits = logits;
        _criterion = criterion;
        _temperatures = temperatures;
        int count = logits.Exits * logits.Samples;
        _confidences = new float[count];
        _largest = new float[count];
        _predicted = new int[count];
        float[] probabilities = new float[logits.Classes];
        for (int sample = 0; sample < logits.Samples; sample++)
        {
            ExitHistory history = ExitHistory.Empty;
            for (int exit = 0; exit < logits.Exits; exit++)
            {
                int place = (exit * logits.Samples) + sample;
                float temperature = temperatures.Count == 0 ? 1f : temperatures[exit];
                _confidences[place] = ExitScoring.Score(logits.Of(exit, sample), temperature, criterion, ref history, logits.Certainty(exit, sample), probabilities);
                _predicted[place] = history.Label;
                _largest[place] = probabilities[history.Label];
            }
        }
    }

    /// <summary>Scores all exits with a model's criterion and temperatures.</summary>
    /// <param name="logits">What the exits said.</param>
    /// <param name="model">The model.</param>
    public ExitScores(ExitLogits logits, Model model)
        : this(logits, Checked(model).Criterion, model.Temperatures.ToArray())
    {
    }

    /// <summary>The number of exits.</summary>
    public int Exits => _logits.Exits;

    /// <summary>The number of samples.</summary>
    public int Samples => _logits.Samples;

    /// <summary>How sure one exit is of each sample.</summary>
    /// <param name="exit">The exit.</param>
    public ReadOnlySpan<float> Confidences(int exit) => _confidences.AsSpan(exit * Samples, Samples);

    /// <summary>The largest class probability of one exit for each sample, which its calibration is measured by.</summary>
    /// <param name="exit">The exit.</param>
    public ReadOnlySpan<float> LargestProbabilities(int exit) => _largest.AsSpan(exit * Samples, Samples);

    /// <summary>The class that one exit gives each sample.</summary>
    /// <param name="exit">The exit.</param>
    public ReadOnlySpan<int> Predicted(int exit) => _predicted.AsSpan(exit * Samples, Samples);

    /// <summary>Whether one exit is right about a sample.</summary>
    /// <param name="exit">The exit.</param>
    /// <param name="sample">The sample.</param>
    public bool IsRight(int exit, int sample) => _predicted[(exit * Samples) + sample] == _logits.Labels[sample];

    /// <summary>The MACs executed for one sample that leaves at one exit.</summary>
    /// <param name="exit">The exit.</param>
    /// <param name="sample">The sample.</param>
    public long Macs(int exit, int sample) => _logits.Macs(exit, sample);

    /// <summary>The mean MACs of samples that leave at one exit.</summary>
    /// <param name="exit">The exit.</param>
    public double MeanMacs(int exit)
    {
        double sum = 0;
        for (int sample = 0; sample < Samples; sample++)
        {
            sum += Macs(exit, sample);
        }

        return Samples == 0 ? 0 : sum / Samples;
    }

    /// <summary>The part of the samples that one exit is right about.</summary>
    /// <param name="exit">The exit.</param>
    public double Accuracy(int exit)
    {
        int right = 0;
        for (int sample = 0; sample < Samples; sample++)
        {
            right += IsRight(exit, sample) ? 1 : 0;
        }

        return Samples == 0 ? 0 : (double)right / Samples;
    }

    /// <summary>What thresholds give on the set.</summary>
    /// <param name="thresholds">One for each exit but the last.</param>
    public ThresholdOutcome Simulate(ExitThresholds thresholds)
    {
        ArgumentNullException.ThrowIfNull(thresholds);
        if (thresholds.Count != Exits - 1)
        {
            throw new ArgumentException($"{thresholds.Count} thresholds were given; expected {Exits - 1}, one for each exit but the last.", nameof(thresholds));
        }

        int[] counts = new int[Exits];
        int[] taken = new int[Samples];
        int right = 0;
        int gained = 0;
        int lost = 0;
        double macs = 0;
        for (int sample = 0; sample < Samples; sample++)
        {
            int exit = 0;
            while (exit < Exits - 1 && !(_confidences[(exit * Samples) + sample] >= thresholds[exit]))
            {
                exit++;
            }

            taken[sample] = exit;
            counts[exit]++;
            macs += Macs(exit, sample);
            bool isRight = IsRight(exit, sample);
            bool lastIsRight = IsRight(Exits - 1, sample);
            right += isRight ? 1 : 0;
            gained += isRight && !lastIsRight ? 1 : 0;
            lost += !isRight && lastIsRight ? 1 : 0;
        }

        int total = Math.Max(1, Samples);
        double drop = (double)(lost - gained) / total;
        double variance = ((double)(lost + gained) / total) - (drop * drop);
        return new ThresholdOutcome
        {
            Thresholds = thresholds,
            Accuracy = (double)right / total,
            MeanMacs = macs / total,
            ExitCounts = counts,
            ExitOfSample = taken,
            Gained = gained,
            Lost = lost,
            Drop = drop,
            DropError = Math.Sqrt(Math.Max(0, variance) / total),
        };
    }

    /// <summary>The scores of some of the samples.</summary>
    internal ExitScores Of(IReadOnlyList<int> samples) => new(_logits.Of(samples), _criterion, _temperatures);

    private static Model Checked(Model model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return model;
    }
}
