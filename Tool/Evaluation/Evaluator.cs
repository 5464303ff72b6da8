using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Inference.Calibration;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Imaging;
using ManagedDyn.Tool.Output;
using ManagedDyn.Tool.Reporting;

namespace ManagedDyn.Tool.Evaluation;

/// <summary>
/// Measures a model: thresholds come from the validation part, accuracies from the test part, times from calls on test images, one thread.
/// </summary>
public sealed class Evaluator
{
    private const int CurvePoints = 20;
    private const int ExampleCount = 9;
    private const int ExamplesPerClass = 2;
    private const int LargeBatch = 256;
    private const int LeastTimed = 16;
    private const int Turns = 5;
    private const int UsageSamples = 1000;
    private const double CurveSeconds = 6;

    private readonly ToolContext _tool;
    private readonly Workers _workers;

    public Evaluator(ToolContext tool, Workers workers)
    {
        _tool = tool;
        _workers = workers;
    }

    /// <summary>Gives a model temperatures and operating points from the validation part.</summary>
    /// <param name="model">The model.</param>
    /// <param name="data">The data.</param>
    /// <param name="mostMacs">MACs of a sample on average that a point "spend" keeps to; infinite: there is none.</param>
    public Model Calibrate(Model model, SampleSplits data, double mostMacs = double.PositiveInfinity)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        CheckData(model, data);
        using ProgressLine line = new(_tool.Terminal);
        SessionOptions session = new() { Workers = _workers };
        CalibrationOptions options = new() { Session = session, MostMacs = mostMacs };
        Model calibrated = Calibrator.Calibrate(model, data.Validation, options, new LineProgress(line, "calibrating"), _tool.Cancellation);
        return RejectionMeasure.Calibrate(calibrated, data, session, _tool.Cancellation);
    }

    public EvaluationResult Measure(Model model, SampleSplits data, bool withTime)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        CheckData(model, data);
        SessionOptions options = new() { Workers = _workers };
        ExitLogits validation;
        ExitLogits test;
        using (ProgressLine line = new(_tool.Terminal))
        {
            validation = ExitLogits.Collect(model, data.Validation, options, new LineProgress(line, "validation"), _tool.Cancellation);
        }

        using (ProgressLine line = new(_tool.Terminal))
        {
            test = ExitLogits.Collect(model, data.Test, options, new LineProgress(line, "test"), _tool.Cancellation);
        }

        ExitScores scores = new(test, model);
        ThresholdSolver solver = new(new ExitScores(validation, model));
        AccuracyComputeCurve curve = AccuracyComputeCurve.Draw(scores, solver, model.Points);
        curve = curve with { Dynamic = Thin(curve.Dynamic) };
        IReadOnlyList<TimeRatio> times = [];
        if (withTime)
        {
            (curve, times) = MeasureTimes(model, data.Test, curve);
        }

        CurvePoint? chosen = curve.Points.Count > 0 ? curve.Points[0] : null;
        (List<ExampleInput> easiest, List<ExampleInput> hardest) = chosen is null || data.Test is not ImageSamples images ? ([], []) : Examples(model, images.Images, scores, chosen.Thresholds);
        return new EvaluationResult(model, data.Name, data.Test.Count, curve)
        {
            Noun = data.Noun,
            Chosen = chosen,
            ExitAccuracies = chosen is null ? [] : AccuraciesOfThoseWhoLeft(scores, chosen.Thresholds),
            CalibrationErrors = Errors(scores),
            UncalibratedErrors = Errors(new ExitScores(test, model.Criterion, [])),
            Easiest = easiest,
            Hardest = hardest,
            Times = times,
            SquaredError = data.AreLevels ? LevelMeasure.SquaredError(test) : null,
            Rejection = RejectionMeasure.Measure(model, data, options, _tool.Cancellation),
            Usage = DecisionUsage.Measure(model, data.Test, UsageSamples, chosen is null ? Budget.Full : Budget.Thresholds(chosen.Thresholds)),
        };
    }

    /// <summary>A network to compare with: its last exit's accuracy, cost and time.</summary>
    public StaticPoint MeasureStatic(Model model, string name, SampleSplits data, bool withTime)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        CheckData(model, data);
        using ProgressLine line = new(_tool.Terminal);
        ExitLogits test = ExitLogits.Collect(model, data.Test, new SessionOptions { Workers = _workers }, new LineProgress(line, name), _tool.Cancellation);
        ExitScores scores = new(test, model);
        double? time = null;
        if (withTime)
        {
            Session session = new(model);
            session.WarmUp();
            float[] inputs = Inputs(model, data.Test, Math.Min(data.Test.Count, LargeBatch));
            double[] turns = new double[Turns];
            for (int turn = 0; turn < Turns; turn++)
            {
                turns[turn] = TimeOf(session, inputs, 1, Budget.Full);
            }

            Array.Sort(turns);
            time = turns[Turns / 2];
        }

        return new StaticPoint(name, model.FullMacs, scores.Accuracy(scores.Exits - 1)) { Milliseconds = time };
    }

    private static void CheckData(Model model, SampleSplits data)
    {
        if (model.Answers != AnswerKind.Label)
        {
            throw new ToolException($"the model answers with a {model.Answers}; expected one that answers with a class");
        }

        if (data.Test.SampleShape != model.SampleShape || data.Test.ClassNames.Count > model.ClassCount)
        {
            throw new ToolException(
                $"the data set {data.Name} has {data.Noun} {data.Test.SampleShape} of {data.Test.ClassNames.Count} classes; the model takes {model.SampleShape} and knows {model.ClassCount}");
        }
    }

    /// <summary>About so many points, evenly along the way that the curve takes in MACs and in accuracy, with both ends.</summary>
    private static List<CurvePoint> Thin(IReadOnlyList<CurvePoint> points)
    {
        if (points.Count <= 2)
        {
            return [.. points];
        }

        double lowest = double.PositiveInfinity;
        double highest = double.NegativeInfinity;
        foreach (CurvePoint point in points)
        {
            lowest = Math.Min(lowest, point.Accuracy);
            highest = Math.Max(highest, point.Accuracy);
        }

        double macs = Math.Max(1, points[^1].MeanMacs - points[0].MeanMacs);
        double accuracy = Math.Max(1e-9, highest - lowest);
        List<CurvePoint> kept = [points[0]];
        for (int i = 1; i < points.Count - 1; i++)
        {
            double way = ((points[i].MeanMacs - kept[^1].MeanMacs) / macs) + (Math.Abs(points[i].Accuracy - kept[^1].Accuracy) / accuracy);
            if (way >= 2.0 / CurvePoints)
            {
                kept.Add(points[i]);
            }
        }

        kept.Add(points[^1]);
        return kept;
    }

    private (AccuracyComputeCurve Curve, IReadOnlyList<TimeRatio> Times) MeasureTimes(Model model, SampleSet samples, AccuracyComputeCurve curve)
    {
        using ProgressLine line = new(_tool.Terminal);
        line.Update("measuring time", 0, string.Empty);
        Session session = new(model);
        session.WarmUp();
        float[] inputs = Inputs(model, samples, Math.Min(samples.Count, 2 * LargeBatch));
        int size = model.SampleShape.Count;

        // As many samples as the time for the curve allows.
        double full = TimeOf(session, inputs.AsSpan(0, Math.Min(inputs.Length, 16 * size)), 1, Budget.Full);
        int points = curve.Exits.Count + curve.Dynamic.Count + curve.Points.Count;
        int affordable = (int)Math.Min(int.MaxValue, CurveSeconds * 1000 / (full * 0.6 * points * (Turns + 1)));
        int count = Math.Min(Math.Max(affordable, LeastTimed), inputs.Length / size);
        curve = curve.MeasureTime(session, inputs.AsSpan(0, count * size), 1, Turns, _tool.Cancellation);
        List<TimeRatio> times = [];
        if (curve.Points.Count > 0)
        {
            foreach (int batch in new[] { 1, LargeBatch })
            {
                line.Update("measuring time", batch == 1 ? 0.5 : 0.75, string.Create(CultureInfo.InvariantCulture, $"batch {batch}"));
                times.Add(Compare(session, inputs, batch, curve.Points[0]));
            }
        }

        return (curve, times);
    }

    /// <summary>The whole network and a setting take turns on the same inputs; the medians count.</summary>
    private TimeRatio Compare(Session session, float[] inputs, int batch, CurvePoint point)
    {
        Budget budget = Budget.Thresholds(point.Thresholds);
        double[] full = new double[Turns];
        double[] dynamic = new double[Turns];
        TimeOf(session, inputs, batch, Budget.Full);
        TimeOf(session, inputs, batch, budget);
        for (int turn = 0; turn < Turns; turn++)
        {
            _tool.Cancellation.ThrowIfCancellationRequested();
            full[turn] = TimeOf(session, inputs, batch, Budget.Full);
            dynamic[turn] = TimeOf(session, inputs, batch, budget);
        }

        int count = inputs.Length / session.Model.SampleShape.Count;
        Prediction[] predictions = new Prediction[count];
        session.PredictBatch(inputs, count, Budget.Full, predictions);
        double whole = Sum(predictions);
        session.PredictBatch(inputs, count, budget, predictions);
        double macs = Sum(predictions);
        Array.Sort(full);
        Array.Sort(dynamic);
        return new TimeRatio(batch, full[Turns / 2], dynamic[Turns / 2], macs / whole);
    }

    private static double Sum(Prediction[] predictions)
    {
        double macs = 0;
        foreach (Prediction prediction in predictions)
        {
            macs += prediction.MacsExecuted;
        }

        return macs;
    }

    /// <summary>Milliseconds a sample.</summary>
    private static double TimeOf(Session session, ReadOnlySpan<float> inputs, int batch, Budget budget)
    {
        int size = session.Model.SampleShape.Count;
        int count = inputs.Length / size;
        Prediction[] predictions = new Prediction[Math.Min(batch, count)];
        long started = Stopwatch.GetTimestamp();
        for (int first = 0; first < count; first += batch)
        {
            int samples = Math.Min(batch, count - first);
            session.PredictBatch(inputs.Slice(first * size, samples * size), samples, budget, predictions.AsSpan(0, samples));
        }

        return Stopwatch.GetElapsedTime(started).TotalMilliseconds / count;
    }

    private static float[] Inputs(Model model, SampleSet samples, int count)
    {
        int size = model.SampleShape.Count;
        float[] inputs = new float[count * size];
        for (int i = 0; i < count; i++)
        {
            // Spread over the set: some sets are ordered by class.
            samples.Read((int)((long)i * samples.Count / count), inputs.AsSpan(i * size, size));
        }

        return inputs;
    }

    private static double[] Errors(ExitScores scores)
    {
        double[] errors = new double[scores.Exits];
        for (int exit = 0; exit < errors.Length; exit++)
        {
            errors[exit] = CalibrationError.Expected(scores, exit);
        }

        return errors;
    }

    private static double[] AccuraciesOfThoseWhoLeft(ExitScores scores, ExitThresholds thresholds)
    {
        IReadOnlyList<int> exits = scores.Simulate(thresholds).ExitOfSample;
        int[] left = new int[scores.Exits];
        int[] right = new int[scores.Exits];
        for (int sample = 0; sample < exits.Count; sample++)
        {
            left[exits[sample]]++;
            right[exits[sample]] += scores.IsRight(exits[sample], sample) ? 1 : 0;
        }

        double[] accuracies = new double[scores.Exits];
        for (int exit = 0; exit < accuracies.Length; exit++)
        {
            accuracies[exit] = left[exit] == 0 ? double.NaN : (double)right[exit] / left[exit];
        }

        return accuracies;
    }

    /// <summary>The surest samples that left first, and the least sure that left last; only a few of each class, so that variety shows.</summary>
    private static (List<ExampleInput> Easiest, List<ExampleInput> Hardest) Examples(Model model, ImageDataset images, ExitScores scores, ExitThresholds thresholds)
    {
        IReadOnlyList<int> exits = scores.Simulate(thresholds).ExitOfSample;
        int[] order = new int[exits.Count];
        float[] ease = new float[exits.Count];
        for (int sample = 0; sample < order.Length; sample++)
        {
            order[sample] = sample;

            // An exit earlier outweighs any confidence, which is at most 1 for the usual criteria.
            ease[sample] = (scores.Confidences(exits[sample])[sample] / 2) - exits[sample];
        }

        Array.Sort(ease, order);
        List<int> backward = new(order);
        backward.Reverse();
        return (Pick(backward), Pick(order));

        List<ExampleInput> Pick(IEnumerable<int> samples)
        {
            List<ExampleInput> picked = [];
            int[] perClass = new int[images.ClassNames.Count];
            foreach (int sample in samples)
            {
                int label = images.Label(sample);
                if (picked.Count < ExampleCount && perClass[label] < ExamplesPerClass)
                {
                    perClass[label]++;
                    int exit = exits[sample];
                    picked.Add(new ExampleInput(
                        Picture(images, sample),
                        model.LabelName(label),
                        model.LabelName(scores.Predicted(exit)[sample]),
                        exit,
                        scores.LargestProbabilities(exit)[sample]));
                }
            }

            return picked;
        }
    }

    private static PixelImage Picture(ImageDataset images, int sample)
    {
        float[] values = new float[images.ImageShape.Count];
        images.CopyImage(sample, values);
        PixelImage picture = new(images.Width, images.Height, images.Channels == 3 ? 3 : 1);
        for (int i = 0; i < picture.Pixels.Length; i++)
        {
            picture.Pixels[i] = (byte)Math.Clamp(MathF.Round(255 * values[i * images.Channels / picture.Channels]), 0, 255);
        }

        return picture;
    }

    /// <summary>Draws progress on the line; unlike <see cref="Progress{T}"/> in the calling thread.</summary>
    private sealed class LineProgress(ProgressLine line, string title) : IProgress<double>
    {
        public void Report(double value) => line.Update(title, value, string.Empty);
    }
}
