using System;
using System.Diagnostics;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Dense;
using ManagedDyn.Tool.Verbs;

namespace ManagedDyn.Tool.Study;

/// <summary>Times two models in turns on the same test samples, one at a time on one thread; the medians count.</summary>
internal sealed class StudyTimer(ToolContext tool)
{
    private const int Turns = 7;
    private const int MostSamples = 512;
    private const int MostPictures = 24;
    private const double SecondsATurn = 0.15;

    /// <summary>Milliseconds an input of each.</summary>
    public (double Method, double Static) Compare(Model method, Model plain, DataSplits data)
    {
        if (method.Answers != AnswerKind.Label)
        {
            return ComparePixels(method, plain, DenseEvaluator.Images(data).Test);
        }

        Session first = new(method);
        Session second = new(plain);
        first.WarmUp();
        second.WarmUp();
        float[] inputs = Inputs(method, data);
        int size = method.SampleShape.Count;
        double once = TimeOf(first, inputs.AsSpan(0, Math.Min(16, inputs.Length / size) * size)) + TimeOf(second, inputs.AsSpan(0, Math.Min(16, inputs.Length / size) * size));
        int count = (int)Math.Clamp(2000 * SecondsATurn / once, Math.Min(16, inputs.Length / size), inputs.Length / size);
        ReadOnlySpan<float> timed = inputs.AsSpan(0, count * size);
        double[] firstTimes = new double[Turns];
        double[] secondTimes = new double[Turns];
        for (int turn = 0; turn < Turns; turn++)
        {
            tool.Cancellation.ThrowIfCancellationRequested();
            firstTimes[turn] = TimeOf(first, timed);
            secondTimes[turn] = TimeOf(second, timed);
        }

        Array.Sort(firstTimes);
        Array.Sort(secondTimes);
        return (firstTimes[Turns / 2], secondTimes[Turns / 2]);
    }

    private (double Method, double Static) ComparePixels(Model method, Model plain, ImageDataset images)
    {
        DenseSession[] sessions = [new(method), new(plain)];
        double[][] times = [new double[Turns + 1], new double[Turns + 1]];
        byte[] map = new byte[images.TargetCount];
        int count = Math.Min(MostPictures, images.Count);

        // The first turn warms up.
        for (int turn = 0; turn <= Turns; turn++)
        {
            tool.Cancellation.ThrowIfCancellationRequested();
            for (int i = 0; i < sessions.Length * count; i++)
            {
                DenseSession session = sessions[i / count];
                Budget budget = session.Model.Points.Length == 0 ? Budget.Full : Budget.Calibrated();
                times[i / count][turn] += session.Predict(DenseEvaluator.Picture(images, i % count).Pixels, images.Height, images.Width, budget, new DenseOutputs { Map = map }).Duration.TotalMilliseconds / count;
            }
        }

        foreach (double[] own in times)
        {
            Array.Sort(own, 1, Turns);
        }

        return (times[0][1 + (Turns / 2)], times[1][1 + (Turns / 2)]);
    }

    private static double TimeOf(Session session, ReadOnlySpan<float> inputs)
    {
        Budget budget = session.Model.Points.Length == 0 ? Budget.Full : Budget.Calibrated();
        int size = session.Model.SampleShape.Count;
        int count = inputs.Length / size;
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < count; i++)
        {
            session.Predict(inputs.Slice(i * size, size), [], budget);
        }

        return Stopwatch.GetElapsedTime(started).TotalMilliseconds / count;
    }

    // Both were trained on the same data by the same plan, so their encoding is the same.
    private static float[] Inputs(Model model, DataSplits data)
    {
        SampleSet samples = DataOpening.Encode(model, data).Test;
        int count = Math.Min(samples.Count, MostSamples);
        int size = model.SampleShape.Count;
        float[] inputs = new float[count * size];
        for (int i = 0; i < count; i++)
        {
            samples.Read((int)((long)i * samples.Count / count), inputs.AsSpan(i * size, size));
        }

        return inputs;
    }
}
