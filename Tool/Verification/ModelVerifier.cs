using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Tool.Verification;

/// <summary>Runs a model over recorded inputs and compares its logits with the recorded ones.</summary>
public static class ModelVerifier
{
    /// <summary>The logits of every exit, [N, classes] each.</summary>
    public static IReadOnlyList<Tensor> Logits(Model model, Tensor input)
    {
        ArgumentNullException.ThrowIfNull(model);
        Context context = new();
        StagedNetwork network = model.Network;
        StageState state = network.CreateState();
        network.Start(context, input, state);
        List<Tensor> logits = [];
        for (int exit = 0; exit < network.StageCount; exit++)
        {
            Tensor answer = network.Advance(context, state);
            logits.Add(Tensor.From(answer.Shape, answer.Span));
        }

        return logits;
    }

    /// <summary>Brings recorded input to the model's layout: [N, H, W, C], from [N, C, H, W] where only that fits.</summary>
    public static Tensor Arrange(Model model, Tensor input, string name)
    {
        ArgumentNullException.ThrowIfNull(model);
        Shape sample = model.SampleShape;
        if (input.Shape.Rank == sample.Rank + 1 && input.Shape == model.Network.BatchShape(input.Shape[0]))
        {
            return input;
        }

        if (sample.Rank != 3 || input.Shape.Rank != 4 || input.Shape[1] != sample[2] || input.Shape[2] != sample[0] || input.Shape[3] != sample[1])
        {
            throw new ToolException($"'{name}' has inputs of shape {input.Shape}; the model takes [N, …] of {sample}");
        }

        Tensor arranged = Tensor.Zeros(model.Network.BatchShape(input.Shape[0]));
        int channels = sample[2];
        int pixels = sample[0] * sample[1];
        for (int n = 0; n < input.Shape[0]; n++)
        {
            for (int c = 0; c < channels; c++)
            {
                for (int p = 0; p < pixels; p++)
                {
                    arranged.Span[(((n * pixels) + p) * channels) + c] = input.Span[(((n * channels) + c) * pixels) + p];
                }
            }
        }

        return arranged;
    }

    /// <summary>The exit that each recorded output belongs to: all of them, or the last one alone.</summary>
    public static int ExitOf(Model model, RecordedCase recorded, int output)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(recorded);
        return recorded.Outputs.Count == model.ExitCount ? output
            : recorded.Outputs.Count == 1 ? model.ExitCount - 1
            : throw new ToolException($"'{recorded.Name}' has {recorded.Outputs.Count} outputs; expected 1, or {model.ExitCount}, one for each exit");
    }

    /// <summary>
    /// The largest absolute difference, and the largest share of the allowed one, |a − b| / (absolute + relative·|b|); above 1 is a failure,
    /// NaN anywhere counts as infinite.
    /// </summary>
    public static (double Difference, double Severity) Compare(Tensor actual, Tensor expected, double absolute, double relative, string name)
    {
        if (actual.Shape != expected.Shape)
        {
            throw new ToolException($"'{name}' has outputs of shape {expected.Shape}; the model gives {actual.Shape}");
        }

        double difference = 0;
        double severity = 0;
        for (int i = 0; i < actual.Count; i++)
        {
            double gap = Math.Abs((double)actual.Span[i] - expected.Span[i]);
            if (double.IsNaN(gap))
            {
                return (double.PositiveInfinity, double.PositiveInfinity);
            }

            if (gap == 0)
            {
                continue;
            }

            difference = Math.Max(difference, gap);
            severity = Math.Max(severity, gap / (absolute + (relative * Math.Abs(expected.Span[i]))));
        }

        return (difference, severity);
    }
}
