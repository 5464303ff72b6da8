using System;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Checks that a selection fits the tensor that it selects from. One that was not given, or that is all, fits if its extents do.</summary>
internal static class SelectionCheck
{
    public static void Samples(Selection samples, Shape shape)
    {
        if (shape.Rank == 0)
        {
            throw new ArgumentException("A tensor of rank 0 has no samples to select.", nameof(shape));
        }

        Fits(samples, 1, shape[0], shape, "samples");
    }

    public static void Pixels(Selection pixels, Shape shape)
    {
        if (shape.Rank != 4)
        {
            throw new ArgumentException($"Pixels were selected from shape {shape}; expected images [N, H, W, C].", nameof(shape));
        }

        Fits(pixels, shape[0], shape[1] * shape[2], shape, "pixels");
    }

    public static void Channels(Selection channels, Shape shape, bool allowPerSample)
    {
        if (shape.Rank == 0)
        {
            throw new ArgumentException("A tensor of rank 0 has no channels to select.", nameof(shape));
        }

        int rows = allowPerSample && channels.Exists && channels.Rows != 1 ? shape[0] : 1;
        Fits(channels, rows, shape[-1], shape, "channels");
    }

    private static void Fits(Selection selection, int rows, int universe, Shape shape, string what)
    {
        if (selection.Exists && (selection.Rows != rows || selection.Universe != universe))
        {
            throw new ArgumentException($"A selection of {what} from shape {shape} has {selection.Rows} rows of {selection.Universe}; expected {rows} of {universe}.", nameof(selection));
        }
    }
}
