using System;
using ManagedDyn.Engine.Selections;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>What convolution kernels check before they touch memory.</summary>
internal static class OperandCheck
{
    /// <summary>A span must hold at least so many elements.</summary>
    public static void Length(string name, long found, long expected)
    {
        if (found < expected)
        {
            throw new ArgumentException($"{name} holds {found} elements; expected {expected}.", name);
        }
    }

    /// <summary>A part of the active pixels.</summary>
    public static void Range(int from, int to, int count)
    {
        if (from < 0 || to < from || to > count)
        {
            throw new ArgumentException($"Pixels {from} to {to} of {count} active ones were asked for.", nameof(to));
        }
    }

    /// <summary>A selection of output pixels has one row a sample and the map's pixels as its universe.</summary>
    public static void Selection(in ConvolutionGeometry geometry, int batch, Selection selection)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(batch);
        if ((long)batch * Math.Max(geometry.InPixels, geometry.OutPixels) > int.MaxValue)
        {
            throw new ArgumentException(
                $"A batch of {batch} maps of {geometry.InPixels} pixels, giving {geometry.OutPixels}, exceeds {int.MaxValue} pixels.", nameof(batch));
        }
        if (selection.Exists && (selection.Rows != batch || selection.Universe != geometry.OutPixels))
        {
            throw new ArgumentException(
                $"The selection has {selection.Rows} rows of {selection.Universe} pixels; expected {batch} rows of {geometry.OutPixels}.",
                nameof(selection));
        }
    }

    /// <summary>Rows of an output that is full width or has one row for each selected pixel.</summary>
    public static long OutputRows(in ConvolutionGeometry geometry, int batch, Selection selection, bool compact) =>
        compact && !selection.IsAll ? selection.Count : (long)batch * geometry.OutPixels;
}
