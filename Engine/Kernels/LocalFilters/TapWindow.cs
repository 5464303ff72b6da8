using System;
using ManagedDyn.Engine.Kernels.Convolution;

namespace ManagedDyn.Engine.Kernels.LocalFilters;

/// <summary>The taps of one output pixel that lie inside the map: a rectangle of kernel rows and columns, and where their pixels are.</summary>
internal readonly ref struct TapWindow
{
    /// <summary>Finds them.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="y">The output row.</param>
    /// <param name="x">The output column.</param>
    public TapWindow(in ConvolutionGeometry geometry, int y, int x)
    {
        int top = (y * geometry.StrideHeight) - geometry.PadTop;
        int left = (x * geometry.StrideWidth) - geometry.PadLeft;
        (int firstRow, Rows) = Inside(top, geometry.DilationHeight, geometry.KernelHeight, geometry.InHeight);
        (int firstColumn, Columns) = Inside(left, geometry.DilationWidth, geometry.KernelWidth, geometry.InWidth);
        KernelWidth = geometry.KernelWidth;
        FirstTap = (firstRow * KernelWidth) + firstColumn;
        int channels = geometry.InChannels;
        RowStep = geometry.DilationHeight * geometry.InWidth * channels;
        ColumnStep = geometry.DilationWidth * channels;
        Start = (((top * geometry.InWidth) + left) * channels) + (firstRow * RowStep) + (firstColumn * ColumnStep);
    }

    /// <summary>Kernel rows inside the map.</summary>
    public int Rows { get; }

    /// <summary>Kernel columns inside the map.</summary>
    public int Columns { get; }

    /// <summary>The first tap inside.</summary>
    public int FirstTap { get; }

    /// <summary>Taps between two kernel rows.</summary>
    public int KernelWidth { get; }

    /// <summary>Where the pixel of the first tap starts, in elements of the map.</summary>
    public int Start { get; }

    /// <summary>Elements of the map between two kernel rows.</summary>
    public int RowStep { get; }

    /// <summary>Elements of the map between two kernel columns.</summary>
    public int ColumnStep { get; }

    private static (int First, int Count) Inside(int start, int dilation, int taps, int extent)
    {
        if (dilation == 1)
        {
            // Without dividing, which would take longer than a small window's sums.
            int before = Math.Max(0, -start);
            return (before, Math.Max(0, Math.Min(taps, extent - start) - before));
        }

        int first = start >= 0 ? 0 : (dilation - 1 - start) / dilation;
        int end = start >= extent ? 0 : Math.Min(taps, ((extent - 1 - start) / dilation) + 1);
        return (first, Math.Max(0, end - first));
    }
}
