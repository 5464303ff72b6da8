using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Elementwise;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Applies a function of two numbers to the elements of two tensors that meet by broadcasting. The named functions stand in <see cref="ArithmeticOperators"/>.</summary>
public static class PairOperator
{
    /// <summary>y = f(a, b) for each pair of elements that meet; no MACs are counted.</summary>
    /// <typeparam name="TFunction">The function.</typeparam>
    /// <param name="context">The context.</param>
    /// <param name="function">f.</param>
    /// <param name="left">a.</param>
    /// <param name="right">b, of a shape that meets a's.</param>
    /// <returns>The broadcast shape.</returns>
    /// <exception cref="ArgumentException">The shapes do not meet.</exception>
    public static Tensor Pair<TFunction>(this Context context, TFunction function, Tensor left, Tensor right)
        where TFunction : struct, IPairFunction
    {
        BroadcastPlan plan = new(left.Shape, right.Shape);
        Tensor output = context.Workspace.Rent(plan.Output);
        context.Workers.Run(ElementParts.Count(output.Count), new ForwardWork<TFunction>(function, plan, left, right, output));
        if (context.Records(left) || context.Records(right))
        {
            context.Tape!.Record(new Entry<TFunction>(context, function, plan, left, right, output));
        }

        return output;
    }

    private readonly struct ForwardWork<TFunction>(TFunction function, BroadcastPlan plan, Tensor left, Tensor right, Tensor output) : IParallelWork
        where TFunction : struct, IPairFunction
    {
        public void Execute(int part) =>
            PairMap.Forward(function, in plan, left.Span, right.Span, output.Span, ElementParts.From(part), ElementParts.To(part, output.Count));
    }

    private readonly struct BackwardWork<TFunction>(TFunction function, bool ofRight, BroadcastPlan plan, Tensor left, Tensor right, Tensor gradient, Tensor target, bool accumulate) : IParallelWork
        where TFunction : struct, IPairFunction
    {
        public void Execute(int part) => PairMap.Backward(
            function,
            ofRight,
            in plan,
            left.Span,
            right.Span,
            gradient.Span,
            target.Span,
            accumulate,
            ElementParts.From(part),
            ElementParts.To(part, target.Count));
    }

    private sealed class Entry<TFunction>(Context context, TFunction function, BroadcastPlan plan, Tensor left, Tensor right, Tensor output) : TapeEntry(output)
        where TFunction : struct, IPairFunction
    {
        public override void Backward(Gradients gradients)
        {
            Tensor gradient = gradients.Of(output);
            if (Gradients.Flows(left))
            {
                Differentiate(gradients, gradient, left, ofRight: false);
            }

            if (Gradients.Flows(right))
            {
                Differentiate(gradients, gradient, right, ofRight: true);
            }
        }

        private void Differentiate(Gradients gradients, Tensor gradient, Tensor operand, bool ofRight)
        {
            Tensor target = gradients.Into(operand, out bool accumulate);
            if (operand.Count == output.Count)
            {
                Run(gradient, target.Reshape(output.Shape), accumulate, ofRight);
                return;
            }

            Tensor full = context.Workspace.Rent(output.Shape);
            Run(gradient, full, accumulate: false, ofRight);
            BroadcastGradient.Sum(context, full, target, accumulate);
            context.Workspace.Recycle(full.Storage);
        }

        private void Run(Tensor gradient, Tensor target, bool accumulate, bool ofRight) => context.Workers.Run(
            ElementParts.Count(target.Count),
            new BackwardWork<TFunction>(function, ofRight, plan, left, right, gradient, target, accumulate));
    }
}
