using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Gating;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Mixes two batches by one gate a sample, y = g·a + (1 − g)·b: the relaxed form of running a branch or not. With g = 1 it is a and with g = 0
/// it is b, bit for bit: the other is not looked at then, so what is not finite in it does no harm.
/// </summary>
public static class BlendOperator
{
    /// <summary>y = g·a + (1 − g)·b. No MACs are counted.</summary>
    /// <param name="context">The context.</param>
    /// <param name="gate">g, [N].</param>
    /// <param name="on">a, [N, …].</param>
    /// <param name="off">b, of a's shape.</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Tensor Blend(this Context context, Tensor gate, Tensor on, Tensor off)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (on.Shape.Rank < 1 || on.Shape != off.Shape || gate.Shape != new Shape(on.Shape[0]))
        {
            throw new ArgumentException($"Gates of shape {gate.Shape} were given for batches of shape {on.Shape} and {off.Shape}; expected [N] and two equal shapes [N, …].", nameof(gate));
        }

        Tensor output = context.Workspace.Rent(on.Shape);
        context.Workers.Run(on.Shape[0], new ForwardWork(gate, on, off, output));
        if (context.Records(gate) || context.Records(on) || context.Records(off))
        {
            context.Tape!.Record(new Entry(context, gate, on, off, output));
        }

        return output;
    }

    private static Span<float> Sample(Tensor batch, int sample)
    {
        int length = batch.Shape.ProductFrom(1);
        return batch.Span.Slice(sample * length, length);
    }

    private readonly struct ForwardWork(Tensor gate, Tensor on, Tensor off, Tensor output) : IParallelWork
    {
        public void Execute(int part)
        {
            float g = gate.Span[part];
            if (g is 0f or 1f)
            {
                // 0 · ∞ would be NaN.
                Sample(g == 1f ? on : off, part).CopyTo(Sample(output, part));
                return;
            }

            BlendKernel.Forward(g, Sample(on, part), Sample(off, part), Sample(output, part));
        }
    }

    private readonly struct BackwardWork(Tensor gate, Tensor gradient, Tensor target, bool ofOff, bool accumulate) : IParallelWork
    {
        public void Execute(int part)
        {
            float g = gate.Span[part];
            BlendKernel.Backward(ofOff ? 1 - g : g, Sample(gradient, part), Sample(target, part), accumulate);
        }
    }

    private readonly struct GateWork(Tensor gradient, Tensor on, Tensor off, Tensor target, bool accumulate) : IParallelWork
    {
        public void Execute(int part)
        {
            float sum = BlendKernel.GateGradient(Sample(gradient, part), Sample(on, part), Sample(off, part));
            target.Span[part] = accumulate ? target.Span[part] + sum : sum;
        }
    }

    private sealed class Entry(Context context, Tensor gate, Tensor on, Tensor off, Tensor output) : TapeEntry(output)
    {
        private readonly Tensor _output = output;

        public override void Backward(Gradients gradients)
        {
            Tensor gradient = gradients.Of(_output);
            int samples = _output.Shape[0];
            if (Gradients.Flows(gate))
            {
                Tensor target = gradients.Into(gate, out bool accumulate);
                context.Workers.Run(samples, new GateWork(gradient, on, off, target, accumulate));
            }

            if (Gradients.Flows(on))
            {
                Tensor target = gradients.Into(on, out bool accumulate);
                context.Workers.Run(samples, new BackwardWork(gate, gradient, target, ofOff: false, accumulate));
            }

            if (Gradients.Flows(off))
            {
                Tensor target = gradients.Into(off, out bool accumulate);
                context.Workers.Run(samples, new BackwardWork(gate, gradient, target, ofOff: true, accumulate));
            }
        }
    }
}
