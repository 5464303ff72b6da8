using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.SpatialWise.RegionLevel;

/// <summary>
/// Cuts a window of each image at a place of a grid: place (i, j) of an n × n grid begins at row round(i · (H − h)/(n − 1)) and column round(j · (W − w)/(n − 1)),
/// so that the outer places touch the border and windows never leave the image. Only the window's pixels are read.
/// </summary>
public static class GridCrop
{
    private const int MostOnStack = 256;

    /// <summary>The first pixel of a window along one direction.</summary>
    /// <param name="place">The place, from 0.</param>
    /// <param name="places">The number of places in this direction.</param>
    /// <param name="extent">Pixels of the image.</param>
    /// <param name="window">Pixels of the window.</param>
    public static int StartOf(int place, int places, int extent, int window) =>
        places <= 1 ? (extent - window) / 2 : ((2 * place * (extent - window)) + places - 1) / (2 * (places - 1));

    /// <summary>The windows as the ledger tells them; none unless it keeps choices.</summary>
    internal static Tensor ViewsAtPlaces(this Context context, Shape image, Selection places, int grid, int height, int width)
    {
        Tensor views = context.RentViews(image[0], 1);
        for (int n = 0; views.Exists && n < image[0]; n++)
        {
            int place = places.IsAll ? 0 : places.Row(n)[0];
            float top = (float)StartOf(place / grid, grid, image[1], height) / image[1];
            float left = (float)StartOf(place % grid, grid, image[2], width) / image[2];
            views.SetView(n, new ImageView(top, left, (float)height / image[1], (float)width / image[2], height, width));
        }

        return views;
    }

    /// <summary>The window of each image at its place.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, C].</param>
    /// <param name="places">A row for each image over grid · grid places, with one index.</param>
    /// <param name="grid">Places in each direction.</param>
    /// <param name="height">Rows of a window.</param>
    /// <param name="width">Columns of a window.</param>
    /// <returns>[N, height, width, C].</returns>
    /// <exception cref="ArgumentException">The places are not one for each image, or a window is larger than the image.</exception>
    public static Tensor CropAtPlaces(this Context context, Tensor input, Selection places, int grid, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(context);
        Shape shape = input.Shape;
        if (shape.Rank != 4 || places.Rows != shape[0] || places.Universe != grid * grid || places.Count != shape[0])
        {
            throw new ArgumentException($"Places {places} were given for {shape}; expected one of {grid} x {grid} for each image [N, H, W, C].", nameof(places));
        }

        int samples = shape[0];
        Span<int> tops = samples <= MostOnStack ? stackalloc int[MostOnStack] : new int[samples];
        Span<int> lefts = samples <= MostOnStack ? stackalloc int[MostOnStack] : new int[samples];
        for (int n = 0; n < samples; n++)
        {
            // With one place there is nothing to choose, and no list of choices.
            int place = places.IsAll ? 0 : places.Row(n)[0];
            tops[n] = StartOf(place / grid, grid, shape[1], height);
            lefts[n] = StartOf(place % grid, grid, shape[2], width);
        }

        Selection windows = context.Workspace.SelectWindows(shape[1], shape[2], tops[..samples], lefts[..samples], height, width);
        return context.GatherPixels(input, windows).Reshape(new Shape(samples, height, width, shape[3]));
    }
}
