using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Tests.Goldens;

/// <summary>Normalisations against golden vectors.</summary>
internal static class NormalizationRunners
{
    public static void BatchNorm(GoldenCase golden)
    {
        Run(golden, (context, input, weight, bias) =>
        {
            bool trains = golden.Flag("training");
            context.Mode = trains ? Mode.Train : Mode.Evaluate;
            Tensor mean = golden.Input("running_mean");
            Tensor variance = golden.Input("running_var");
            Tensor output = context.BatchNorm(input, weight, bias, mean, variance, golden.Real("momentum"), golden.Real("eps"));
            if (trains)
            {
                golden.Check("out.running_mean", mean);
                golden.Check("out.running_var", variance);
            }

            return output;
        });
    }

    public static void GroupNorm(GoldenCase golden) => Run(
        golden, (context, input, weight, bias) => context.GroupNorm(input, golden.Integer("groups"), weight, bias, golden.Real("eps")));

    // The row is what the case says, in the order that the file has: nothing is brought to the end.
    public static void LayerNorm(GoldenCase golden)
    {
        Context context = new();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor input = golden.Input("x");
        Tensor weight = golden.HasInput("weight") ? golden.Input("weight") : default;
        Tensor bias = golden.HasInput("bias") ? golden.Input("bias") : default;
        Tape.Watch(input);
        if (weight.Exists)
        {
            Tape.Watch(weight);
            Tape.Watch(bias);
        }

        int[] row = golden.Integers("normalized_shape");
        Tensor output = context.LayerNorm(input, weight, bias, row.Length, golden.Real("eps"));
        golden.Check("out.y", output);
        tape.Backward(output, golden.CoVector("y").Span);
        golden.Check("grad.x", Tape.GradientOf(input));
        if (weight.Exists)
        {
            golden.Check("grad.weight", Tape.GradientOf(weight));
            golden.Check("grad.bias", Tape.GradientOf(bias));
        }
    }

    // Images, sequences [N, C, L] and rows [N, C] all bring the channels to the end.
    private static void Run(GoldenCase golden, Func<Context, Tensor, Tensor, Tensor, Tensor> layer)
    {
        using Workers workers = new(2);
        Context context = new(workers);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor input = GoldenLayout.ToChannelsLast(golden.Input("x"));
        Tensor weight = golden.HasInput("weight") ? golden.Input("weight") : default;
        Tensor bias = golden.HasInput("bias") ? golden.Input("bias") : default;
        Tape.Watch(input);
        if (weight.Exists)
        {
            Tape.Watch(weight);
            Tape.Watch(bias);
        }

        Tensor output = layer(context, input, weight, bias);
        golden.CheckImage("out.y", output);
        tape.Backward(output, golden.ImageCoVector("y").Span);
        golden.CheckImage("grad.x", Tape.GradientOf(input));
        if (weight.Exists)
        {
            golden.Check("grad.weight", Tape.GradientOf(weight));
            golden.Check("grad.bias", Tape.GradientOf(bias));
        }
    }
}
