using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Imaging;
using ManagedDyn.Tool.Output;

namespace ManagedDyn.Tool.Dense;

/// <summary>Measures a model that answers for each pixel: thresholds come from the validation part, what they are worth from the test part.</summary>
internal sealed class DenseEvaluator(ToolContext tool, Workers workers)
{
    private const int ExampleCount = 4;
    private const int TimedImages = 24;
    private const int Turns = 3;

    // What an operating point may lose against refining all: points of the mean intersection over union, or decibels.
    private static readonly double[] UnionLosses = [0.005, 0.02];
    private static readonly double[] DecibelLosses = [0.1, 0.5];

    private static readonly float[] LabelThresholds = [0, 0.5f, 0.7f, 0.8f, 0.9f, 0.95f, 0.98f, 0.99f, 0.995f, 0.999f, float.PositiveInfinity];
    private static readonly float[] PictureThresholds = [0, 0.7f, 0.8f, 0.85f, 0.9f, 0.93f, 0.95f, 0.97f, 0.98f, 0.99f, float.PositiveInfinity];

    /// <summary>The images of a data set; fails where it has others.</summary>
    public static ImageSplits Images(DataSplits data) => data as ImageSplits
        ?? throw new ToolException($"the data set {data.Name} has {data.Noun}; expected images, as the model answers for each pixel");

    /// <summary>Gives a model operating points: the least threshold that loses no more than so much on the validation part.</summary>
    public Model Calibrate(Model model, ImageSplits data)
    {
        CheckData(model, data);
        if (model.ExitCount == 1)
        {
            return model;
        }

        List<DensePoint> curve = Curve(model, data.Validation, "calibrating");
        List<OperatingPoint> points = [];
        foreach (double loss in model.Answers == AnswerKind.Picture ? DecibelLosses : UnionLosses)
        {
            DensePoint point = curve.Find(candidate => candidate.Quality >= curve[^1].Quality - loss)!;
            string name = model.Answers == AnswerKind.Picture
                ? string.Create(CultureInfo.InvariantCulture, $"drop-{loss:0.0}dB")
                : string.Create(CultureInfo.InvariantCulture, $"drop-{100 * loss:0.0}");
            points.Add(new OperatingPoint(name, new ExitThresholds([point.Threshold]))
            {
                ExpectedAccuracy = model.Answers == AnswerKind.Picture ? double.NaN : point.Quality,
                ExpectedMacs = point.Macs,
            });
        }

        return model.With(model.Description with { Points = points });
    }

    public DenseResult Measure(Model model, ImageSplits data, bool withTime)
    {
        CheckData(model, data);
        List<DensePoint> curve = model.ExitCount == 1 ? [Measure(model, data.Test, "whole network", float.PositiveInfinity)] : Curve(model, data.Test, "measuring");
        List<DensePoint> points = [];
        foreach (OperatingPoint point in model.Points)
        {
            points.Add(Measure(model, data.Test, point.Name, point.Thresholds[0]));
        }

        if (withTime)
        {
            curve[^1] = Timed(model, data.Test, curve[^1]);
            for (int i = 0; i < points.Count; i++)
            {
                points[i] = Timed(model, data.Test, points[i]);
            }
        }

        return new DenseResult(model, data.Name, data.Test.Count, curve) { Points = points, Examples = Examples(model, data.Test) };
    }

    /// <summary>A network to compare with, with all pixels computed.</summary>
    public DensePoint MeasureStatic(Model model, string name, ImageSplits data, bool withTime)
    {
        CheckData(model, data);
        DensePoint point = Measure(model, data.Test, name, float.PositiveInfinity);
        return withTime ? Timed(model, data.Test, point) : point;
    }

    /// <summary>The first operating point of a model on the test part; of one without points, all pixels computed.</summary>
    public DensePoint MeasureChosen(Model model, ImageSplits data)
    {
        CheckData(model, data);
        return model.Points.Length > 0
            ? Measure(model, data.Test, model.Points[0].Name, model.Points[0].Thresholds[0])
            : Measure(model, data.Test, "whole network", float.PositiveInfinity);
    }

    /// <summary>The peak signal-to-noise ratio of the test images themselves, in decibels, where clean pictures of them are asked for.</summary>
    public static double NoiseOf(ImageSplits data)
    {
        ImageDataset images = data.Test;
        int[] targets = new int[images.TargetCount];
        double squares = 0;
        for (int i = 0; i < images.Count; i++)
        {
            byte[] pixels = Picture(images, i).Pixels;
            images.CopyTargets(i, targets);
            for (int t = 0; t < targets.Length; t++)
            {
                double difference = (targets[t] - pixels[t]) / 255.0;
                squares += difference * difference;
            }
        }

        return Decibels(squares / ((double)Math.Max(1, images.Count) * targets.Length));
    }

    /// <summary>An image of a data set as bytes.</summary>
    public static PixelImage Picture(ImageDataset images, int index)
    {
        float[] values = new float[images.ImageShape.Count];
        images.CopyImage(index, values);
        PixelImage picture = new(images.Width, images.Height, images.Channels);
        for (int i = 0; i < values.Length; i++)
        {
            picture.Pixels[i] = (byte)Math.Clamp(MathF.Round(255 * values[i]), 0, 255);
        }

        return picture;
    }

