using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Threading;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tests.Laws;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.Inference;

public sealed class SessionTests
{
    private static readonly Shape Sample = new(3, 3, 2);

    [Fact]
    public void Inputs_that_are_wrong_are_refused_before_anything_is_computed()
    {
        TinyNetwork network = Network();
        Session session = new(new Model(network));
        network.OnStage = _ => Assert.Fail("A stage ran.");
        float[] input = Inputs(1);
        ArgumentException length = Assert.Throws<ArgumentException>(() => session.Predict(input.AsSpan(1), [], Budget.Full));
        Assert.Contains("17", length.Message, StringComparison.Ordinal);
        Assert.Contains("18", length.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => session.Predict(input, new float[2], Budget.Full));
        Assert.Throws<ArgumentException>(() => session.PredictBatch(input, 1, Budget.Full, []));
        Assert.Throws<ArgumentOutOfRangeException>(() => session.PredictBatch(input, -1, Budget.Full, []));
        Assert.Contains("preprocessing", Assert.Throws<ArgumentException>(() => session.Predict(new byte[18], [], Budget.Full)).Message, StringComparison.Ordinal);
        foreach (float wrong in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            float[] many = Inputs(5);
            many[(3 * 18) + 7] = wrong;
            ArgumentException exception = Assert.Throws<ArgumentException>(() => session.PredictBatch(many, 5, Budget.Full, new Prediction[5]));
            Assert.Contains("Value 7 of input 3", exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Budgets_that_are_impossible_are_refused_naming_both_numbers()
    {
        Model model = new(Network());
        Session session = new(model);
        float[] input = Inputs(1);
        ArgumentException cap = Assert.Throws<ArgumentException>(() => session.Predict(input, [], Budget.Macs(model.ExitMacs(0) - 1)));
        Assert.Contains((model.ExitMacs(0) - 1).ToString(), cap.Message, StringComparison.Ordinal);
        Assert.Contains(model.ExitMacs(0).ToString(), cap.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => session.Predict(input, [], Budget.Calibrated()));
        Assert.Contains("half", Assert.Throws<ArgumentException>(() => session.Predict(input, [], Budget.AtPoint("half"))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => session.Predict(input, [], Budget.Thresholds(new ExitThresholds(0.5f))));
        Assert.Throws<ArgumentException>(() => Budget.Confidence(float.NaN));
        Assert.Throws<ArgumentException>(() => Budget.Confidence(-0.1f));
        Assert.Throws<ArgumentException>(() => Budget.Calibrated(0f));
        Assert.Throws<ArgumentOutOfRangeException>(() => Budget.Macs(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Budget.Deadline(TimeSpan.Zero));
        Assert.Equal(3, session.Predict(input, [], Budget.Full).ExitIndex);
    }

    [Fact]
    public void A_caps_price_is_paid_to_the_last_MAC()
    {
        Model model = new(Network());
        Session session = new(model);
        float[] input = Inputs(1);
        for (int exit = 0; exit < model.ExitCount; exit++)
        {
            Prediction prediction = session.Predict(input, [], Budget.Macs(model.ExitMacs(exit)));
            Assert.Equal(exit, prediction.ExitIndex);
            Assert.Equal(model.ExitMacs(exit), prediction.MacsExecuted);
            Assert.Equal(Math.Max(0, exit - 1), session.Predict(input, [], Budget.Macs(Math.Max(model.ExitMacs(0), model.ExitMacs(exit) - 1))).ExitIndex);
        }
    }

    [Fact]
    public void Who_has_left_is_computed_no_more()
    {
        TinyNetwork network = Network();
        Model model = new(network);
        const int Count = 40;
        float[] inputs = Inputs(Count);
        Session session = new(model, new SessionOptions { ChunkSamples = Count, KeepTrace = true, KeepReport = true });
        Prediction[] predictions = new Prediction[Count];
        session.PredictBatch(inputs, Count, Budget.Full, predictions);
        float[] confidences = new float[Count];
        for (int i = 0; i < Count; i++)
        {
            confidences[i] = session.Trace!.Confidences(i)[0];
        }

        Array.Sort(confidences);
        session.PredictBatch(inputs, Count, Budget.Thresholds(new ExitThresholds(confidences[Count / 4], ExitThresholds.Never, 0f)), predictions);
        int early = 0;
        for (int i = 0; i < Count; i++)
        {
            early += predictions[i].ExitIndex == 0 ? 1 : 0;
            Assert.Contains(predictions[i].ExitIndex, new[] { 0, 2 });
            Assert.Equal(predictions[i].ExitIndex + 1, session.Trace!.ExitsSeen(i));
            Assert.Equal(predictions[i].Confidence, session.Trace.Confidences(i)[^1]);
            Assert.Equal(predictions[i].Label, session.Trace.Labels(i)[^1]);
            Assert.Equal(model.ExitMacs(predictions[i].ExitIndex), predictions[i].MacsExecuted);
        }

        Assert.Equal(Count - (Count / 4), early);
        Assert.Equal((Count * network.StageMacs(0)) + (Count / 4 * (network.StageMacs(1) + network.StageMacs(2))), session.Report!.MacsExecuted);
    }

    [Fact]
    public void Bytes_go_through_the_models_preprocessing()
    {
        Preprocessing preprocessing = new(Sample, [0.1f, 0.2f], [3f, 5f]);
        Model model = new(Network(), new ModelDescription { Preprocessing = preprocessing });
        byte[] bytes = new byte[18 * 3];
        new Random(1).NextBytes(bytes);
        float[] values = new float[bytes.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            values[i] = ((bytes[i] / 255f) - (i % 2 == 0 ? 0.1f : 0.2f)) / (i % 2 == 0 ? 3f : 5f);
        }

        Session session = new(model);
        float[] first = new float[3 * model.ClassCount];
        float[] second = new float[3 * model.ClassCount];
        session.PredictBatch(bytes, 3, Budget.Full, new Prediction[3], first);
        session.PredictBatch(values, 3, Budget.Full, new Prediction[3], second);
        Assert.Equal(second, first);
    }

    [Fact]
    public void Temperature_changes_confidence_and_not_label()
    {
        TinyNetwork network = Network();
        Model model = new(network);
        float[] input = Inputs(1);
        float[] scores = new float[model.ClassCount];
        Prediction plain = new Session(model).Predict(input, scores, Budget.Full);
        Prediction cold = new Session(model.With(new ModelDescription { Temperatures = [1f, 1f, 1f, 0.25f] })).Predict(input, [], Budget.Full);
        Prediction hot = new Session(model.With(new ModelDescription { Temperatures = [1f, 1f, 1f, 4f] })).Predict(input, [], Budget.Full);
        Assert.Equal(plain.Label, cold.Label);
        Assert.Equal(plain.Label, hot.Label);
        Assert.True(cold.Confidence > plain.Confidence && plain.Confidence > hot.Confidence);
        float sum = 0f;
        foreach (float score in scores)
        {
            sum += score;
        }

        Assert.Equal(1f, sum, 1e-5f);
        Assert.Equal(plain.Confidence, scores[plain.Label]);
    }

    [Fact]
    public void A_deadline_gives_the_best_answer_that_is_ready_and_the_first_exit_in_any_case()
    {
        TinyNetwork network = Network();
        Model model = new(network);
        Session session = new(model);
        session.WarmUp();
        network.Delay = TimeSpan.FromMilliseconds(10);
        session.WarmUp(1, 3);
        float[] input = Inputs(1);
        Assert.Equal(0, session.Predict(input, [], Budget.Deadline(TimeSpan.FromMilliseconds(1))).ExitIndex);
        Assert.InRange(session.Predict(input, [], Budget.Deadline(TimeSpan.FromMilliseconds(28))).ExitIndex, 0, 1);
        Assert.Equal(3, session.Predict(input, [], Budget.Deadline(TimeSpan.FromSeconds(60))).ExitIndex);
        Assert.Equal(3, session.Predict(input, [], Budget.Deadline(TimeSpan.MaxValue)).ExitIndex);

        // The chunks of a batch share the time: all get the first exit, and the first chunks leave time for the others.
        session = new Session(model, new SessionOptions { ChunkSamples = 2 });
        session.WarmUp(4, 2);
        Prediction[] predictions = new Prediction[8];
        session.PredictBatch(Inputs(8), 8, Budget.Deadline(TimeSpan.FromMilliseconds(100)), predictions);
        Assert.All(predictions[..2], prediction => Assert.InRange(prediction.ExitIndex, 0, 2));
    }

    [Fact]
    public void A_session_that_is_at_work_says_so()
    {
        Session session = new(new Model(Network()));
        float[] input = Inputs(1);
        AnytimeRun run = session.Begin(input);
        bool refused = false;
        try
        {
            session.Predict(input, [], Budget.Full);
        }
        catch (InvalidOperationException)
        {
            refused = true;
        }

        Assert.True(refused);
        Assert.True(run.Advance());
        Assert.Equal(0, run.Current.ExitIndex);
        run.Dispose();
        Assert.False(run.Advance());
        session.Predict(input, [], Budget.Full);
        run.Dispose();
        session.Predict(input, [], Budget.Full);
    }

    [Fact]
    public void Cancellation_ends_a_call_and_keeps_the_answer_of_a_run()
    {
        TinyNetwork network = Network();
        Session session = new(new Model(network));
        float[] input = Inputs(1);
        using CancellationTokenSource source = new();
        network.OnStage = stage =>
        {
            if (stage == 1)
            {
                source.Cancel();
            }
        };
        Assert.Throws<OperationCanceledException>(() => session.Predict(input, [], Budget.Full, source.Token));
        network.OnStage = null;
        Prediction whole = session.Predict(input, [], Budget.Full, CancellationToken.None);
        Assert.Equal(3, whole.ExitIndex);

        using CancellationTokenSource later = new();
        AnytimeRun run = session.Begin(input, default, later.Token);
        Assert.True(run.Advance());
        later.Cancel();
        bool cancelled = false;
        try
        {
            run.Advance();
        }
        catch (OperationCanceledException)
        {
            cancelled = true;
        }

        Assert.True(cancelled);
        Assert.Equal(0, run.Current.ExitIndex);
        Assert.False(run.CanAdvance);
        run.Dispose();
        Assert.Equal(whole with { Duration = default }, session.Predict(input, [], Budget.Full, CancellationToken.None) with { Duration = default });
    }

    [Fact]
    public void A_network_whose_answer_overflows_is_an_error_and_the_session_goes_on()
    {
        Session session = new(new Model(Network()));
        float[] input = Inputs(1);
        float[] huge = new float[18];
        Array.Fill(huge, float.MaxValue);
        Assert.ThrowsAny<ArithmeticException>(() => session.Predict(huge, [], Budget.Full));
        Assert.Equal(3, session.Predict(input, [], Budget.Full).ExitIndex);
    }

    [Fact]
    public void A_report_tells_what_each_layer_did_and_took()
    {
        Model model = StagedNetworks.Model("msdnet");
        Session session = new(model, new SessionOptions { TimeLayers = true });
        const int Count = 5;
        Prediction[] predictions = new Prediction[Count];
        long start = Stopwatch.GetTimestamp();
        session.PredictBatch(new float[Count * model.SampleShape.Count], Count, Budget.Macs(model.ExitMacs(1)), predictions);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        ComputeReport report = session.Report!;
        long executed = 0;
        TimeSpan time = TimeSpan.Zero;
        for (int layer = 0; layer < report.Layers; layer++)
        {
            executed += report.LayerMacsExecuted(layer);
            time += report.LayerTime(layer);
            Assert.Equal(report.LayerMacsDense(layer), report.LayerMacsExecuted(layer));
            Assert.True(report.LayerMacsExecuted(layer) == 0 || report.LayerTime(layer) > TimeSpan.Zero, report.LayerName(layer));
            Assert.False(report.LayerMacsExecuted(layer) > 0 && report.LayerName(layer).StartsWith("exit2", StringComparison.Ordinal), "A layer behind the last exit taken ran.");
        }

        Assert.Equal(Count * model.ExitMacs(1), executed);
        Assert.Equal(executed, report.MacsExecuted);
        Assert.InRange(time, TimeSpan.FromTicks(1), elapsed);
    }

    [Fact]
    public void An_empty_batch_is_answered_with_nothing()
    {
        Session session = new(new Model(Network()));
        session.PredictBatch(ReadOnlySpan<float>.Empty, 0, Budget.Full, []);
    }

    [Fact]
    public void Meter_and_activity_tell_exits_MACs_and_time_to_who_listens()
    {
        Model model = new(Network());
        Session session = new(model);
        Dictionary<string, double> sums = [];
        Dictionary<int, long> exits = [];
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, own) =>
            {
                if (instrument.Meter.Name == InferenceDiagnostics.Name)
                {
                    own.EnableMeasurementEvents(instrument);
                }
            },
        };
        int thread = Environment.CurrentManagedThreadId;
        void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            // Other tests may predict at the same time, on their own threads.
            if (Environment.CurrentManagedThreadId != thread)
            {
                return;
            }

            sums[instrument.Name] = sums.GetValueOrDefault(instrument.Name) + value;
            if (instrument.Name == "manageddyn.predictions")
            {
                int exit = (int)tags[0].Value!;
                exits[exit] = exits.GetValueOrDefault(exit) + (long)value;
            }
        }

        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.Start();
        List<Activity> activities = [];
        using ActivityListener source = new()
        {
            ShouldListenTo = candidate => candidate.Name == InferenceDiagnostics.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (Environment.CurrentManagedThreadId == thread)
                {
                    activities.Add(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(source);
        session.PredictBatch(Inputs(3), 3, Budget.Macs(model.ExitMacs(1)), new Prediction[3]);
        Assert.Equal(3, exits[1]);
        Assert.Single(exits);
        Assert.Equal(3 * model.ExitMacs(1), sums["manageddyn.macs"]);
        Assert.Equal(3 * (model.FullMacs - model.ExitMacs(1)), sums["manageddyn.macs.saved"]);
        Assert.True(sums["manageddyn.predict.duration"] > 0);
        Assert.Equal(3 * model.ExitMacs(1), Assert.Single(activities).GetTagItem("macs.executed"));

        // Warming up is no prediction; an anytime run is one.
        session.WarmUp();
        Assert.Single(activities);
        using (AnytimeRun run = session.Begin(Inputs(1)))
        {
            Assert.True(run.Advance());
            Assert.True(run.Advance());
            Assert.True(run.Advance());
        }

        Assert.Equal(1, exits[2]);
        Assert.Equal(2, activities.Count);
        Assert.Equal(model.ExitMacs(2), activities[1].GetTagItem("macs.executed"));
    }

    private static TinyNetwork Network() => new(4, 5, 12, Sample);

    private static float[] Inputs(int count)
    {
        float[] inputs = new float[count * Sample.Count];
        new RandomSource(9).Stream("inputs").FillNormal(inputs, 0, 0);
        return inputs;
    }
}
