using System;
using System.Numerics;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.LocalFilters;

/// <summary>The gradients of <see cref="LocalFilterKernel"/>, of one sample. Pixels and taps are walked in ascending order, so each sum has one order.</summary>
public static class LocalFilterGradient
{
    /// <summary>The scratch that a call needs, in elements.</summary>
    /// <param name="geometry">The geometry.</param>
    public static int ScratchLength(in LocalFilterGeometry geometry) => geometry.Maps.Taps * geometry.Channels;

    /// <summary>dx[pixel(p, t), c] += filter[p, group(c), t] · dy[p, c].</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="filters">[OutHeight, OutWidth, filter values], or one pixel's when they are shared.</param>
    /// <param name="outputGradient">[OutHeight, OutWidth, Channels].</param>
    /// <param name="inputGradient">[InHeight, InWidth, Channels]; added to.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements, of any content.</param>
    /// <exception cref="ArgumentException">A span does not fit; nothing has been written.</exception>
    public static void Input(
        in LocalFilterGeometry geometry, ReadOnlySpan<float> filters, ReadOnlySpan<float> outputGradient, Span<float> inputGradient, Span<float> scratch)
    {
        geometry.Check(inputGradient.Length, filters.Length, outputGradient.Length);
        CheckScratch(in geometry, scratch);
        int channels = geometry.Channels;
        int length = geometry.FilterLength;
        Span<float> spread = scratch[..(geometry.Maps.Taps * channels)];
        for (int y = 0; y < geometry.OutHeight; y++)
        {
            for (int x = 0; x < geometry.OutWidth; x++)
            {
                int pixel = (y * geometry.OutWidth) + x;
                TapWindow window = new(geometry.Maps, y / geometry.Scale, x / geometry.Scale);
                LocalFilterKernel.Spread(in geometry, geometry.IsShared ? filters : filters.Slice(pixel * length, length), spread);
                ReadOnlySpan<float> upstream = outputGradient.Slice(pixel * channels, channels);
                for (int ky = 0; ky < window.Rows; ky++)
                {
                    int at = window.Start + (ky * window.RowStep);
                    int tap = window.FirstTap + (ky * window.KernelWidth);
                    for (int kx = 0; kx < window.Columns; kx++, at += window.ColumnStep, tap++)
                    {
                        MultiplyAdd(spread.Slice(tap * channels, channels), upstream, inputGradient.Slice(at, channels));
                    }
                }
            }
        }
    }

    /// <summary>dfilter[p, g, t] += Σ over the channels c of group g of dy[p, c] · x[pixel(p, t), c]; when filters are shared, over the pixels too.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="input">[InHeight, InWidth, Channels].</param>
    /// <param name="outputGradient">[OutHeight, OutWidth, Channels].</param>
    /// <param name="filterGradient">[OutHeight, OutWidth, filter values], or one pixel's when they are shared; added to.</param>
    /// <param name="firstRow">The first output row; all rows belong to one call when filters are shared.</param>
    /// <param name="endRow">The one behind the last.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements, of any content.</param>
    /// <exception cref="ArgumentException">A span or the range does not fit; nothing has been written.</exception>
    public static void Filters(
        in LocalFilterGeometry geometry, ReadOnlySpan<float> input, ReadOnlySpan<float> outputGradient, Span<float> filterGradient, int firstRow, int endRow,
        Span<float> scratch)
    {
        geometry.Check(input.Length, filterGradient.Length, outputGradient.Length);
        geometry.CheckRows(firstRow, endRow);
        CheckScratch(in geometry, scratch);
        int channels = geometry.Channels;
        int length = geometry.FilterLength;
        bool broadcasts = LocalFilterKernel.Broadcasts(in geometry);
        Span<float> lanes = stackalloc float[Vector<float>.Count];
        Span<float> products = scratch[..channels];
        for (int y = firstRow; y < endRow; y++)
        {
            for (int x = 0; x < geometry.OutWidth; x++)
            {
                int pixel = (y * geometry.OutWidth) + x;
                TapWindow window = new(geometry.Maps, y / geometry.Scale, x / geometry.Scale);
                ReadOnlySpan<float> upstream = outputGradient.Slice(pixel * channels, channels);
                Span<float> target = geometry.IsShared ? filterGradient : filterGradient.Slice(pixel * length, length);
                for (int ky = 0; ky < window.Rows; ky++)
                {
                    int at = window.Start + (ky * window.RowStep);
                    int tap = window.FirstTap + (ky * window.KernelWidth);
                    for (int kx = 0; kx < window.Columns; kx++, at += window.ColumnStep, tap++)
                    {
                        ReadOnlySpan<float> values = input.Slice(at, channels);
                        if (broadcasts)
                        {
                            Dots(in geometry, upstream, values, target, tap * geometry.TapStep, lanes);
                        }
                        else
                        {
                            Sums(in geometry, upstream, values, target, tap * geometry.TapStep, products);
                        }
                    }
                }
            }
        }
    }

