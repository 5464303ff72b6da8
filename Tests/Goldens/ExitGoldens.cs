using System;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Confidence;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Inference.Calibration;

namespace ManagedDyn.Tests.Goldens;

/// <summary>Runs the vectors of confidence scores and of exits taken by a threshold.</summary>
internal static class ExitGoldens
{
    private const string NoGradient = "A confidence decides at inference, where nothing is recorded; training goes through the losses of the exits.";

    public static void Scores(GoldenCase golden)
    {
        Tensor logits = golden.Input("logits");
        int samples = logits.Shape[0];
        int classes = logits.Shape[1];
        float[] normalized = Confidences(logits, new Entropy());
        float[] entropy = new float[samples];
        for (int i = 0; i < samples; i++)
        {
            normalized[i] = 1f - normalized[i];
            entropy[i] = normalized[i] * MathF.Log(classes);
        }

        golden.Check("out.max_prob", Confidences(logits, new MaxProbability()));
        golden.Check("out.margin", Confidences(logits, new Margin()));
        golden.Check("out.normalized_entropy", normalized);
        golden.Check("out.entropy", entropy);
        golden.LeaveOut("grad.logits", NoGradient);
    }

    public static void Cascade(GoldenCase golden)
    {
        Tensor logits = golden.Input("logits");
        int exits = logits.Shape[0];
        int samples = logits.Shape[1];
        int classes = logits.Shape[2];
        ExitLogits set = new(exits, classes, logits.ToArray(), new long[exits * samples], new int[samples]);
        ThresholdOutcome outcome = new ExitScores(set, new MaxProbability(), []).Simulate(ExitThresholds.Uniform(exits, golden.Real("threshold")));
        long[] taken = new long[samples];
        float[] answers = new float[samples * classes];
        for (int sample = 0; sample < samples; sample++)
        {
            taken[sample] = outcome.ExitOfSample[sample];
            set.Of(outcome.ExitOfSample[sample], sample).CopyTo(answers.AsSpan(sample * classes));
        }

        golden.CheckIntegers("out.exit", taken);
        golden.Check("out.y", answers);
        golden.LeaveOut("grad.logits", NoGradient);
    }

    private static float[] Confidences(Tensor logits, ConfidenceCriterion criterion)
    {
        int samples = logits.Shape[0];
        ExitLogits set = new(1, logits.Shape[1], logits.ToArray(), new long[samples], new int[samples]);
        return new ExitScores(set, criterion, []).Confidences(0).ToArray();
    }
}
