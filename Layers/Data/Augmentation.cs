using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// Random changes of training images that keep their class. What happens to an image depends on the seed, the epoch and the image's number
/// alone, so a resumed training sees the same images as an unbroken one.
/// </summary>
public sealed record Augmentation
{
    private const int ElementsPerImage = 8;

    /// <summary>No change at all.</summary>
    public static Augmentation None { get; } = new();

    /// <summary>The image is moved by up to so many pixels in each direction; what comes in from outside is 0.</summary>
    public int ShiftPixels { get; init; }

    /// <summary>Whether half of the images are mirrored left to right.</summary>
    public bool Flip { get; init; }

    /// <summary>The probability that a rectangle is erased (Zhong et al., "Random erasing data augmentation", AAAI 2020).</summary>
    public float EraseProbability { get; init; }

    /// <summary>The largest height and width of the erased rectangle as a share of the image's.</summary>
    public float EraseSize { get; init; } = 0.5f;

    /// <summary>Whether images stay as they are.</summary>
    public bool IsNone => ShiftPixels == 0 && !Flip && EraseProbability == 0;

    /// <summary>The settings, for records and messages.</summary>
    public override string ToString() => IsNone
        ? "none"
        : string.Create(CultureInfo.InvariantCulture, $"shift {ShiftPixels}, {(Flip ? "flip" : "no flip")}, erase {EraseProbability:R} of size {EraseSize:R}");

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public void Validate()
    {
        if (ShiftPixels < 0)
        {
            throw new ArgumentException($"{nameof(ShiftPixels)} is {ShiftPixels}; expected 0 or more.");
        }

        if (!(EraseProbability >= 0 && EraseProbability <= 1))
        {
            throw new ArgumentException($"{nameof(EraseProbability)} is {EraseProbability}; expected 0 to 1.");
        }

        if (!(EraseSize > 0 && EraseSize <= 1))
        {
            throw new ArgumentException($"{nameof(EraseSize)} is {EraseSize}; expected more than 0 and at most 1.");
        }
    }

    /// <summary>Changes an image.</summary>
    /// <param name="source">[height, width, channels], values between 0 and 1.</param>
    /// <param name="destination">The changed image; must not overlap the source.</param>
    /// <param name="height">The height in pixels.</param>
    /// <param name="width">The width in pixels.</param>
    /// <param name="fill">What an erased pixel becomes: one value a channel, usually the mean.</param>
    /// <param name="stream">The stream of random numbers of augmentation.</param>
    /// <param name="epoch">The epoch.</param>
    /// <param name="sampleId">The image's number.</param>
    public void Apply(ReadOnlySpan<float> source, Span<float> destination, int height, int width, ReadOnlySpan<float> fill, RandomStream stream, long epoch, int sampleId)
    {
        int channels = fill.Length;
        if (source.Length != destination.Length || source.Length != (long)height * width * channels)
        {
            throw new ArgumentException($"{source.Length} and {destination.Length} values were given; expected {(long)height * width * channels} for [{height}, {width}, {channels}].", nameof(destination));
        }

        Span<float> random = stackalloc float[ElementsPerImage];
        stream.FillUniform(random, epoch, sampleId);
        int down = Shift(random[0]);
        int right = Shift(random[1]);
        bool flip = Flip && random[2] < 0.5f;
        for (int y = 0; y < height; y++)
        {
            CopyRow(source, destination.Slice(y * width * channels, width * channels), y - down, height, width, right, flip, channels);
        }

        if (random[3] < EraseProbability)
        {
            int eraseHeight = 1 + (int)(random[4] * Math.Max(1, (int)(EraseSize * height)));
            int eraseWidth = 1 + (int)(random[5] * Math.Max(1, (int)(EraseSize * width)));
            eraseHeight = Math.Min(eraseHeight, height);
            eraseWidth = Math.Min(eraseWidth, width);
            int top = (int)(random[6] * (height - eraseHeight + 1));
            int left = (int)(random[7] * (width - eraseWidth + 1));
            Erase(destination, width, top, left, eraseHeight, eraseWidth, fill);
        }
    }

    private static void CopyRow(ReadOnlySpan<float> source, Span<float> destination, int sourceRow, int height, int width, int right, bool flip, int channels)
    {
        if ((uint)sourceRow >= (uint)height)
        {
            destination.Clear();
            return;
        }

        // Columns first to end − 1 come from within the image: a stretch of the row, turned round for a mirrored image.
        int first = Math.Clamp(right, 0, width);
        int end = Math.Clamp(width + right, first, width);
        if (first == end)
        {
            destination.Clear();
            return;
        }

        int from = flip ? width - end + right : first - right;
        Span<float> stretch = destination[(first * channels)..(end * channels)];
        destination[..(first * channels)].Clear();
        destination[(end * channels)..].Clear();
        source.Slice(((sourceRow * width) + from) * channels, stretch.Length).CopyTo(stretch);
        if (flip)
        {
            // Reversing all values turns the pixels round and the channels of each; reversing each pixel puts its channels right.
            stretch.Reverse();
            for (int i = 0; channels > 1 && i < stretch.Length; i += channels)
            {
                stretch.Slice(i, channels).Reverse();
            }
        }
    }

    private static void Erase(Span<float> image, int width, int top, int left, int height, int columns, ReadOnlySpan<float> fill)
    {
        for (int y = top; y < top + height; y++)
        {
            for (int x = left; x < left + columns; x++)
            {
                fill.CopyTo(image.Slice(((y * width) + x) * fill.Length, fill.Length));
            }
        }
    }

    // A number in [0, 1) becomes one of 2 s + 1 shifts.
    private int Shift(float uniform) => (int)(uniform * ((2 * ShiftPixels) + 1)) - ShiftPixels;
}
