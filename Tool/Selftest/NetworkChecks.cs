using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicDepth;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Tool.Selftest;

/// <summary>The laws of dynamic inference on a small network with three exits and random weights.</summary>
public static class NetworkChecks
{
    private const int Samples = 12;
    private const ulong Seed = 7;

    private static readonly Shape Sample = new(12, 12, 3);

    public static IEnumerable<SelfCheck> All =>
    [
        new("batch", "a batch gives the bits of its samples alone, with any threads", Batch),
        new("threshold", "a stricter confidence never leaves earlier", Threshold),
        new("cost", "metered multiply-adds are those of the exit taken, and caps hold", Cost),
        new("quiet", "warm inference allocates no managed memory", Quiet),
    ];

    private static Model MakeModel()
    {
        IntermediateClassifiers network = new(
            Sample,
            [new ConvBlock(3, 8, 3), new ConvBlock(8, 12, 3, stride: 2), new ConvBlock(12, 16, 3, stride: 2)],
            [Exit(8), Exit(12), Exit(16)]);
        network.Initialize(new RandomSource(Seed));
        return new Model(network);
    }

    private static Sequential Exit(int channels) => new(new GlobalAveragePool(), new Linear(channels, 10));

    private static float[] MakeInputs()
    {
        float[] inputs = new float[Samples * Sample.Count];
        new RandomSource(Seed).Stream("inputs").FillNormal(inputs, 0, 0);
        return inputs;
    }

    private static string Batch()
    {
        Model model = MakeModel();
        float[] inputs = MakeInputs();
        float middle = MiddleConfidence(model, inputs);
        float[] alone = new float[Samples * model.ClassCount];
        Prediction[] expected = new Prediction[Samples];
        Session single = new(model);
        for (int i = 0; i < Samples; i++)
        {
            expected[i] = single.Predict(
                inputs.AsSpan(i * Sample.Count, Sample.Count), alone.AsSpan(i * model.ClassCount, model.ClassCount), Budget.Confidence(middle));
        }

        foreach (int threads in new[] { 1, 2 })
        {
            foreach (int chunk in new[] { 0, 1, 5 })
            {
                using Workers workers = new(threads);
                Session session = new(model, new SessionOptions { Workers = workers, ChunkSamples = chunk });
                float[] scores = new float[alone.Length];
                Prediction[] predictions = new Prediction[Samples];
                session.PredictBatch(inputs, Samples, Budget.Confidence(middle), predictions, scores);
                SelfCheckException.Require(Fingerprint.Of(scores) == Fingerprint.Of(alone), $"scores differ with {threads} threads and chunks of {chunk}");
                for (int i = 0; i < Samples; i++)
                {
                    SelfCheckException.Require(
                        predictions[i].ExitIndex == expected[i].ExitIndex && predictions[i].MacsExecuted == expected[i].MacsExecuted,
                        $"sample {i} leaves at exit {predictions[i].ExitIndex} instead of {expected[i].ExitIndex}");
                }
            }
        }

        return "bits " + Fingerprint.Of(alone);
    }

    private static string Threshold()
    {
        Model model = MakeModel();
        float[] inputs = MakeInputs();
        Session session = new(model);
        Prediction[] predictions = new Prediction[Samples];
        int[] before = new int[Samples];
        int moved = 0;
        for (float confidence = 0; confidence <= 1; confidence += 0.01f)
        {
            session.PredictBatch(inputs, Samples, Budget.Confidence(confidence), predictions);
            for (int i = 0; i < Samples; i++)
            {
                SelfCheckException.Require(predictions[i].ExitIndex >= before[i], $"sample {i} leaves earlier at a stricter confidence");
                moved += predictions[i].ExitIndex - before[i];
                before[i] = predictions[i].ExitIndex;
            }
        }

        SelfCheckException.Require(moved > 0, "no sample ever left later");
        return $"{moved} steps to later exits";
    }

    private static string Cost()
    {
        Model model = MakeModel();
        float[] inputs = MakeInputs();
        Session session = new(model);
        Prediction[] predictions = new Prediction[Samples];
        float middle = MiddleConfidence(model, inputs);
        for (int exit = 0; exit < model.ExitCount; exit++)
        {
            session.PredictBatch(inputs, Samples, Budget.Confidence(middle).WithMacs(model.ExitMacs(exit)), predictions);
            foreach (Prediction prediction in predictions)
            {
                SelfCheckException.Require(
                    prediction.MacsExecuted == model.ExitMacs(prediction.ExitIndex) && prediction.ExitIndex <= exit,
                    $"{prediction.MacsExecuted} MACs at exit {prediction.ExitIndex}; expected {model.ExitMacs(prediction.ExitIndex)}");
            }
        }

        return $"{model.ExitMacs(0)} to {model.FullMacs} MACs";
    }

    private static string Quiet()
    {
        Model model = MakeModel();
        float[] inputs = MakeInputs();
        Session session = new(model);
        float[] scores = new float[model.ClassCount];
        Budget budget = Budget.Confidence(0.5f);
        ReadOnlySpan<float> input = inputs.AsSpan(0, Sample.Count);
        for (int i = 0; i < 50; i++)
        {
            session.Predict(input, scores, budget);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 200; i++)
        {
            session.Predict(input, scores, budget);
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        SelfCheckException.Require(allocated == 0, $"200 predictions allocated {allocated} bytes");
        return "0 bytes in 200 predictions";
    }

    /// <summary>A confidence that some samples reach at the first exit and some do not.</summary>
    private static float MiddleConfidence(Model model, float[] inputs)
    {
        Session session = new(model);
        Prediction[] predictions = new Prediction[Samples];
        session.PredictBatch(inputs, Samples, Budget.Macs(model.ExitMacs(0)), predictions);
        float[] confidences = Array.ConvertAll(predictions, static prediction => prediction.Confidence);
        Array.Sort(confidences);
        return confidences[Samples / 2];
    }
}
