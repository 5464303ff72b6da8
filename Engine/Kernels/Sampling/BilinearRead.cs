using System;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.Sampling;

/// <summary>
/// Reads some channels of a map at a place between pixels, as a weighted sum of the four around it in a fixed order. A pixel with weight 0 or outside the map
/// is not read, so that a place on a pixel gives that pixel's bits.
/// </summary>
internal static class BilinearRead
{
    /// <summary>target = factor · Σ over the pixels around (y, x) of weight · x[pixel, channel…].</summary>
    /// <param name="input">[height, width, channels].</param>
    /// <param name="height">Rows of the map.</param>
    /// <param name="width">Columns of the map.</param>
    /// <param name="channels">Channels of the map.</param>
    /// <param name="y">The row; a pixel or more outside: the result is 0; not a number: the result is not either.</param>
    /// <param name="x">The column.</param>
    /// <param name="factor">Multiplies the result.</param>
    /// <param name="channel">The first channel.</param>
    /// <param name="target">As many channels as are asked for; overwritten.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Read(ReadOnlySpan<float> input, int height, int width, int channels, float y, float x, float factor, int channel, Span<float> target)
    {
        if (!(y > -1 && x > -1 && y < height && x < width))
        {
            target.Fill(float.IsNaN(y) || float.IsNaN(x) ? float.NaN : 0);
            return;
        }

        int row = (int)MathF.Floor(y);
        int column = (int)MathF.Floor(x);
        float below = y - row;
        float right = x - column;
        float rowWeight = 1f - below;
        float columnWeight = 1f - right;
        bool hasTwoRows = below > 0 && row < height - 1;
        bool hasTwoColumns = right > 0 && column < width - 1;
        if (row < 0)
        {
            (row, rowWeight, hasTwoRows) = (0, below, false);
        }

        if (column < 0)
        {
            (column, columnWeight, hasTwoColumns) = (0, right, false);
        }

        int at = (((row * width) + column) * channels) + channel;
        float first = rowWeight * columnWeight * factor;
        if (hasTwoRows && hasTwoColumns)
        {
            int under = at + (width * channels);
            Four(
                input.Slice(at, target.Length), input.Slice(at + channels, target.Length), input.Slice(under, target.Length),
                input.Slice(under + channels, target.Length), first, rowWeight * right * factor, below * columnWeight * factor, below * right * factor, target);
        }
        else if (hasTwoColumns)
        {
            Two(input.Slice(at, target.Length), input.Slice(at + channels, target.Length), first, rowWeight * right * factor, target);
        }
        else if (hasTwoRows)
        {
            Two(input.Slice(at, target.Length), input.Slice(at + (width * channels), target.Length), first, below * columnWeight * factor, target);
        }
        else if (first == 1f)
        {
            input.Slice(at, target.Length).CopyTo(target);
        }
        else
        {
            TensorPrimitives.Multiply(input.Slice(at, target.Length), first, target);
        }
    }

    private static void Two(ReadOnlySpan<float> first, ReadOnlySpan<float> second, float firstWeight, float secondWeight, Span<float> target)
    {
        ref float a = ref MemoryMarshal.GetReference(first);
        ref float b = ref MemoryMarshal.GetReference(second);
        ref float to = ref MemoryMarshal.GetReference(target);
        Vector<float> w1 = new(firstWeight);
        Vector<float> w2 = new(secondWeight);
        int width = Vector<float>.Count;
        int length = target.Length;

        // Whole vectors within three spans of the same length; the last is moved back to end with them, and computes some channels again, the same.
        if (length >= width)
        {
            nuint last = (nuint)(length - width);
            for (nuint i = 0; i < last; i += (nuint)width)
            {
                Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref b, i), w2, Vector.LoadUnsafe(ref a, i) * w1).StoreUnsafe(ref to, i);
            }

            Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref b, last), w2, Vector.LoadUnsafe(ref a, last) * w1).StoreUnsafe(ref to, last);
        }
        else
        {
            PartialVector.Store(Vector.MultiplyAddEstimate(PartialVector.Load(second, 0, length), w2, PartialVector.Load(first, 0, length) * w1), target);
        }
    }

    private static void Four(
        ReadOnlySpan<float> first, ReadOnlySpan<float> second, ReadOnlySpan<float> third, ReadOnlySpan<float> fourth, float firstWeight, float secondWeight,
        float thirdWeight, float fourthWeight, Span<float> target)
    {
        ref float a = ref MemoryMarshal.GetReference(first);
        ref float b = ref MemoryMarshal.GetReference(second);
        ref float c = ref MemoryMarshal.GetReference(third);
        ref float d = ref MemoryMarshal.GetReference(fourth);
        ref float to = ref MemoryMarshal.GetReference(target);
        Vector<float> w1 = new(firstWeight);
        Vector<float> w2 = new(secondWeight);
        Vector<float> w3 = new(thirdWeight);
        Vector<float> w4 = new(fourthWeight);
        int width = Vector<float>.Count;
        int length = target.Length;

        // As in Two, with five spans.
        if (length >= width)
        {
            nuint last = (nuint)(length - width);
            for (nuint i = 0; i < last; i += (nuint)width)
            {
                Sum(ref a, ref b, ref c, ref d, i, w1, w2, w3, w4).StoreUnsafe(ref to, i);
            }

            Sum(ref a, ref b, ref c, ref d, last, w1, w2, w3, w4).StoreUnsafe(ref to, last);
        }
        else
        {
            Vector<float> sum = Vector.MultiplyAddEstimate(PartialVector.Load(second, 0, length), w2, PartialVector.Load(first, 0, length) * w1);
            sum = Vector.MultiplyAddEstimate(PartialVector.Load(third, 0, length), w3, sum);
            PartialVector.Store(Vector.MultiplyAddEstimate(PartialVector.Load(fourth, 0, length), w4, sum), target);
        }
    }

    // A whole vector of four spans, within each.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Sum(
        ref float a, ref float b, ref float c, ref float d, nuint at, Vector<float> w1, Vector<float> w2, Vector<float> w3, Vector<float> w4)
    {
        Vector<float> sum = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref b, at), w2, Vector.LoadUnsafe(ref a, at) * w1);
        sum = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref c, at), w3, sum);
        return Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref d, at), w4, sum);
    }
}
