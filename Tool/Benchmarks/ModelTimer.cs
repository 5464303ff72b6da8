using System;
using System.Collections.Generic;
using System.Diagnostics;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Data.Text;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tool.CommandLine;

namespace ManagedDyn.Tool.Benchmarks;

/// <summary>Measures a model layer by layer. Medians count; nothing of the inputs matters but their number.</summary>
public sealed class ModelTimer(Model model, Workers workers, ToolContext tool)
{
    private const int LeastTurns = 5;
    private const int MostTurns = 1000;

    /// <summary>Measures batches of a size for about some seconds, half of them for the whole and half for the layers.</summary>
    public BatchTiming Measure(int batch, double seconds)
    {
        float[] inputs = new float[checked(batch * model.SampleShape.Count)];
        RandomStream random = new RandomSource(1).Stream("bench");
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i] = random.Uniform(0, i / model.SampleShape.Count, i % model.SampleShape.Count);
        }

        if (model.Encoding is TextEncoding text)
        {
            // Tokens that the vocabulary holds, as many as there is room for.
            int known = text.Tokenizer.Vocabulary - Tokenizer.First;
            for (int i = 0; i < inputs.Length; i++)
            {
                inputs[i] = known > 0 ? Tokenizer.First + Math.Min(known - 1, (int)(inputs[i] * known)) : Tokenizer.Unknown;
            }
        }

        Prediction[] predictions = new Prediction[batch];
        return new BatchTiming(batch, TimeExits(inputs, predictions, seconds / 2), TimeLayers(inputs, predictions, seconds / 2));
    }

    private double[] TimeExits(float[] inputs, Prediction[] predictions, double seconds)
    {
        Session session = new(model, new SessionOptions { Workers = workers });
        session.WarmUp(predictions.Length);
        List<double>[] times = new List<double>[model.ExitCount];
        Budget[] budgets = new Budget[model.ExitCount];
        for (int exit = 0; exit < times.Length; exit++)
        {
            times[exit] = [];
            budgets[exit] = Budget.Thresholds(ExitThresholds.AlwaysAt(model.ExitCount, exit));
        }

        long started = Stopwatch.GetTimestamp();
        for (int turn = 0; Goes(turn, started, seconds); turn++)
        {
            // Exits take turns, so that a disturbance of the machine falls on all.
            for (int exit = 0; exit < times.Length; exit++)
            {
                long before = Stopwatch.GetTimestamp();
                session.PredictBatch(inputs, predictions.Length, budgets[exit], predictions);
                times[exit].Add(Stopwatch.GetElapsedTime(before).TotalMilliseconds / predictions.Length);
            }
        }

        return Array.ConvertAll(times, Median);
    }

    private List<LayerTiming> TimeLayers(float[] inputs, Prediction[] predictions, double seconds)
    {
        Session session = new(model, new SessionOptions { Workers = workers, TimeLayers = true });
        session.WarmUp(predictions.Length);
        ComputeReport report = session.Report!;
        List<double>[] times = new List<double>[report.Layers];
        for (int layer = 0; layer < times.Length; layer++)
        {
            times[layer] = [];
        }

        long started = Stopwatch.GetTimestamp();
        for (int turn = 0; Goes(turn, started, seconds); turn++)
        {
            session.PredictBatch(inputs, predictions.Length, Budget.Full, predictions);
            for (int layer = 0; layer < times.Length; layer++)
            {
                times[layer].Add(report.LayerTime(layer).TotalMilliseconds / predictions.Length);
            }
        }

        Dictionary<string, string> kinds = new(StringComparer.Ordinal);
        foreach ((string path, Module module) in model.Network.NamedModules())
        {
            kinds[path.Length == 0 ? module.GetType().Name : path] = module.GetType().Name;
        }

        List<LayerTiming> layers = [];
        for (int layer = 0; layer < times.Length; layer++)
        {
            double time = Median(times[layer]);
            long macs = report.LayerMacsExecuted(layer) / predictions.Length;
            if (time > 0 || macs > 0)
            {
                string name = report.LayerName(layer);
                layers.Add(new LayerTiming(name, kinds.GetValueOrDefault(name, string.Empty), macs, time));
            }
        }

        return layers;
    }

    private bool Goes(int turn, long started, double seconds)
    {
        tool.Cancellation.ThrowIfCancellationRequested();
        return turn < LeastTurns || (turn < MostTurns && Stopwatch.GetElapsedTime(started).TotalSeconds < seconds);
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
