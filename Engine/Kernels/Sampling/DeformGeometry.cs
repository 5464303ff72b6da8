using System;
using ManagedDyn.Engine.Kernels.Convolution;

namespace ManagedDyn.Engine.Kernels.Sampling;

/// <summary>
/// The sizes of a convolution whose taps move: offset group j of the input channels is read at tap t of output pixel p from the place of the tap plus
/// offsets[p, j, t] = (dy, dx), and what is read there is multiplied by modulation[p, j, t].
/// </summary>
public readonly record struct DeformGeometry
{
    /// <summary>Checks the sizes.</summary>
    /// <param name="maps">Channels, kernel, stride, padding, dilation, groups and maps.</param>
    /// <param name="offsetGroups">Groups of input channels that have offsets and modulation of their own.</param>
    /// <exception cref="ArgumentException">The input channels are no multiple of the offset groups.</exception>
    public DeformGeometry(in ConvolutionGeometry maps, int offsetGroups = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(offsetGroups, 1);
        if (maps.InChannels % offsetGroups != 0)
        {
            throw new ArgumentException($"{maps.InChannels} input channels were given for {offsetGroups} offset groups; expected a multiple.", nameof(offsetGroups));
        }

        Maps = maps;
        OffsetGroups = offsetGroups;
    }

    /// <summary>Channels, kernel, stride, padding, dilation, groups and maps.</summary>
    public ConvolutionGeometry Maps { get; }

    /// <summary>Groups of input channels that have offsets and modulation of their own.</summary>
    public int OffsetGroups { get; }

    /// <summary>Modulation values of one output pixel: offset groups · taps, in this order. There are twice as many offsets, dy before dx.</summary>
    public int PointsPerPixel => OffsetGroups * Maps.Taps;

    /// <summary>Elements of one output pixel's patch: [group][tap][input channel of the group], as the packed weights have them.</summary>
    public int PatchLength => Maps.InChannels * Maps.Taps;

    internal void Check(int inputLength, int offsetLength, int modulationLength, int patchLength, int firstPixel, int count)
    {
        if (firstPixel < 0 || count < 0 || firstPixel > Maps.OutPixels - count)
        {
            throw new ArgumentOutOfRangeException(nameof(firstPixel), $"{count} pixels from {firstPixel} on were asked for; expected a range within 0 to {Maps.OutPixels}.");
        }

        int points = Maps.OutPixels * PointsPerPixel;
        if (inputLength != Maps.InElements || (offsetLength != 0 && offsetLength != 2 * points) || (modulationLength != 0 && modulationLength != points)
            || patchLength < (long)count * PatchLength)
        {
            throw new ArgumentException(
                $"{inputLength} input, {offsetLength} offset, {modulationLength} modulation and {patchLength} patch elements were given; expected {Maps.InElements}, {2 * points} or none, {points} or none, and at least {(long)count * PatchLength}.");
        }
    }
}
