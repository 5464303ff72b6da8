using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ManagedDyn.Engine.Kernels.Convolution;

namespace ManagedDyn.Engine.Kernels.Sampling;

/// <summary>
/// Gathers what the taps of a deformable convolution read into patches that a matrix multiply takes: patch[p][group][tap][c] =
/// modulation · Σ over the four pixels around the tap's place of weight · x[pixel, c].
/// </summary>
/// <remarks>
/// A pixel with weight 0 is not read, so that a tap on a pixel's place reads that pixel's bits: without offsets a patch is what an ordinary
/// convolution reads. Places a pixel or more outside the map read zero; where a coordinate is not a number the patch is not either.
/// </remarks>
public static class DeformedPatches
{
    /// <summary>Samples the patches of some output pixels of one sample.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="input">[InHeight, InWidth, InChannels].</param>
    /// <param name="offsets">[OutPixels, OffsetGroups, Taps, (dy, dx)]; empty: all are 0.</param>
    /// <param name="modulation">[OutPixels, OffsetGroups, Taps]; empty: all are 1.</param>
    /// <param name="firstPixel">The first output pixel.</param>
    /// <param name="count">How many.</param>
    /// <param name="patches">[count, PatchLength]; overwritten.</param>
    /// <exception cref="ArgumentException">A span or the range does not fit; nothing has been written.</exception>
    public static void Sample(
        in DeformGeometry geometry, ReadOnlySpan<float> input, ReadOnlySpan<float> offsets, ReadOnlySpan<float> modulation, int firstPixel, int count,
        Span<float> patches)
    {
        geometry.Check(input.Length, offsets.Length, modulation.Length, patches.Length, firstPixel, count);
        ConvolutionGeometry maps = geometry.Maps;
        int points = geometry.PointsPerPixel;
        for (int i = 0; i < count; i++)
        {
            int pixel = firstPixel + i;
            int top = (pixel / maps.OutWidth * maps.StrideHeight) - maps.PadTop;
            int left = (pixel % maps.OutWidth * maps.StrideWidth) - maps.PadLeft;
            Span<float> patch = patches.Slice(i * geometry.PatchLength, geometry.PatchLength);
            ReadOnlySpan<float> moves = offsets.IsEmpty ? default : offsets.Slice(pixel * points * 2, points * 2);
            ReadOnlySpan<float> factors = modulation.IsEmpty ? default : modulation.Slice(pixel * points, points);
            for (int point = 0; point < points; point++)
            {
                int tap = point % maps.Taps;
                float y = top + (tap / maps.KernelWidth * maps.DilationHeight);
                float x = left + (tap % maps.KernelWidth * maps.DilationWidth);
                if (!moves.IsEmpty)
                {
                    y += moves[2 * point];
                    x += moves[(2 * point) + 1];
                }

                Corners corners = new(new SamplePoint(y, x, maps.InHeight, maps.InWidth), factors.IsEmpty ? 1f : factors[point], maps.InWidth, maps.InChannels);
                Read(in geometry, input, in corners, point / maps.Taps, tap, patch);
            }
        }
    }

