using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.SpatialWise.PixelLevel;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Tests.Goldens;

/// <summary>Layers that choose pixels against golden vectors.</summary>
internal static class SpatialRunners
{
    public static void SparseResidualBlock(GoldenCase golden)
    {
        Tensor input = golden.ImageInput("x");
        Tensor mask = golden.Input("mask");
        bool[] active = new bool[mask.Count];
        for (int i = 0; i < active.Length; i++)
        {
            active[i] = mask.Span[i] != 0;
        }

        GivenMask rule = new(mask.Shape[2], mask.Shape[3], active);
        int channels = input.Shape[3];
        SparseResidualBlock block = new(channels, channels, rule, innerChannels: golden.Input("w1").Shape[0], normalizes: false, activates: false);
        Conv2d[] convs = new Conv2d[3];
        for (int i = 0; i < convs.Length; i++)
        {
            convs[i] = (Conv2d)block.Children[i + 1].Value;
            golden.Input($"w{i + 1}").Span.CopyTo(convs[i].Weight.Value.Span);
            golden.Input($"b{i + 1}").Span.CopyTo(convs[i].Bias!.Value.Span);
        }

        using Workers workers = new(2);
        Context context = new(workers) { Decisions = Decisions.Relaxed };
        using (Tape tape = new(context.Workspace))
        {
            context.Tape = tape;
            Tape.Watch(input);
            Tensor output = block.Forward(context, input);
            golden.CheckImage("out.y", output);
            tape.Backward(output, golden.ImageCoVector("y").Span);
            golden.CheckImage("grad.x", Tape.GradientOf(input));
            for (int i = 0; i < convs.Length; i++)
            {
                golden.Check($"grad.w{i + 1}", convs[i].Weight.Gradient);
                golden.Check($"grad.b{i + 1}", convs[i].Bias!.Gradient);
            }
        }

        // The form that skips, before and after freezing.
        context.Tape = null;
        context.Decisions = Decisions.Hard;
        golden.CheckImage("out.y", block.Forward(context, input));
        block.Freeze(Limits.Default);
        golden.CheckImage("out.y", block.Forward(context, input));
    }
}
