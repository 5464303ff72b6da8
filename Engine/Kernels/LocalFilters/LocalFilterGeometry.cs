using System;
using ManagedDyn.Engine.Kernels.Convolution;

namespace ManagedDyn.Engine.Kernels.LocalFilters;

/// <summary>
/// The sizes of a local filtering: every output pixel has a filter of its own, y[p, c] = Σ over taps t of filter[p, group(c), t] · x[pixel(p, t), c].
/// </summary>
/// <remarks>
/// Output pixel (oy, ox) sees the patch of a convolution's output pixel (oy / <see cref="Scale"/>, ox / <see cref="Scale"/>): with a scale above 1 the
/// result is larger than the input, as in CARAFE. Taps outside the map count as zero.
/// </remarks>
public readonly record struct LocalFilterGeometry
{
    /// <summary>Checks the sizes.</summary>
    /// <param name="maps">Kernel, stride, padding, dilation and maps; as many output as input channels, and groups of channels that share filters.</param>
    /// <param name="scale">Output rows and columns for each of the convolution's.</param>
    /// <param name="layout">How a pixel's filter values are laid out.</param>
    /// <param name="isShared">Whether all pixels of a sample have the same filter.</param>
    /// <exception cref="ArgumentException">The channels differ, the scale is below 1, or a map or the filters exceed 2³¹ − 1 elements.</exception>
    public LocalFilterGeometry(in ConvolutionGeometry maps, int scale = 1, FilterLayout layout = FilterLayout.GroupsFirst, bool isShared = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(scale, 1);
        if (maps.InChannels != maps.OutChannels)
        {
            throw new ArgumentException($"A local filter has {maps.InChannels} input and {maps.OutChannels} output channels; expected as many.", nameof(maps));
        }

        if (layout is not (FilterLayout.GroupsFirst or FilterLayout.TapsFirst))
        {
            throw new ArgumentException($"The layout of the filters is {layout}; expected a named one.", nameof(layout));
        }

        Maps = maps;
        Scale = scale;
        Layout = layout;
        IsShared = isShared;
        long pixels = (long)maps.OutHeight * scale * maps.OutWidth * scale;
        long most = pixels * Math.Max(maps.OutChannels, isShared ? 1 : (long)maps.Groups * maps.Taps);
        if (most > int.MaxValue)
        {
            throw new ArgumentException($"A local filter of {pixels} output pixels needs {most} elements; expected at most {int.MaxValue}.", nameof(scale));
        }
    }

    /// <summary>Kernel, stride, padding, dilation, groups, and the maps before scaling.</summary>
    public ConvolutionGeometry Maps { get; }

    /// <summary>Output rows and columns for each of the convolution's.</summary>
    public int Scale { get; }

    /// <summary>How a pixel's filter values are laid out.</summary>
    public FilterLayout Layout { get; }

    /// <summary>Whether all pixels of a sample have the same filter.</summary>
    public bool IsShared { get; }

    /// <summary>Channels of input and output.</summary>
    public int Channels => Maps.InChannels;

    /// <summary>Rows of the output.</summary>
    public int OutHeight => Maps.OutHeight * Scale;

    /// <summary>Columns of the output.</summary>
    public int OutWidth => Maps.OutWidth * Scale;

    /// <summary>Filter values of one pixel: groups · taps.</summary>
    public int FilterLength => Maps.Groups * Maps.Taps;

    /// <summary>Elements of one sample's output.</summary>
    public int OutElements => OutHeight * OutWidth * Channels;

    /// <summary>Elements of one sample's filters.</summary>
    public int FilterElements => IsShared ? FilterLength : OutHeight * OutWidth * FilterLength;

    /// <summary>Nominal multiply-accumulates of one sample, taps in the padding included.</summary>
    public long MacsPerSample => (long)OutElements * Maps.Taps;

    /// <summary>Elements between two taps of a group's filter.</summary>
    internal int TapStep => Layout == FilterLayout.TapsFirst ? Maps.Groups : 1;

    /// <summary>Elements between two groups' values of a tap.</summary>
    internal int GroupStep => Layout == FilterLayout.TapsFirst ? 1 : Maps.Taps;

    internal void Check(int inputLength, int filterLength, int outputLength)
    {
        if (inputLength != Maps.InElements || filterLength != FilterElements || outputLength != OutElements)
        {
            throw new ArgumentException(
                $"A local filter was given {inputLength} input, {filterLength} filter and {outputLength} output elements; expected {Maps.InElements}, {FilterElements} and {OutElements}.");
        }
    }

    internal void CheckRows(int firstRow, int endRow)
    {
        if (firstRow < 0 || endRow < firstRow || endRow > OutHeight)
        {
            throw new ArgumentOutOfRangeException(nameof(firstRow), $"Rows {firstRow} to {endRow} of a local filter were asked for; expected a range within 0 to {OutHeight}.");
        }
    }
}
