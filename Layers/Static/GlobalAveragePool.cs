using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>The mean of each channel over all pixels: [N, H, W, C] to [N, C].</summary>
public sealed class GlobalAveragePool : Layer
{
    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        if (input.Rank != 4)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, height, width, channels].", nameof(input));
        }

        return new Shape(input[0], input[3]);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        _ = OutputShape(input);
        return 0;
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input) => context.GlobalAveragePool(input);
}
