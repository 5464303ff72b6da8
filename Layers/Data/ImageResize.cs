using System;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// Brings images to a size: linear interpolation when they grow, and when they shrink an average over the area that each new pixel covers,
/// so that no detail turns into a false pattern.
/// </summary>
public static class ImageResize
{
    /// <summary>Resizes an image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="height">The new height, at least 1.</param>
    /// <param name="width">The new width, at least 1.</param>
    public static DecodedImage To(DecodedImage image, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        if (image.Height == height && image.Width == width)
        {
            return image;
        }

        // Columns first: [height, new width, channels], then rows.
        int channels = image.Channels;
        float[] narrow = new float[checked(image.Height * width * channels)];
        for (int x = 0; x < width; x++)
        {
            (int first, float[] weights) = Weights(image.Width, width, x);
            for (int y = 0; y < image.Height; y++)
            {
                for (int c = 0; c < channels; c++)
                {
                    float sum = 0;
                    for (int k = 0; k < weights.Length; k++)
                    {
                        sum += weights[k] * image.Pixels[(((y * image.Width) + first + k) * channels) + c];
                    }

                    narrow[(((y * width) + x) * channels) + c] = sum;
                }
            }
        }

        int rowLength = width * channels;
        byte[] pixels = new byte[checked(height * rowLength)];
        for (int y = 0; y < height; y++)
        {
            (int first, float[] weights) = Weights(image.Height, height, y);
            for (int i = 0; i < rowLength; i++)
            {
                float sum = 0;
                for (int k = 0; k < weights.Length; k++)
                {
                    sum += weights[k] * narrow[((first + k) * rowLength) + i];
                }

                pixels[(y * rowLength) + i] = (byte)(Math.Clamp(sum, 0, 255) + 0.5f);
            }
        }

        return new DecodedImage(height, width, channels, pixels);
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