    private static double Decibels(double meanSquare) => -10 * Math.Log10(Math.Max(1e-12, meanSquare));

    private static void CheckData(Model model, ImageSplits data)
    {
        if (data.Test.Answers != model.Answers || data.Test.ImageShape[2] != model.SampleShape[2] || (model.Answers == AnswerKind.LabelMap && data.Test.ClassNames.Count > model.ClassCount))
        {
            throw new ToolException(
                $"the data set {data.Name} has images {data.Test.ImageShape} that are answered with a {data.Test.Answers} of {data.Test.ClassNames.Count} classes; the model takes {model.SampleShape[2]} channels and answers with a {model.Answers} of {model.ClassCount}");
        }
    }

    private static Budget BudgetOf(float threshold) => float.IsPositiveInfinity(threshold) ? Budget.Full : Budget.Confidence(threshold);

    private List<DensePoint> Curve(Model model, ImageDataset images, string title)
    {
        using ProgressLine line = new(tool.Terminal);
        List<DensePoint> points = [];
        float[] thresholds = model.Answers == AnswerKind.Picture ? PictureThresholds : LabelThresholds;
        for (int i = 0; i < thresholds.Length; i++)
        {
            line.Update(title, (double)i / thresholds.Length, string.Empty);
            string name = i == 0 ? "first pass only" : i == thresholds.Length - 1 ? "all refined" : string.Create(CultureInfo.InvariantCulture, $"below {thresholds[i]}");
            points.Add(Measure(model, images, name, thresholds[i]));
        }

        return points;
    }

    private DensePoint Measure(Model model, ImageDataset images, string name, float threshold)
    {
        DenseSession session = new(model, new SessionOptions { Workers = workers });
        PixelConfusion confusion = new(Math.Max(2, model.ClassCount));
        double squares = 0;
        double macs = 0;
        double refined = 0;
        int[] targets = new int[images.TargetCount];
        byte[] map = new byte[images.TargetCount];
        for (int i = 0; i < images.Count; i++)
        {
            tool.Cancellation.ThrowIfCancellationRequested();
            DensePrediction prediction = session.Predict(Picture(images, i).Pixels, images.Height, images.Width, BudgetOf(threshold), new DenseOutputs { Map = map }, tool.Cancellation);
            macs += prediction.MacsExecuted;
            refined += prediction.RefinedPixels;
            images.CopyTargets(i, targets);
            for (int t = 0; t < targets.Length; t++)
            {
                if (model.Answers == AnswerKind.LabelMap)
                {
                    confusion.Add(targets[t], map[t]);
                }
                else
                {
                    double difference = (targets[t] - map[t]) / 255.0;
                    squares += difference * difference;
                }
            }
        }

        double count = Math.Max(1, images.Count);
        bool isPicture = model.Answers == AnswerKind.Picture;
        double quality = isPicture ? Decibels(squares / (count * targets.Length)) : confusion.MeanUnion;
        return new DensePoint(name, threshold, quality, isPicture ? double.NaN : confusion.Accuracy, refined / (count * images.Height * images.Width), macs / count);
    }

    private DensePoint Timed(Model model, ImageDataset images, DensePoint point)
    {
        DenseSession session = new(model);
        byte[] map = new byte[images.TargetCount];
        int count = Math.Min(TimedImages, images.Count);
        double best = double.PositiveInfinity;
        for (int turn = 0; turn <= Turns; turn++)
        {
            double sum = 0;
            for (int i = 0; i < count; i++)
            {
                sum += session.Predict(Picture(images, i).Pixels, images.Height, images.Width, BudgetOf(point.Threshold), new DenseOutputs { Map = map }, tool.Cancellation).Duration.TotalMilliseconds;
            }

            // The first turn warms up.
            best = turn == 0 ? best : Math.Min(best, sum / count);
        }

        return point with { Milliseconds = best };
    }

    private List<DenseExample> Examples(Model model, ImageDataset images)
    {
        DenseSession session = new(model, new SessionOptions { Workers = workers });
        Budget budget = model.Points.Length > 0 ? Budget.Calibrated() : Budget.Full;
        List<DenseExample> examples = [];
        for (int i = 0; i < Math.Min(ExampleCount, images.Count); i++)
        {
            PixelImage picture = Picture(images, i);
            byte[] map = new byte[images.TargetCount];
            byte[] refined = new byte[images.Height * images.Width];
            DensePrediction prediction = session.Predict(picture.Pixels, picture.Height, picture.Width, budget, new DenseOutputs { Map = map, Refined = refined });
            int[] targets = new int[images.TargetCount];
            images.CopyTargets(i, targets);
            DenseAnswer wanted = new(string.Empty, picture, prediction, Array.ConvertAll(targets, static target => (byte)target), []);
            examples.Add(new DenseExample(wanted.ToPicture(model.Answers), new DenseAnswer("test image " + (i + 1).ToString(CultureInfo.InvariantCulture), picture, prediction, map, refined)));
        }

        return examples;
    }
}
