using System;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Tests.Goldens;

/// <summary>Turns images between PyTorch's [N, C, H, W] and the product's [N, H, W, C]; any number of spatial dimensions, at least one.</summary>
public static class GoldenLayout
{
    public static Tensor ToChannelsLast(Tensor tensor)
    {
        Shape from = tensor.Shape;
        Span<int> extents = stackalloc int[from.Rank];
        from.CopyTo(extents);
        int channels = extents[1];
        extents[2..].CopyTo(extents[1..]);
        extents[^1] = channels;
        Tensor result = Tensor.Zeros(new Shape(extents));
        TransposePlanes(tensor.Span, result.Span, from[0], channels, from.ProductFrom(2));
        return result;
    }

    public static Tensor ToChannelsFirst(Tensor tensor)
    {
        Shape from = tensor.Shape;
        Span<int> extents = stackalloc int[from.Rank];
        from.CopyTo(extents);
        int channels = extents[^1];
        extents[1..^1].CopyTo(extents[2..]);
        extents[1] = channels;
        Tensor result = Tensor.Zeros(new Shape(extents));
        TransposePlanes(tensor.Span, result.Span, from[0], from.ProductFrom(1) / Math.Max(channels, 1), channels);
        return result;
    }

    private static void TransposePlanes(ReadOnlySpan<float> source, Span<float> destination, int planes, int rows, int columns)
    {
        for (int plane = 0; plane < planes; plane++)
        {
            int start = plane * rows * columns;
            for (int row = 0; row < rows; row++)
            {
                for (int column = 0; column < columns; column++)
                {
                    destination[start + (column * rows) + row] = source[start + (row * columns) + column];
                }
            }
        }
    }
}
