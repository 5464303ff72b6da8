using System;
using System.Numerics;
using System.Runtime.InteropServices;
using ManagedDyn.Engine.Kernels.Convolution;

namespace ManagedDyn.Engine.Kernels.Sampling;

/// <summary>
/// The gradients of <see cref="DeformedPatches"/>. From the products D of a patch's gradient with each of the four pixels around a tap's place follow the
/// gradients of the place (the slope of the bilinear surface; at a pixel's place the one towards higher coordinates) and of the modulation.
/// </summary>
public static class DeformedPatchGradient
{
    /// <summary>Adds the gradients of some output pixels of one sample.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="input">[InHeight, InWidth, InChannels].</param>
    /// <param name="offsets">[OutPixels, OffsetGroups, Taps, (dy, dx)]; empty: all are 0.</param>
    /// <param name="modulation">[OutPixels, OffsetGroups, Taps]; empty: all are 1.</param>
    /// <param name="firstPixel">The first output pixel.</param>
    /// <param name="count">How many.</param>
    /// <param name="patchGradient">[count, PatchLength].</param>
    /// <param name="inputGradient">As the input; added to. Empty: not asked for.</param>
    /// <param name="offsetGradient">As the offsets; added to. Empty: not asked for.</param>
    /// <param name="modulationGradient">As the modulation; added to. Empty: not asked for.</param>
    /// <exception cref="ArgumentException">A span or the range does not fit; nothing has been written.</exception>
    public static void Scatter(
        in DeformGeometry geometry, ReadOnlySpan<float> input, ReadOnlySpan<float> offsets, ReadOnlySpan<float> modulation, int firstPixel, int count,
        ReadOnlySpan<float> patchGradient, Span<float> inputGradient, Span<float> offsetGradient, Span<float> modulationGradient)
    {
        geometry.Check(input.Length, offsets.Length, modulation.Length, patchGradient.Length, firstPixel, count);
        geometry.Check(
            inputGradient.IsEmpty ? input.Length : inputGradient.Length, offsetGradient.Length, modulationGradient.Length, patchGradient.Length, firstPixel, count);
        ConvolutionGeometry maps = geometry.Maps;
        int points = geometry.PointsPerPixel;
        bool asksPlaces = !offsetGradient.IsEmpty || !modulationGradient.IsEmpty;
        Span<float> lanes = stackalloc float[4 * Vector<float>.Count];
        for (int i = 0; i < count; i++)
        {
            int pixel = firstPixel + i;
            int top = (pixel / maps.OutWidth * maps.StrideHeight) - maps.PadTop;
            int left = (pixel % maps.OutWidth * maps.StrideWidth) - maps.PadLeft;
            ReadOnlySpan<float> patch = patchGradient.Slice(i * geometry.PatchLength, geometry.PatchLength);
            for (int p = 0; p < points; p++)
            {
                int tap = p % maps.Taps;
                int at = (pixel * points) + p;
                float y = top + (tap / maps.KernelWidth * maps.DilationHeight);
                float x = left + (tap % maps.KernelWidth * maps.DilationWidth);
                if (!offsets.IsEmpty)
                {
                    y += offsets[2 * at];
                    x += offsets[(2 * at) + 1];
                }

                SamplePoint point = new(y, x, maps.InHeight, maps.InWidth);
                if (!point.IsNear)
                {
                    continue;
                }

                float factor = modulation.IsEmpty ? 1f : modulation[at];
                (float upperLeft, float upperRight, float lowerLeft, float lowerRight) =
                    Corners(in geometry, input, in point, p / maps.Taps, tap, patch, factor, inputGradient, asksPlaces, lanes);
                float above = 1f - point.Below;
                float before = 1f - point.Right;
                if (!offsetGradient.IsEmpty)
                {
                    offsetGradient[2 * at] += factor * ((before * (lowerLeft - upperLeft)) + (point.Right * (lowerRight - upperRight)));
                    offsetGradient[(2 * at) + 1] += factor * ((above * (upperRight - upperLeft)) + (point.Below * (lowerRight - lowerLeft)));
                }

                if (!modulationGradient.IsEmpty)
                {
                    modulationGradient[at] += (above * ((before * upperLeft) + (point.Right * upperRight)))
                        + (point.Below * ((before * lowerLeft) + (point.Right * lowerRight)));
                }
            }
        }
    }

