using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ManagedDyn.Layers.Inference;

/// <summary>
/// What monitoring sees: a meter and an activity source, both named "ManagedDyn". Nothing is computed or allocated while nobody listens.
/// </summary>
public static class InferenceDiagnostics
{
    /// <summary>The name of the meter and of the activity source.</summary>
    public const string Name = "ManagedDyn";

    private static readonly Meter Instruments = new(Name);
    private static readonly ActivitySource Activities = new(Name);
    private static readonly Counter<long> Predictions = Instruments.CreateCounter<long>("manageddyn.predictions", "{prediction}", "Predictions, by the exit that answered.");
    private static readonly Counter<long> Macs = Instruments.CreateCounter<long>("manageddyn.macs", "{mac}", "Multiply-accumulate operations executed.");
    private static readonly Counter<long> SavedMacs = Instruments.CreateCounter<long>("manageddyn.macs.saved", "{mac}", "Multiply-accumulate operations of the whole network that were not executed.");
    private static readonly Histogram<double> Duration = Instruments.CreateHistogram<double>("manageddyn.predict.duration", "s", "Duration of a call, whatever its number of samples.");

    internal static Activity? Start() => Activities.HasListeners() ? Activities.StartActivity("predict") : null;

    internal static void Record(Activity? activity, ReadOnlySpan<Prediction> predictions, long started)
    {
        if (Duration.Enabled)
        {
            Duration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        if (activity is null && !Predictions.Enabled && !Macs.Enabled && !SavedMacs.Enabled)
        {
            return;
        }

        long executed = 0;
        long dense = 0;
        foreach (Prediction prediction in predictions)
        {
            executed += prediction.MacsExecuted;
            dense += prediction.MacsDense;
            if (Predictions.Enabled)
            {
                Predictions.Add(1, new KeyValuePair<string, object?>("exit", prediction.ExitIndex));
            }
        }

        Macs.Add(executed);
        SavedMacs.Add(Math.Max(0, dense - executed));
        activity?.SetTag("samples", predictions.Length).SetTag("macs.executed", executed).SetTag("macs.dense", dense);
    }
}
