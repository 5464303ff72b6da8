using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Elementwise;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Applies a function to each element of a tensor. The named functions stand in <see cref="ActivationOperators"/> and <see cref="ArithmeticOperators"/>.</summary>
public static class MapOperator
{
    /// <summary>y = f(x) for each element; no MACs are counted.</summary>
    /// <typeparam name="TFunction">The function.</typeparam>
    /// <param name="context">The context.</param>
    /// <param name="function">f.</param>
    /// <param name="input">Any shape.</param>
    /// <returns>The same shape.</returns>
    public static Tensor Map<TFunction>(this Context context, TFunction function, Tensor input)
        where TFunction : struct, IElementFunction
    {
        Tensor output = context.Workspace.Rent(input.Shape);
        context.Workers.Run(ElementParts.Count(input.Count), new ForwardWork<TFunction>(function, input, output));
        if (context.Records(input))
        {
            context.Tape!.Record(new Entry<TFunction>(context, function, input, output));
        }

        return output;
    }

    private readonly struct ForwardWork<TFunction>(TFunction function, Tensor input, Tensor output) : IParallelWork
        where TFunction : struct, IElementFunction
    {
        public void Execute(int part)
        {
            int from = ElementParts.From(part);
            int to = ElementParts.To(part, input.Count);
            ElementMap.Forward(function, input.Span[from..to], output.Span[from..to]);
        }
    }

    private readonly struct BackwardWork<TFunction>(TFunction function, Tensor input, Tensor output, Tensor outputGradient, Tensor inputGradient, bool accumulate) : IParallelWork
        where TFunction : struct, IElementFunction
    {
        public void Execute(int part)
        {
            int from = ElementParts.From(part);
            int to = ElementParts.To(part, input.Count);
            ElementMap.Backward(function, input.Span[from..to], output.Span[from..to], outputGradient.Span[from..to], inputGradient.Span[from..to], accumulate);
        }
    }

    private sealed class Entry<TFunction>(Context context, TFunction function, Tensor input, Tensor output) : TapeEntry(output)
        where TFunction : struct, IElementFunction
    {
        public override void Backward(Gradients gradients)
        {
            Tensor outputGradient = gradients.Of(output);
            Tensor inputGradient = gradients.Into(input, out bool accumulate);
            context.Workers.Run(
                ElementParts.Count(input.Count),
                new BackwardWork<TFunction>(function, input, output, outputGradient, inputGradient, accumulate));
        }
    }
}
