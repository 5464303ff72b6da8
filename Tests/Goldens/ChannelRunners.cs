using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicWidth;

namespace ManagedDyn.Tests.Goldens;

/// <summary>Layers with chosen channels against golden vectors.</summary>
internal static class ChannelRunners
{
    private static readonly (string Path, string Name)[] Names =
    [
        ("block.conv.weight", "weight"), ("saliency.weight", "gate_weight"), ("saliency.bias", "gate_bias"), ("block.norm.weight", "bn_weight"),
        ("block.norm.bias", "bn_bias"), ("block.norm.running_mean", "bn_running_mean"), ("block.norm.running_var", "bn_running_var"),
    ];

    public static void Boosted(GoldenCase golden)
    {
        Tensor weight = golden.Input("weight");
        int stride = golden.Integer("stride", 1);
        int outs = weight.Shape[0];
        BoostedConvBlock block = new(weight.Shape[1], outs, weight.Shape[2], stride, (float)golden.Integer("keep") / outs);
        List<KeyValuePair<string, Parameter>> parameters = block.NamedParameters();
        foreach ((string path, string name) in Names)
        {
            golden.Input(name).Span.CopyTo(parameters.Find(pair => pair.Key == path).Value.Value.Span);
        }

        // The gradient is that of the training form, the output that of both.
        Tensor input = golden.ImageInput("x");
        Context context = new() { Ledger = new DecisionLedger { KeepsChoices = true } };
        golden.CheckImage("out.y", block.Forward(context, input));
        CheckKept(golden, context.Ledger, outs);
        context.Ledger = null;
        context.Decisions = ManagedDyn.Engine.Execution.Decisions.Relaxed;
        Tape.Watch(input);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor output = block.Forward(context, input);
        golden.CheckImage("out.y", output);
        tape.Backward(output, golden.ImageCoVector("y").Span);
        golden.CheckImage("grad.x", Tape.GradientOf(input));
        foreach ((string path, string name) in Names)
        {
            if (golden.HasGradient(name))
            {
                golden.Check("grad." + name, parameters.Find(pair => pair.Key == path).Value.Gradient);
            }
        }
    }

    private static void CheckKept(GoldenCase golden, DecisionLedger ledger, int channels)
    {
        long[] mask = new long[ledger.Choices.Length * channels];
        for (int n = 0; n < ledger.Choices.Length; n++)
        {
            foreach (int channel in ledger.UnitsOf(ledger.Choices[n]))
            {
                mask[(n * channels) + channel] = 1;
            }
        }

        golden.CheckIntegers("out.kept", mask);
    }
}
