using System;

namespace ManagedDyn.Tool.Imaging;

/// <summary>
/// Resizes with a triangle filter whose support grows with the reduction (bilinear when enlarging, antialiased when reducing):
/// rows first, then columns, in float, rounded once.
/// </summary>
public static class ImageScaler
{
    public static PixelImage Resize(PixelImage image, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (image.Width == width && image.Height == height)
        {
            return image;
        }

        PixelImage result = new(width, height, image.Channels);
        int channels = image.Channels;
        Taps horizontal = Taps.Make(image.Width, width);
        Taps vertical = Taps.Make(image.Height, height);
        float[] rows = new float[checked(image.Height * width * channels)];
        for (int y = 0; y < image.Height; y++)
        {
            ReadOnlySpan<byte> row = image.Row(y);
            for (int x = 0; x < width; x++)
            {
                for (int c = 0; c < channels; c++)
                {
                    float sum = 0;
                    for (int tap = 0; tap < horizontal.Count[x]; tap++)
                    {
                        sum += horizontal.Weight(x, tap) * row[((horizontal.First[x] + tap) * channels) + c];
                    }

                    rows[(((y * width) + x) * channels) + c] = sum;
                }
            }
        }

        int stride = width * channels;
        for (int y = 0; y < height; y++)
        {
            for (int i = 0; i < stride; i++)
            {
                float sum = 0;
                for (int tap = 0; tap < vertical.Count[y]; tap++)
                {
                    sum += vertical.Weight(y, tap) * rows[((vertical.First[y] + tap) * stride) + i];
                }

                result.Pixels[(y * stride) + i] = (byte)Math.Clamp(MathF.Round(sum), 0, 255);
            }
        }

        return result;
    }

    /// <summary>The largest centred part with the aspect ratio of width : height.</summary>
    public static PixelImage CropToAspect(PixelImage image, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(image);
        long cropWidth = Math.Clamp((long)image.Height * width / height, 1, image.Width);
        long cropHeight = Math.Clamp((long)image.Width * height / width, 1, image.Height);
        return Crop(image, (int)(image.Width - cropWidth) / 2, (int)(image.Height - cropHeight) / 2, (int)cropWidth, (int)cropHeight);
    }

    public static PixelImage Crop(PixelImage image, int left, int top, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (left < 0 || top < 0 || width > image.Width - left || height > image.Height - top)
        {
            throw new ArgumentException($"the part {width}x{height} at ({left}, {top}) leaves the picture of {image.Width}x{image.Height}", nameof(image));
        }

        PixelImage result = new(width, height, image.Channels);
        int stride = width * image.Channels;
        for (int y = 0; y < height; y++)
        {
            image.Row(top + y).Slice(left * image.Channels, stride).CopyTo(result.Pixels.AsSpan(y * stride));
        }

        return result;
    }

    /// <summary>A picture of the wanted size and channels: the centred part of the right shape, resized.</summary>
    public static PixelImage Fit(PixelImage image, int width, int height, int channels)
        => Resize(CropToAspect(image, width, height), width, height).ToChannels(channels);

    /// <summary>For each output position: where its inputs begin, how many there are, and their weights, which sum to 1.</summary>
    private sealed class Taps
    {
        private readonly float[] _weights;
        private readonly int _stride;

        private Taps(int outputs, int stride)
        {
            First = new int[outputs];
            Count = new int[outputs];
            _stride = stride;
            _weights = new float[outputs * stride];
        }

        public int[] First { get; }

        public int[] Count { get; }

        public float Weight(int output, int tap) => _weights[(output * _stride) + tap];

        public static Taps Make(int inputs, int outputs)
        {
            double scale = (double)inputs / outputs;
            double support = Math.Max(1.0, scale);
            Taps taps = new(outputs, (int)Math.Ceiling(2 * support) + 2);
            for (int output = 0; output < outputs; output++)
            {
                double centre = (output + 0.5) * scale;
                int first = Math.Max(0, (int)Math.Floor(centre - support));
                int last = Math.Min(inputs - 1, (int)Math.Ceiling(centre + support) - 1);
                double sum = 0;
                for (int input = first; input <= last; input++)
                {
                    sum += Triangle((input + 0.5 - centre) / support);
                }

                taps.First[output] = first;
                taps.Count[output] = last - first + 1;
                for (int input = first; input <= last; input++)
                {
                    taps._weights[(output * taps._stride) + input - first] = (float)(Triangle((input + 0.5 - centre) / support) / sum);
                }
            }

            return taps;
        }

        private static double Triangle(double distance) => Math.Max(0.0, 1.0 - Math.Abs(distance));
    }
}