    // Gives each of the four pixels its share of the patch's gradient, and returns the products of that gradient with the pixels.
    private static (float UpperLeft, float UpperRight, float LowerLeft, float LowerRight) Corners(
        in DeformGeometry geometry, ReadOnlySpan<float> input, in SamplePoint point, int offsetGroup, int tap, ReadOnlySpan<float> patch, float factor,
        Span<float> inputGradient, bool asksPlaces, Span<float> lanes)
    {
        int channels = geometry.Maps.InChannels;
        int width = geometry.Maps.InWidth;
        int perOffset = channels / geometry.OffsetGroups;
        int perGroup = geometry.Maps.InChannelsPerGroup;
        int end = (offsetGroup + 1) * perOffset;
        int first = ((point.Row * width) + point.Column) * channels;
        lanes.Clear();
        float above = (1f - point.Below) * factor;
        float below = point.Below * factor;
        for (int channel = offsetGroup * perOffset; channel < end;)
        {
            int group = channel / perGroup;
            int stop = Math.Min(end, (group + 1) * perGroup);
            ReadOnlySpan<float> own = patch.Slice((((group * geometry.Maps.Taps) + tap) * perGroup) + channel - (group * perGroup), stop - channel);
            int at = first + channel;
            if (point.HasTop && point.HasLeft)
            {
                Corner(input, at, own, above * (1f - point.Right), inputGradient, asksPlaces, lanes, 0);
            }

            if (point.HasTop && point.HasRight)
            {
                Corner(input, at + channels, own, above * point.Right, inputGradient, asksPlaces, lanes, 1);
            }

            if (point.HasBottom && point.HasLeft)
            {
                Corner(input, at + (width * channels), own, below * (1f - point.Right), inputGradient, asksPlaces, lanes, 2);
            }

            if (point.HasBottom && point.HasRight)
            {
                Corner(input, at + ((width + 1) * channels), own, below * point.Right, inputGradient, asksPlaces, lanes, 3);
            }

            channel = stop;
        }

        return asksPlaces ? (Sum(lanes, 0), Sum(lanes, 1), Sum(lanes, 2), Sum(lanes, 3)) : default;
    }

    private static void Corner(
        ReadOnlySpan<float> input, int at, ReadOnlySpan<float> patch, float weight, Span<float> inputGradient, bool asksPlaces, Span<float> lanes, int corner)
    {
        if (!inputGradient.IsEmpty && weight != 0)
        {
            Add(patch, weight, inputGradient.Slice(at, patch.Length));
        }

        if (asksPlaces)
        {
            Span<float> own = lanes.Slice(corner * Vector<float>.Count, Vector<float>.Count);
            Products(input.Slice(at, patch.Length), patch, new Vector<float>(own)).CopyTo(own);
        }
    }

    private static Vector<float> Products(ReadOnlySpan<float> left, ReadOnlySpan<float> right, Vector<float> sum)
    {
        ref float a = ref MemoryMarshal.GetReference(left);
        ref float b = ref MemoryMarshal.GetReference(right);
        int width = Vector<float>.Count;
        int i = 0;

        // Whole vectors within both spans, which the caller has cut to the same length.
        for (; i <= left.Length - width; i += width)
        {
            sum = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref a, (nuint)i), Vector.LoadUnsafe(ref b, (nuint)i), sum);
        }

        int rest = left.Length - i;
        return rest == 0 ? sum : Vector.MultiplyAddEstimate(PartialVector.Load(left, i, rest, 0), PartialVector.Load(right, i, rest, 0), sum);
    }

    /// <summary>target[i] += weight · source[i].</summary>
    internal static void Add(ReadOnlySpan<float> source, float weight, Span<float> target)
    {
        ref float from = ref MemoryMarshal.GetReference(source[..target.Length]);
        ref float to = ref MemoryMarshal.GetReference(target);
        Vector<float> factor = new(weight);
        int width = Vector<float>.Count;
        int i = 0;

        // Whole vectors within both spans, which are equally long.
        for (; i <= target.Length - width; i += width)
        {
            Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref from, (nuint)i), factor, Vector.LoadUnsafe(ref to, (nuint)i)).StoreUnsafe(ref to, (nuint)i);
        }

        int rest = target.Length - i;
        if (rest > 0)
        {
            Vector<float> last = Vector.MultiplyAddEstimate(PartialVector.Load(source, i, rest), factor, PartialVector.Load(target, i, rest));
            PartialVector.Store(last, target[i..]);
        }
    }

    private static float Sum(ReadOnlySpan<float> lanes, int corner)
    {
        float sum = 0;
        foreach (float lane in lanes.Slice(corner * Vector<float>.Count, Vector<float>.Count))
        {
            sum += lane;
        }

        return sum;
    }
}
