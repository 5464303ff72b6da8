using System;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// Brings images to a size: linear interpolation when they grow, and when they shrink an average over the area that each new pixel covers,
/// so that no detail turns into a false pattern.
/// </summary>
public static class ImageResize
{
    // Up to so many values in between the order of the two passes, on which last bits depend, is always the same.
    private const long UsualValues = 1 << 24;

    /// <summary>Resizes an image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="height">The new height, at least 1.</param>
    /// <param name="width">The new width, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is less than 1, or larger than an array.</exception>
    public static DecodedImage To(DecodedImage image, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        if (image.Height == height && image.Width == width)
        {
            return image;
        }

        // Columns first, unless an image so tall or wide were large in between.
        int channels = image.Channels;
        long columnsFirst = (long)image.Height * width * channels;
        long rowsFirst = (long)height * image.Width * channels;
        if ((long)height * width * channels > Array.MaxLength || Math.Min(columnsFirst, rowsFirst) > Array.MaxLength)
        {
            throw new ArgumentOutOfRangeException(nameof(width), $"{height}x{width}", $"An image of {image.Height}x{image.Width} cannot be brought to this size: there is no array of so many values.");
        }

        byte[] pixels = new byte[height * width * channels];
        if (columnsFirst <= Math.Max(rowsFirst, UsualValues))
        {
            float[] narrow = new float[columnsFirst];
            First(image.Pixels, image.Height, image.Width, width, channels, narrow);
            Second(narrow, 1, image.Height, height, width * channels, pixels);
        }
        else
        {
            float[] low = new float[rowsFirst];
            First(image.Pixels, 1, image.Height, height, image.Width * channels, low);
            Second(low, height, image.Width, width, channels, pixels);
        }

        return new DecodedImage(height, width, channels, pixels);
    }

    // From [outer, from, inner] to [outer, to, inner].
    private static void First(ReadOnlySpan<byte> source, int outer, int from, int to, int inner, Span<float> target)
    {
        for (int t = 0; t < to; t++)
        {
            (int first, float[] weights) = Weights(from, to, t);
            for (int o = 0; o < outer; o++)
            {
                for (int i = 0; i < inner; i++)
                {
                    float sum = 0;
                    for (int k = 0; k < weights.Length; k++)
                    {
                        sum += weights[k] * source[(((o * from) + first + k) * inner) + i];
                    }

                    target[(((o * to) + t) * inner) + i] = sum;
                }
            }
        }
    }

    private static void Second(ReadOnlySpan<float> source, int outer, int from, int to, int inner, Span<byte> target)
    {
        for (int t = 0; t < to; t++)
        {
            (int first, float[] weights) = Weights(from, to, t);
            for (int o = 0; o < outer; o++)
            {
                for (int i = 0; i < inner; i++)
                {
                    float sum = 0;
                    for (int k = 0; k < weights.Length; k++)
                    {
                        sum += weights[k] * source[(((o * from) + first + k) * inner) + i];
                    }

                    target[(((o * to) + t) * inner) + i] = (byte)(Math.Clamp(sum, 0, 255) + 0.5f);
                }
            }
        }
    }

    private static (int First, float[] Weights) Weights(int from, int to, int index)
    {
        // A triangle around the new pixel's centre: one old pixel wide to each side, or one new pixel where those are larger.
        float scale = from / (float)to;
        float reach = MathF.Max(scale, 1);
        float centre = ((index + 0.5f) * scale) - 0.5f;
        int first = Math.Max((int)MathF.Ceiling(centre - reach), 0);
        int last = Math.Min((int)MathF.Floor(centre + reach), from - 1);
        float[] weights = new float[last - first + 1];
        float sum = 0;
        for (int k = 0; k < weights.Length; k++)
        {
            weights[k] = MathF.Max(0, 1 - (MathF.Abs(first + k - centre) / reach));
            sum += weights[k];
        }

        for (int k = 0; k < weights.Length; k++)
        {
            weights[k] /= sum;
        }

        return (first, weights);
    }
}