    /// <summary>sum[i] += weight[i] · value[i].</summary>
    internal static void MultiplyAdd(ReadOnlySpan<float> weights, ReadOnlySpan<float> values, Span<float> sums)
    {
        int width = Vector<float>.Count;
        int length = sums.Length;
        ref float weight = ref MemoryMarshal.GetReference(weights[..length]);
        ref float value = ref MemoryMarshal.GetReference(values[..length]);
        ref float sum = ref MemoryMarshal.GetReference(sums);
        int i = 0;

        // Whole vectors within the three spans, which are equally long.
        for (; i <= length - width; i += width)
        {
            Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref weight, (nuint)i), Vector.LoadUnsafe(ref value, (nuint)i), Vector.LoadUnsafe(ref sum, (nuint)i))
                .StoreUnsafe(ref sum, (nuint)i);
        }

        if (i < length)
        {
            Vector<float> last = Vector.MultiplyAddEstimate(
                PartialVector.Load(weights, i, length - i), PartialVector.Load(values, i, length - i), PartialVector.Load(sums, i, length - i));
            PartialVector.Store(last, sums[i..]);
        }
    }

    /// <summary>Σ left[i] · right[i]: lane by lane, then over the lanes ascending.</summary>
    internal static float Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right, Span<float> lanes)
    {
        int width = Vector<float>.Count;
        ref float a = ref MemoryMarshal.GetReference(left);
        ref float b = ref MemoryMarshal.GetReference(right[..left.Length]);
        Vector<float> sum = Vector<float>.Zero;
        int i = 0;

        // Whole vectors within both spans, which are equally long.
        for (; i <= left.Length - width; i += width)
        {
            sum = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref a, (nuint)i), Vector.LoadUnsafe(ref b, (nuint)i), sum);
        }

        if (i < left.Length)
        {
            int count = left.Length - i;
            sum = Vector.MultiplyAddEstimate(PartialVector.Load(left, i, count, 0), PartialVector.Load(right, i, count, 0), sum);
        }

        sum.CopyTo(lanes);
        float total = lanes[0];
        for (int lane = 1; lane < width; lane++)
        {
            total += lanes[lane];
        }

        return total;
    }

    private static void Dots(
        in LocalFilterGeometry geometry, ReadOnlySpan<float> upstream, ReadOnlySpan<float> values, Span<float> target, int at, Span<float> lanes)
    {
        int width = geometry.Channels / geometry.Maps.Groups;
        for (int first = 0; first < upstream.Length; first += width, at += geometry.GroupStep)
        {
            target[at] += Dot(upstream.Slice(first, width), values.Slice(first, width), lanes);
        }
    }

    private static void Sums(
        in LocalFilterGeometry geometry, ReadOnlySpan<float> upstream, ReadOnlySpan<float> values, Span<float> target, int at, Span<float> products)
    {
        System.Numerics.Tensors.TensorPrimitives.Multiply(upstream, values, products);
        int width = geometry.Channels / geometry.Maps.Groups;
        for (int first = 0; first < products.Length; first += width, at += geometry.GroupStep)
        {
            float sum = products[first];
            for (int i = 1; i < width; i++)
            {
                sum += products[first + i];
            }

            target[at] += sum;
        }
    }

    private static void CheckScratch(in LocalFilterGeometry geometry, Span<float> scratch)
    {
        if (scratch.Length < ScratchLength(in geometry))
        {
            throw new ArgumentException($"The scratch has {scratch.Length} elements; expected at least {ScratchLength(in geometry)}.", nameof(scratch));
        }
    }
}
