using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Pooling;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>The mean of each channel over all pixels of a sample.</summary>
public static class GlobalAveragePoolOperator
{
    /// <summary>y[n, c] = (1 / H W) Σ over pixels p of x[n, p, c]; pixels are added in order.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, C].</param>
    /// <returns>[N, C].</returns>
    /// <exception cref="ArgumentException">The input is no batch of maps, or its maps are empty.</exception>
    public static Tensor GlobalAveragePool(this Context context, Tensor input)
    {
        if (input.Shape.Rank != 4 || input.Shape[1] == 0 || input.Shape[2] == 0)
        {
            throw new ArgumentException($"The input has shape {input.Shape}; expected [N, height, width, channels] with pixels.", nameof(input));
        }

        Tensor output = context.Workspace.Rent(new Shape(input.Shape[0], input.Shape[3]));
        int mapElements = input.Shape.ProductFrom(1);
        for (int n = 0; n < input.Shape[0]; n++)
        {
            GlobalAverageKernel.Forward(input.Span.Slice(n * mapElements, mapElements), output.Span.Slice(n * input.Shape[3], input.Shape[3]));
        }

        if (context.Records(input))
        {
            context.Tape!.Record(new Entry(input, output));
        }

        return output;
    }

    private sealed class Entry(Tensor input, Tensor output) : TapeEntry(output)
    {
        public override void Backward(Gradients gradients)
        {
            int channels = input.Shape[3];
            int mapElements = input.Shape.ProductFrom(1);
            ReadOnlySpan<float> upstream = gradients.Of(output).Span;
            Span<float> target = gradients.Into(input, out bool accumulate).Span;
            for (int n = 0; n < input.Shape[0]; n++)
            {
                GlobalAverageKernel.Backward(upstream.Slice(n * channels, channels), accumulate, target.Slice(n * mapElements, mapElements));
            }
        }
    }
}