    // One tap of one offset group: its channels, cut where the convolution's groups are.
    private static void Read(in DeformGeometry geometry, ReadOnlySpan<float> input, in Corners corners, int offsetGroup, int tap, Span<float> patch)
    {
        int perOffset = geometry.Maps.InChannels / geometry.OffsetGroups;
        int perGroup = geometry.Maps.InChannelsPerGroup;
        int taps = geometry.Maps.Taps;
        int end = (offsetGroup + 1) * perOffset;
        for (int channel = offsetGroup * perOffset; channel < end;)
        {
            int group = channel / perGroup;
            int stop = Math.Min(end, (group + 1) * perGroup);
            int start = (((group * taps) + tap) * perGroup) + channel - (group * perGroup);
            Mix(input, in corners, channel, patch.Slice(start, stop - channel));
            channel = stop;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mix(ReadOnlySpan<float> input, in Corners corners, int channel, Span<float> target)
    {
        if (corners.Count == 0)
        {
            target.Fill(corners.Constant);
            return;
        }

        int length = target.Length;
        ReadOnlySpan<float> first = input.Slice(corners.First + channel, length);
        if (corners.Count == 1 && corners.FirstWeight == 1f)
        {
            first.CopyTo(target);
            return;
        }

        // With fewer than four, the others are the first again with weight 0, and not added.
        ReadOnlySpan<float> second = input.Slice(corners.Second + channel, length);
        ReadOnlySpan<float> third = input.Slice(corners.Third + channel, length);
        ReadOnlySpan<float> fourth = input.Slice(corners.Fourth + channel, length);
        int width = Vector<float>.Count;
        Vector<float> w1 = new(corners.FirstWeight), w2 = new(corners.SecondWeight), w3 = new(corners.ThirdWeight), w4 = new(corners.FourthWeight);
        ref float a = ref MemoryMarshal.GetReference(first);
        ref float b = ref MemoryMarshal.GetReference(second);
        ref float c = ref MemoryMarshal.GetReference(third);
        ref float d = ref MemoryMarshal.GetReference(fourth);
        ref float to = ref MemoryMarshal.GetReference(target);
        int i = 0;

        // Whole vectors within five spans of the same length; the last is moved back to end with them, and computes some channels again, the same.
        while (i < length && length >= width)
        {
            i = Math.Min(i, length - width);
            Vector<float> sum = Vector.LoadUnsafe(ref a, (nuint)i) * w1;
            if (corners.Count > 1)
            {
                sum = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref b, (nuint)i), w2, sum);
            }

            if (corners.Count > 2)
            {
                sum = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref c, (nuint)i), w3, sum);
                sum = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref d, (nuint)i), w4, sum);
            }

            sum.StoreUnsafe(ref to, (nuint)i);
            i += width;
        }

        if (i < length)
        {
            Vector<float> sum = PartialVector.Load(first, 0, length) * w1;
            if (corners.Count > 1)
            {
                sum = Vector.MultiplyAddEstimate(PartialVector.Load(second, 0, length), w2, sum);
            }

            if (corners.Count > 2)
            {
                sum = Vector.MultiplyAddEstimate(PartialVector.Load(third, 0, length), w3, sum);
                sum = Vector.MultiplyAddEstimate(PartialVector.Load(fourth, 0, length), w4, sum);
            }

            PartialVector.Store(sum, target);
        }
    }

    // The pixels that a point reads, those with weight 0 or outside the map left out: none, one, two in a row or column, or four.
    private readonly ref struct Corners
    {
        public Corners(SamplePoint point, float factor, int width, int channels)
        {
            if (!point.IsNear)
            {
                Constant = point.IsUndefined ? float.NaN : 0;
                return;
            }

            bool top = point.HasTop;
            bool bottom = point.HasBottom && point.Below > 0;
            bool left = point.HasLeft;
            bool right = point.HasRight && point.Right > 0;
            int rows = (top ? 1 : 0) + (bottom ? 1 : 0);
            int columns = (left ? 1 : 0) + (right ? 1 : 0);
            Count = rows * columns;
            if (Count == 0)
            {
                return;
            }

            float above = 1f - point.Below;
            float leftWeight = 1f - point.Right;
            int row = top ? point.Row : point.Row + 1;
            int column = left ? point.Column : point.Column + 1;
            float rowWeight = top ? above : point.Below;
            float columnWeight = left ? leftWeight : point.Right;
            First = Second = Third = Fourth = ((row * width) + column) * channels;
            FirstWeight = rowWeight * columnWeight * factor;
            if (columns == 2)
            {
                Second = First + channels;
                SecondWeight = rowWeight * point.Right * factor;
            }
            else if (rows == 2)
            {
                Second = First + (width * channels);
                SecondWeight = point.Below * columnWeight * factor;
            }

            if (Count == 4)
            {
                Third = First + (width * channels);
                Fourth = Third + channels;
                ThirdWeight = point.Below * columnWeight * factor;
                FourthWeight = point.Below * point.Right * factor;
            }
        }

        public int Count { get; }

        public float Constant { get; }

        public int First { get; }

        public int Second { get; }

        public int Third { get; }

        public int Fourth { get; }

        public float FirstWeight { get; }

        public float SecondWeight { get; }

        public float ThirdWeight { get; }

        public float FourthWeight { get; }
    }
}
