using System;
using System.Numerics;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.Sampling;

/// <summary>
/// Makes one row of output pixels from input pixels, as weighted sums along both directions: y[j, c] = Σ over taps of wy · wx · x[…, c]. The taps
/// of a pixel are added in a fixed order, channels side by side.
/// </summary>
public static class Resize
{
    /// <summary>Computes a row of output pixels.</summary>
    /// <param name="image">[height, width, channels].</param>
    /// <param name="width">The input's width.</param>
    /// <param name="channels">The number of channels.</param>
    /// <param name="rows">The input rows that the output row is made of.</param>
    /// <param name="rowWeights">Their weights.</param>
    /// <param name="columns">[output width, taps]: the input columns.</param>
    /// <param name="columnWeights">Their weights.</param>
    /// <param name="output">[output width, channels]: overwritten.</param>
    public static void Forward(
        ReadOnlySpan<float> image,
        int width,
        int channels,
        ReadOnlySpan<int> rows,
        ReadOnlySpan<float> rowWeights,
        ReadOnlySpan<int> columns,
        ReadOnlySpan<float> columnWeights,
        Span<float> output)
    {
        int taps = rows.Length;
        if (taps == 1)
        {
            for (int j = 0; j < columns.Length; j++)
            {
                image.Slice(((rows[0] * width) + columns[j]) * channels, channels).CopyTo(output.Slice(j * channels, channels));
            }

            return;
        }

        output.Clear();
        for (int j = 0; j < columns.Length / taps; j++)
        {
            Span<float> pixel = output.Slice(j * channels, channels);
            for (int y = 0; y < taps; y++)
            {
                for (int x = 0; x < taps; x++)
                {
                    int column = (j * taps) + x;
                    Add(image.Slice(((rows[y] * width) + columns[column]) * channels, channels), rowWeights[y] * columnWeights[column], pixel);
                }
            }
        }
    }

    /// <summary>Adds the gradients of a row of output pixels to those of the input pixels that it was made of.</summary>
    /// <param name="outputGradient">[output width, channels].</param>
    /// <param name="width">The input's width.</param>
    /// <param name="channels">The number of channels.</param>
    /// <param name="rows">The input rows that the output row is made of.</param>
    /// <param name="rowWeights">Their weights.</param>
    /// <param name="columns">[output width, taps]: the input columns.</param>
    /// <param name="columnWeights">Their weights.</param>
    /// <param name="imageGradient">[height, width, channels]: added to.</param>
    public static void Backward(
        ReadOnlySpan<float> outputGradient,
        int width,
        int channels,
        ReadOnlySpan<int> rows,
        ReadOnlySpan<float> rowWeights,
        ReadOnlySpan<int> columns,
        ReadOnlySpan<float> columnWeights,
        Span<float> imageGradient)
    {
        int taps = rows.Length;
        for (int j = 0; j < columns.Length / taps; j++)
        {
            ReadOnlySpan<float> pixel = outputGradient.Slice(j * channels, channels);
            for (int y = 0; y < taps; y++)
            {
                for (int x = 0; x < taps; x++)
                {
                    int column = (j * taps) + x;
                    Add(pixel, rowWeights[y] * columnWeights[column], imageGradient.Slice(((rows[y] * width) + columns[column]) * channels, channels));
                }
            }
        }
    }

    /// <summary>A whole image, value by value, in any precision.</summary>
    internal static void Reference<T>(ReadOnlySpan<T> image, int width, int channels, int taps, ReadOnlySpan<int> rows, ReadOnlySpan<float> rowWeights, ReadOnlySpan<int> columns, ReadOnlySpan<float> columnWeights, Span<T> output)
        where T : IFloatingPointIeee754<T>
    {
        int outputWidth = columns.Length / taps;
        for (int i = 0; i < output.Length; i++)
        {
            int c = i % channels;
            int column = i / channels % outputWidth;
            int row = i / channels / outputWidth;
            T sum = T.Zero;
            for (int tap = 0; tap < taps * taps; tap++)
            {
                int y = (row * taps) + (tap / taps);
                int x = (column * taps) + (tap % taps);
                T value = image[(((rows[y] * width) + columns[x]) * channels) + c];
                sum += T.CreateChecked(rowWeights[y]) * T.CreateChecked(columnWeights[x]) * value;
            }

            output[i] = sum;
        }
    }

    private static void Add(ReadOnlySpan<float> source, float weight, Span<float> target)
    {
        ref float from = ref MemoryMarshal.GetReference(source);
        ref float to = ref MemoryMarshal.GetReference(target);
        Vector<float> factor = new(weight);
        int i = 0;

        // Whole vectors only: i + Count never passes the target, which is cut as long as the source by the callers above.
        for (; i <= target.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref from, (nuint)i), factor, Vector.LoadUnsafe(ref to, (nuint)i)).StoreUnsafe(ref to, (nuint)i);
        }

        // The rest by the same vector arithmetic on equal lanes, so that a channel's bits do not depend on where it stands.
        for (; i < target.Length; i++)
        {
            target[i] = Vector.MultiplyAddEstimate(new Vector<float>(source[i]), factor, new Vector<float>(target[i]))[0];
        }
    }
}
