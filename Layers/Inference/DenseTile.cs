using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Inference;

/// <summary>
/// One tile of an image: the part that it answers for, the core, and the larger part that it reads. Beyond the image's lower and right border there are zeros up to a
/// multiple of the network's size, with tiles and without.
/// </summary>
internal readonly record struct DenseTile
{
    private DenseTile(int imageHeight, int imageWidth)
    {
        ImageHeight = imageHeight;
        ImageWidth = imageWidth;
    }

    /// <summary>Rows of the part that is read.</summary>
    public int Height { get; private init; }

    /// <summary>Columns of the part that is read.</summary>
    public int Width { get; private init; }

    /// <summary>Rows that are answered for.</summary>
    public int CoreHeight { get; private init; }

    /// <summary>Columns that are answered for.</summary>
    public int CoreWidth { get; private init; }

    private int ImageHeight { get; }

    private int ImageWidth { get; }

    // Of what is read, in the image.
    private int Top { get; init; }

    private int Left { get; init; }

    // Of the core, in what is read.
    private int CoreTop { get; init; }

    private int CoreLeft { get; init; }

    /// <summary>The tile whose core begins at a pixel.</summary>
    public static DenseTile At(int top, int left, int side, int imageHeight, int imageWidth, int halo, int multiple)
    {
        (int readTop, int readEnd) = Range(top, side, imageHeight, halo, multiple);
        (int readLeft, int readRight) = Range(left, side, imageWidth, halo, multiple);
        return new DenseTile(imageHeight, imageWidth)
        {
            Top = readTop,
            Left = readLeft,
            Height = readEnd - readTop,
            Width = readRight - readLeft,
            CoreTop = top - readTop,
            CoreLeft = left - readLeft,
            CoreHeight = Math.Min(side, imageHeight - top),
            CoreWidth = Math.Min(side, imageWidth - left),
        };
    }

    /// <summary>Copies what is read of an image, as values or as bytes; the rest stays 0.</summary>
    public void Read(ReadOnlySpan<float> values, ReadOnlySpan<byte> bytes, Preprocessing? preprocessing, Tensor input)
    {
        int channels = input.Shape[3];
        int rows = Math.Min(Height, ImageHeight - Top);
        int length = Math.Min(Width, ImageWidth - Left) * channels;
        for (int y = 0; y < rows; y++)
        {
            int from = (((Top + y) * ImageWidth) + Left) * channels;
            Span<float> to = input.Span.Slice(y * Width * channels, length);
            if (bytes.IsEmpty)
            {
                values.Slice(from, length).CopyTo(to);
            }
            else
            {
                preprocessing!.ApplyPixels(bytes.Slice(from, length), to);
            }
        }
    }

    /// <summary>Puts 1 for each pixel of the core whose certainty is below a threshold.</summary>
    /// <returns>How many.</returns>
    public long MarkUnsure(ReadOnlySpan<float> certainties, float threshold, Span<float> wanted)
    {
        long count = 0;
        for (int y = CoreTop; y < CoreTop + CoreHeight; y++)
        {
            for (int i = (y * Width) + CoreLeft; i < (y * Width) + CoreLeft + CoreWidth; i++)
            {
                bool isUnsure = certainties[i] < threshold;
                wanted[i] = isUnsure ? 1 : 0;
                count += isUnsure ? 1 : 0;
            }
        }

        return count;
    }

    /// <summary>Writes the core's answer to its place.</summary>
    /// <param name="answer">[pixels, classes or channels].</param>
    /// <param name="answers">What they are.</param>
    /// <param name="outputs">Where to.</param>
    /// <param name="certainties">One a pixel; none: all were computed.</param>
    /// <param name="wanted">1 for each pixel that was refined; none: all.</param>
    public void Write(Tensor answer, AnswerKind answers, DenseOutputs outputs, Tensor certainties, Tensor wanted)
    {
        int classes = answer.Shape[1];
        for (int y = 0; y < CoreHeight; y++)
        {
            int from = ((CoreTop + y) * Width) + CoreLeft;
            int to = ((Top + CoreTop + y) * ImageWidth) + Left + CoreLeft;
            ReadOnlySpan<float> row = answer.Span.Slice(from * classes, CoreWidth * classes);
            if (!outputs.Values.IsEmpty)
            {
                row.CopyTo(outputs.Values[(to * classes)..]);
            }

            if (!outputs.Map.IsEmpty && answers == AnswerKind.Picture)
            {
                WriteBytes(row, outputs.Map.Slice(to * classes, row.Length));
            }
            else if (!outputs.Map.IsEmpty)
            {
                WriteLabels(row, classes, outputs.Map.Slice(to, CoreWidth));
            }

            for (int x = 0; x < CoreWidth; x++)
            {
                if (!outputs.Certainties.IsEmpty)
                {
                    outputs.Certainties[to + x] = certainties.Exists ? certainties.Span[from + x] : 0;
                }

                if (!outputs.Refined.IsEmpty)
                {
                    outputs.Refined[to + x] = !wanted.Exists || wanted.Span[from + x] > 0 ? (byte)1 : (byte)0;
                }
            }
        }
    }

    private static (int First, int End) Range(int start, int side, int extent, int halo, int multiple)
    {
        // Tiles at the border read more of the inside, so that all have one size and one set of buffers.
        int padded = (extent + multiple - 1) / multiple * multiple;
        int size = (int)Math.Min(padded, (long)side + (2 * halo));
        int first = Math.Clamp(start - halo, 0, padded - size);
        return (first, first + size);
    }

    private static void WriteBytes(ReadOnlySpan<float> values, Span<byte> bytes)
    {
        for (int i = 0; i < values.Length; i++)
        {
            bytes[i] = (byte)((Math.Clamp(values[i], 0, 1) * 255) + 0.5f);
        }
    }

    private static void WriteLabels(ReadOnlySpan<float> logits, int classes, Span<byte> labels)
    {
        for (int pixel = 0; pixel < labels.Length; pixel++)
        {
            ReadOnlySpan<float> own = logits.Slice(pixel * classes, classes);
            int best = 0;
            for (int c = 1; c < classes; c++)
            {
                best = own[c] > own[best] ? c : best;
            }

            labels[pixel] = (byte)best;
        }
    }
}
