using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>Means over windows that divide the input evenly, so that the output has a given size: [N, H, W, C] to [N, height, width, C].</summary>
public sealed class AdaptiveAveragePool2d : Layer
{
    private readonly int _height;
    private readonly int _width;

    /// <summary>Makes a pooling layer.</summary>
    /// <param name="height">Rows of the output.</param>
    /// <param name="width">Columns of the output.</param>
    public AdaptiveAveragePool2d(int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        _height = height;
        _width = width;
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        if (input.Rank != 4)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, height, width, channels].", nameof(input));
        }

        return new Shape(input[0], _height, _width, input[3]);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        _ = OutputShape(input);
        return 0;
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input) => context.AdaptiveAveragePool2d(input, _height, _width);
}
