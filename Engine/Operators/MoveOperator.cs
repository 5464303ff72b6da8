using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Layout;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>What the operators that only move elements share: running a plan in parts, and the way back for gradients.</summary>
internal static class MoveOperator
{
    /// <summary>Moves the elements of one tensor to a new one, all of whose elements the plan writes.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">The source.</param>
    /// <param name="shape">The new tensor's shape.</param>
    /// <param name="plan">The places.</param>
    /// <param name="coversInput">Whether each element of the input is moved to exactly one place.</param>
    public static Tensor Move(Context context, Tensor input, Shape shape, in StridedPlan plan, bool coversInput)
    {
        Tensor output = context.Workspace.Rent(shape);
        Run(context, in plan, input, output, add: false);
        Record(context, input, output, in plan, coversInput);
        return output;
    }

    /// <summary>Records that a plan moved elements of the input into the output.</summary>
    public static void Record(Context context, Tensor input, Tensor output, in StridedPlan plan, bool coversInput)
    {
        if (context.Records(input))
        {
            context.Tape!.Record(new Entry(context, input, output, plan, coversInput));
        }
    }

    /// <summary>Runs a plan, cut along its outermost dimension.</summary>
    public static void Run(Context context, in StridedPlan plan, Tensor source, Tensor target, bool add)
    {
        int extent = plan.OuterExtent;
        if (extent == 0)
        {
            return;
        }

        int perPart = Math.Max(1, ElementParts.Length / Math.Max(1, plan.Count / extent));
        context.Workers.Run((extent + perPart - 1) / perPart, new Work(plan, source, target, add, perPart));
    }

    /// <summary>Adds, along the way back of a plan, the gradient of what it wrote to the gradient of what it read.</summary>
    public static void RunBack(Context context, Gradients gradients, in StridedPlan plan, Tensor input, Tensor outputGradient, bool coversInput)
    {
        Tensor target = gradients.Into(input, out bool accumulate);
        if (!accumulate && !coversInput)
        {
            target.Span.Clear();
            accumulate = true;
        }

        StridedPlan back = plan.Reversed();
        Run(context, in back, outputGradient, target, accumulate);
    }

    private readonly struct Work(StridedPlan plan, Tensor source, Tensor target, bool add, int perPart) : IParallelWork
    {
        public void Execute(int part)
        {
            int from = part * perPart;
            StridedPlan own = plan.Part(from, Math.Min(plan.OuterExtent, from + perPart));
            StridedMove.Run(in own, source.Span, target.Span, add);
        }
    }

    private sealed class Entry(Context context, Tensor input, Tensor output, StridedPlan plan, bool coversInput) : TapeEntry(output)
    {
        public override void Backward(Gradients gradients) =>
            RunBack(context, gradients, in plan, input, gradients.Of(output), coversInput);
    }
}
