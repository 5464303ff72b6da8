using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Tests.Goldens;

/// <summary>Losses against golden vectors.</summary>
internal static class LossRunners
{
    public static void CrossEntropy(GoldenCase golden)
    {
        int[] labels = Array.ConvertAll(golden.IntegerInput("target").Values, l => checked((int)l));
        float[] weights = golden.HasInput("class_weight") ? golden.Input("class_weight").ToArray() : [];
        LossReduction reduction = Enum.Parse<LossReduction>(golden.Text("reduction", "mean"), ignoreCase: true);
        Run(golden, "logits", (context, logits) =>
        {
            CrossEntropyOptions options = new() { Smoothing = golden.Real("label_smoothing", 0f), ClassWeights = weights, Reduction = reduction };
            return context.CrossEntropy(logits, labels, in options);
        });
    }

    public static void BinaryCrossEntropy(GoldenCase golden) =>
        Run(golden, "x", (context, logits) => context.BinaryCrossEntropy(logits, golden.Input("target")));

    public static void Distillation(GoldenCase golden) => Run(
        golden, "student", (context, student) => context.Distillation(student, golden.Input("teacher"), golden.Real("temperature")));

    private static void Run(GoldenCase golden, string name, Func<Context, Tensor, Tensor> loss)
    {
        Context context = new();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor input = golden.Input(name);
        Tape.Watch(input);
        Tensor output = loss(context, input);
        golden.Check("out.y", output);
        tape.Backward(output, golden.CoVector("y").Span);
        golden.Check("grad." + name, Tape.GradientOf(input));
    }
}
