using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>The identity whose gradient is scaled on the way back.</summary>
public static class GradientScaleOperator
{
    /// <summary>y = x; the gradient of x is that of y times a factor. A factor of 0 ends the way back.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, of any shape.</param>
    /// <param name="factor">The factor, finite.</param>
    /// <returns>x itself where nothing is recorded, else a copy of it.</returns>
    public static Tensor ScaleGradient(this Context context, Tensor input, float factor)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!float.IsFinite(factor))
        {
            throw new ArgumentOutOfRangeException(nameof(factor), factor, "Expected a finite factor.");
        }

        if (!context.Records(input))
        {
            return input;
        }

        // A copy: gradients belong to storages, so a view would share the unscaled one.
        Tensor output = context.Workspace.RentCopy(input.Shape, input.Span);
        if (factor != 0)
        {
            context.Tape!.Record(new Entry(input, output, factor));
        }

        return output;
    }

    private sealed class Entry(Tensor input, Tensor output, float factor) : TapeEntry(output)
    {
        private readonly Tensor _output = output;

        public override void Backward(Gradients gradients)
        {
            ReadOnlySpan<float> gradient = gradients.Of(_output).Span;
            Span<float> target = gradients.Into(input, out bool accumulate).Span;
            for (int i = 0; i < target.Length; i++)
            {
                float value = factor * gradient[i];
                target[i] = accumulate ? target[i] + value : value;
            }
        }
    }
}
