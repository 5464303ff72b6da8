using System;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>What pooling layers share: checks, and the shape of the output.</summary>
internal static class PoolingShape
{
    public static void Check(int kernel, int stride, int padding)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(kernel, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(stride);
        ArgumentOutOfRangeException.ThrowIfNegative(padding);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(padding, kernel / 2);
    }

    public static Shape Output(Shape input, int kernel, int stride, int padding)
    {
        if (input.Rank != 4 || input[1] + (2 * padding) < kernel || input[2] + (2 * padding) < kernel)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, height, width, channels] with room for a window of {kernel} × {kernel}.", nameof(input));
        }

        return new Shape(input[0], ((input[1] + (2 * padding) - kernel) / stride) + 1, ((input[2] + (2 * padding) - kernel) / stride) + 1, input[3]);
    }
}
