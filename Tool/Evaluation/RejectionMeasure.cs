using System;
using System.Collections.Generic;
using System.Threading;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Inference.Calibration;

namespace ManagedDyn.Tool.Evaluation;

/// <summary>Chooses and measures which answers a model gives at all, where a data set has samples of none of the classes.</summary>
internal static class RejectionMeasure
{
    /// <summary>The model with the bound that the validation part gives; unchanged where there are no samples to choose it on.</summary>
    public static Model Calibrate(Model model, SampleSplits data, SessionOptions options, CancellationToken cancellation)
    {
        if (data.OutsideValidation is not { } outside)
        {
            return model;
        }

        (float[] inside, bool[] isRight) = Answers(model, data.Validation, options, cancellation);
        float bound = RejectionThreshold.Choose(inside, isRight, Answers(model, outside, options, cancellation).Probabilities);
        return model.With(model.Description with { LeastConfidence = bound });
    }

    /// <summary>What the bound does to the test part; null where there are no samples to measure it on, or no bound.</summary>
    public static RejectionResult? Measure(Model model, SampleSplits data, SessionOptions options, CancellationToken cancellation)
    {
        float bound = model.Description.LeastConfidence;
        if (data.OutsideTest is not { } outside || bound <= 0)
        {
            return null;
        }

        (float[] inside, bool[] isRight) = Answers(model, data.Test, options, cancellation);
        int answered = 0;
        int right = 0;
        for (int i = 0; i < inside.Length; i++)
        {
            answered += inside[i] >= bound ? 1 : 0;
            right += inside[i] >= bound && isRight[i] ? 1 : 0;
        }

        float[] others = Answers(model, outside, options, cancellation).Probabilities;
        int rejected = Array.FindAll(others, probability => probability < bound).Length;
        return new RejectionResult(bound, (double)rejected / others.Length, 1 - ((double)answered / inside.Length), answered == 0 ? double.NaN : (double)right / answered);
    }

    // The largest class probability of each sample where it leaves, and whether that class is right.
    private static (float[] Probabilities, bool[] IsRight) Answers(Model model, SampleSet samples, SessionOptions options, CancellationToken cancellation)
    {
        ExitScores scores = new(ExitLogits.Collect(model, samples, options, cancellation: cancellation), model);
        IReadOnlyList<int>? exits = model.Points.Length > 0 ? scores.Simulate(model.Points[0].Thresholds).ExitOfSample : null;
        float[] probabilities = new float[samples.Count];
        bool[] isRight = new bool[samples.Count];
        for (int i = 0; i < probabilities.Length; i++)
        {
            int exit = exits?[i] ?? scores.Exits - 1;
            probabilities[i] = scores.LargestProbabilities(exit)[i];
            isRight[i] = scores.IsRight(exit, i);
        }

        return (probabilities, isRight);
    }
}
