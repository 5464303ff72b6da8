using System;
using System.Collections.Generic;
using System.Threading;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Models;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Laws;

/// <summary>The laws of staged inference, for every network of <see cref="StagedNetworks"/>.</summary>
public sealed class InferenceLawTests
{
    private const int Samples = 23;

    public static TheoryData<string> Names() => StagedNetworks.Names();

    [Fact]
    public void Every_architecture_of_the_catalogue_is_tested()
    {
        foreach (ModelArchitecture architecture in ModelCatalogue.All)
        {
            Assert.True(StagedNetworks.Covers(architecture), $"Add {architecture.Name} to {nameof(StagedNetworks)}.");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_batch_equals_its_samples_alone_bit_for_bit_whatever_chunks_threads_and_order(string name)
    {
        Model model = StagedNetworks.Model(name);
        float[] inputs = Inputs(model, Samples, 11);
        Session single = new(model);
        foreach (Budget budget in Budgets(model, inputs))
        {
            Answers expected = new(model, Samples);
            for (int i = 0; i < Samples; i++)
            {
                expected.Predictions[i] = single.Predict(Sample(model, inputs, i), expected.Scores.AsSpan(i * model.ClassCount, model.ClassCount), budget);
            }

            foreach ((int threads, int chunk) in new[] { (1, 0), (1, 1), (2, 5), (3, Samples), (4, 2), (2, 64) })
            {
                using Workers workers = new(threads);
                Session session = new(model, new SessionOptions { Workers = workers, ChunkSamples = chunk });
                int[] order = Order(Samples, (threads * 100) + chunk);
                float[] shuffled = new float[inputs.Length];
                for (int i = 0; i < Samples; i++)
                {
                    Sample(model, inputs, order[i]).CopyTo(shuffled.AsSpan(i * model.SampleShape.Count));
                }

                Answers actual = new(model, Samples);
                session.PredictBatch(shuffled, Samples, budget, actual.Predictions, actual.Scores);
                for (int i = 0; i < Samples; i++)
                {
                    AssertSame(expected, order[i], actual, i, model.ClassCount);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Metered_cost_is_that_of_the_stages_that_ran_and_never_above_dense(string name)
    {
        Model model = StagedNetworks.Model(name);
        float[] inputs = Inputs(model, Samples, 12);
        Session session = new(model, new SessionOptions { KeepReport = true });
        foreach (Budget budget in Budgets(model, inputs))
        {
            Answers answers = new(model, Samples);
            session.PredictBatch(inputs, Samples, budget, answers.Predictions, answers.Scores);
            long total = 0;
            foreach (Prediction prediction in answers.Predictions)
            {
                Assert.InRange(prediction.MacsExecuted, 1, model.ExitMacs(prediction.ExitIndex));
                Assert.Equal(model.FullMacs, prediction.MacsDense);
                total += prediction.MacsExecuted;
            }

            Assert.Equal(total, session.Report!.MacsExecuted);
            Assert.Equal(model.FullMacs * Samples, session.Report.MacsDense);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_stricter_confidence_never_exits_earlier_and_a_larger_cap_never_costs_less(string name)
    {
        Model model = StagedNetworks.Model(name);
        float[] inputs = Inputs(model, Samples, 13);
        Session session = new(model);
        Prediction[] before = new Prediction[Samples];
        Prediction[] after = new Prediction[Samples];
        session.PredictBatch(inputs, Samples, Budget.Confidence(0f), before);
        Assert.All(before, prediction => Assert.Equal(0, prediction.ExitIndex));
        for (float threshold = 0.2f; threshold <= 1.1f; threshold += 0.2f)
        {
            session.PredictBatch(inputs, Samples, Budget.Confidence(threshold), after);
            for (int i = 0; i < Samples; i++)
            {
                Assert.True(after[i].ExitIndex >= before[i].ExitIndex, $"Sample {i} left at {after[i].ExitIndex} with threshold {threshold}, and at {before[i].ExitIndex} with a lower one.");
            }

            (before, after) = (after, before);
        }

        Array.Clear(before);
        for (int exit = 0; exit < model.ExitCount; exit++)
        {
            foreach (long cap in new[] { model.ExitMacs(exit), model.ExitMacs(exit) + 1 })
            {
                session.PredictBatch(inputs, Samples, Budget.Macs(cap), after);
                for (int i = 0; i < Samples; i++)
                {
                    Assert.InRange(after[i].MacsExecuted, before[i].MacsExecuted, cap);
                    Assert.True(after[i].ExitIndex >= exit);
                }

                (before, after) = (after, before);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Warm_inference_allocates_nothing_on_any_thread(string name)
    {
        Model model = StagedNetworks.Model(name);
        float[] inputs = Inputs(model, Samples, 14);
        byte[] bytes = new byte[inputs.Length];
        new Random(5).NextBytes(bytes);
        Answers answers = new(model, Samples);
        Budget[] budgets = [.. Budgets(model, inputs), Budget.Deadline(TimeSpan.FromSeconds(5))];
        Session session = new(model, new SessionOptions { KeepReport = true, KeepTrace = true, TimeLayers = true });
        void Call()
        {
            foreach (Budget budget in budgets)
            {
                session.PredictBatch(inputs, Samples, budget, answers.Predictions, answers.Scores);
                session.PredictBatch(bytes, Samples, budget, answers.Predictions);
                session.Predict(inputs.AsSpan(0, model.SampleShape.Count), answers.Scores.AsSpan(0, model.ClassCount), budget);
            }

            using AnytimeRun run = session.Begin(inputs.AsSpan(0, model.SampleShape.Count));
            while (run.Advance())
            {
            }
        }

        AllocationAssert.None(Call);
        AllocationAssert.NoneOnNewThread(Call);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void One_frozen_model_shared_by_eight_threads_answers_as_one(string name)
    {
        Model model = StagedNetworks.Model(name);
        float[] inputs = Inputs(model, Samples, 15);
        Budget[] budgets = [.. Budgets(model, inputs)];
        Answers[] expected = new Answers[budgets.Length];
        Session alone = new(model);
        for (int i = 0; i < budgets.Length; i++)
        {
            expected[i] = new Answers(model, Samples);
            alone.PredictBatch(inputs, Samples, budgets[i], expected[i].Predictions, expected[i].Scores);
        }

        const int Threads = 8;
        using Workers shared = new(2);
        using Barrier barrier = new(Threads);
        List<Exception> failures = [];
        Thread[] threads = new Thread[Threads];
        for (int t = 0; t < Threads; t++)
        {
            int index = t;
            threads[t] = new Thread(() =>
            {
                try
                {
                    Session session = new(model, new SessionOptions { Workers = index % 2 == 0 ? shared : null });
                    Answers actual = new(model, Samples);
                    barrier.SignalAndWait(TestContext.Current.CancellationToken);
                    for (int i = 0; i < budgets.Length; i++)
                    {
                        session.PredictBatch(inputs, Samples, budgets[i], actual.Predictions, actual.Scores);
                        for (int sample = 0; sample < Samples; sample++)
                        {
                            AssertSame(expected[i], sample, actual, sample, model.ClassCount);
                        }
                    }
                }
                catch (Exception exception)
                {
                    lock (failures)
                    {
                        failures.Add(exception);
                    }
                }
            });
            threads[t].Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        Assert.Empty(failures);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Stage_by_stage_gives_the_answers_of_each_exit(string name)
    {
        Model model = StagedNetworks.Model(name);
        float[] inputs = Inputs(model, 1, 16);
        Session session = new(model);
        float[] scores = new float[model.ClassCount];
        float[] expected = new float[model.ClassCount];
        Prediction[] steps = new Prediction[model.ExitCount];
        float[][] stepScores = new float[model.ExitCount][];
        using (AnytimeRun run = session.Begin(inputs, scores))
        {
            while (run.Advance())
            {
                steps[run.StagesDone - 1] = run.Current;
                stepScores[run.StagesDone - 1] = [.. scores];
            }

            Assert.Equal(model.ExitCount, run.StagesDone);
        }

        for (int exit = 0; exit < model.ExitCount; exit++)
        {
            Prediction prediction = session.Predict(inputs, expected, Budget.Macs(model.ExitMacs(exit)));
            Assert.Equal(prediction with { Duration = default }, steps[exit] with { Duration = default });
            Assert.Equal(expected, stepScores[exit]);
        }
    }

    // Thresholds are the medians of the confidences, so that some samples leave at each exit and some go on.
    private static IEnumerable<Budget> Budgets(Model model, float[] inputs)
    {
        float[] medians = new float[model.ExitCount - 1];
        Session session = new(model, new SessionOptions { KeepTrace = true });
        Prediction[] predictions = new Prediction[Samples];
        session.PredictBatch(inputs, Samples, Budget.Full, predictions);
        for (int exit = 0; exit < medians.Length; exit++)
        {
            float[] confidences = new float[Samples];
            for (int i = 0; i < Samples; i++)
            {
                confidences[i] = session.Trace!.Confidences(i)[exit];
            }

            Array.Sort(confidences);
            medians[exit] = confidences[Samples / 2];
        }

        Budget median = Budget.Thresholds(new ExitThresholds(medians));
        yield return Budget.Full;
        yield return Budget.Confidence(0f);
        yield return median;
        yield return Budget.Macs(model.ExitMacs(model.ExitCount / 2));
        yield return median.WithMacs(model.ExitMacs(model.ExitCount / 2));
    }

    private static void AssertSame(Answers expected, int i, Answers actual, int j, int classes)
    {
        Prediction wanted = expected.Predictions[i] with { Duration = default };
        Prediction found = actual.Predictions[j] with { Duration = default };
        Assert.True(wanted == found, $"Sample {i} alone: {wanted}; as row {j} of a batch: {found}.");
        Assert.True(expected.Scores.AsSpan(i * classes, classes).SequenceEqual(actual.Scores.AsSpan(j * classes, classes)), $"Sample {i} has other scores as row {j} of a batch.");
    }

    private static ReadOnlySpan<float> Sample(Model model, float[] inputs, int sample) =>
        inputs.AsSpan(sample * model.SampleShape.Count, model.SampleShape.Count);

    private static float[] Inputs(Model model, int samples, ulong seed)
    {
        float[] inputs = new float[samples * model.SampleShape.Count];
        new RandomSource(seed).Stream("inputs").FillNormal(inputs, 0, 0);
        if (model.Network.Recipe is SequenceModelOptions { Vocabulary: > 0 } text)
        {
            AsTokens(inputs, text.Length, text.Vocabulary);
        }

        return inputs;
    }

    // Identifiers, some of them unknown, in texts of all lengths, the first one full.
    private static void AsTokens(float[] inputs, int length, int vocabulary)
    {
        for (int i = 0; i < inputs.Length; i++)
        {
            bool isPadding = i % length > (length - 1 + (i / length * 5)) % length;
            inputs[i] = isPadding ? 0 : 1 + MathF.Floor(MathF.Abs(inputs[i]) * vocabulary / 2);
        }
    }

    private static int[] Order(int count, int step)
    {
        int[] order = new int[count];
        for (int i = 0; i < count; i++)
        {
            order[i] = i;
        }

        new RandomSource(3).Stream("order").Shuffle(order, step);
        return order;
    }

    private sealed class Answers(Model model, int samples)
    {
        public Prediction[] Predictions { get; } = new Prediction[samples];

        public float[] Scores { get; } = new float[samples * model.ClassCount];
    }
}
