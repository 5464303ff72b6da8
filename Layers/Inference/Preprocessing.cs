using System;
using System.Globalization;
using System.Text.Json;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Data.Video;
using ManagedDyn.Layers.Models;

namespace ManagedDyn.Layers.Inference;

/// <summary>
/// How bytes become a network's input: x = (byte / maximum − mean_c) / scale_c for each channel c, where mean and scale are usually the mean
/// and standard deviation of the training set. Immutable.
/// </summary>
public sealed class Preprocessing : InputEncoding
{
    private const int Levels = 256;
    private const int MostChannels = 1_000_000;

    private readonly float[] _mean;
    private readonly float[] _scale;

    // The value of each byte in each channel, [channel, level].
    private readonly float[] _table;

    /// <summary>Makes a preprocessing.</summary>
    /// <param name="sampleShape">The shape of one sample, channels last: [H, W, C] for an image.</param>
    /// <param name="mean">One mean for each channel, on the scale from 0 to 1.</param>
    /// <param name="scale">One divisor for each channel.</param>
    /// <param name="maximum">The byte that stands for 1.</param>
    /// <exception cref="ArgumentException">The numbers of channels differ, or a value is not finite, or a scale is 0.</exception>
    public Preprocessing(Shape sampleShape, ReadOnlySpan<float> mean, ReadOnlySpan<float> scale, int maximum = 255)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maximum, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maximum, 255);
        if (sampleShape.Rank == 0 || sampleShape.Count == 0)
        {
            throw new ArgumentException($"A sample has shape {sampleShape}; expected at least one value with channels last.", nameof(sampleShape));
        }

        int channels = sampleShape[-1];
        if (mean.Length != channels || scale.Length != channels)
        {
            throw new ArgumentException($"{mean.Length} means and {scale.Length} scales were given for a sample of shape {sampleShape}; expected {channels} of each.", nameof(mean));
        }

        SampleShape = sampleShape;
        Maximum = maximum;
        _mean = mean.ToArray();
        _scale = scale.ToArray();
        _table = new float[channels * Levels];
        for (int channel = 0; channel < channels; channel++)
        {
            if (!float.IsFinite(mean[channel]) || !float.IsFinite(scale[channel]) || scale[channel] == 0f)
            {
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"Channel {channel} has mean {mean[channel]} and scale {scale[channel]}; expected finite numbers and a scale other than 0."), nameof(scale));
            }

            for (int level = 0; level < Levels; level++)
            {
                _table[(channel * Levels) + level] = ((level / (float)maximum) - mean[channel]) / scale[channel];
            }
        }
    }

    /// <inheritdoc/>
    public override string Kind => "image";

    /// <summary>The shape of one sample, channels last.</summary>
    public override Shape SampleShape { get; }

    /// <summary>The byte that stands for 1.</summary>
    public int Maximum { get; }

    /// <summary>The mean of each channel, on the scale from 0 to 1.</summary>
    public ReadOnlySpan<float> Mean => _mean;

    /// <summary>The divisor of each channel.</summary>
    public ReadOnlySpan<float> Scale => _scale;

    /// <summary>What brings images to mean 0 and deviation 1, as training did.</summary>
    /// <param name="sampleShape">The shape of one image, [H, W, C].</param>
    /// <param name="normalization">The training set's normalisation.</param>
    /// <param name="maximum">The byte that stands for 1.</param>
    public static Preprocessing From(Shape sampleShape, Normalization normalization, int maximum = 255)
    {
        ArgumentNullException.ThrowIfNull(normalization);
        return new Preprocessing(sampleShape, normalization.Mean, normalization.Deviation, maximum);
    }

    /// <summary>Bytes from 0 to 255 become values from 0 to 1: mean 0 and scale 1.</summary>
    /// <param name="sampleShape">The shape of one sample, channels last.</param>
    public static Preprocessing Unit(Shape sampleShape)
    {
        int channels = sampleShape.Rank == 0 ? 0 : sampleShape[-1];
        float[] ones = new float[channels];
        Array.Fill(ones, 1f);
        return new Preprocessing(sampleShape, new float[channels], ones);
    }

    /// <inheritdoc/>
    public override SampleSplits Encode(DataSplits data)
    {
        if (data is VideoSplits videos)
        {
            ImageSplits sheets = videos.Sheets;
            return new SampleSplits(data.Name, Videos(sheets.Training, videos), Videos(sheets.Validation, videos), Videos(sheets.Test, videos)) { Noun = data.Noun };
        }

        if (data is not ImageSplits images)
        {
            ArgumentNullException.ThrowIfNull(data);
            throw Unfit(data, "images or videos");
        }

        return new SampleSplits(data.Name, Encode(images.Training), Encode(images.Validation), Encode(images.Test)) { Noun = data.Noun };
    }

    /// <summary>Prepares images. Where a sample is [H·W, C], they become sequences of pixels, row by row.</summary>
    /// <param name="images">The images.</param>
    /// <exception cref="ArgumentException">They have another shape.</exception>
    public ImageSamples Encode(ImageDataset images)
    {
        ArgumentNullException.ThrowIfNull(images);
        bool isSequence = SampleShape == new Shape(images.Height * images.Width, images.Channels);
        return isSequence || images.ImageShape == SampleShape
            ? new ImageSamples(images, new Normalization(_mean, _scale), isSequence: isSequence)
            : throw new ArgumentException($"The images have shape {images.ImageShape}; expected {SampleShape}.", nameof(images));
    }

    private VideoSamples Videos(ImageDataset sheets, VideoSplits videos) => videos.VideoShape == SampleShape
        ? new VideoSamples(sheets, videos.Frames, new Normalization(_mean, _scale))
        : throw new ArgumentException($"The videos have shape {videos.VideoShape}; expected {SampleShape}.", nameof(videos));

    /// <summary>Converts samples whose values are on the scale from 0 to 1 already, in place: x = (value − mean_c) / scale_c.</summary>
    /// <param name="values">A whole number of pixels, channels last.</param>
    public void Apply(Span<float> values)
    {
        if (values.Length % _mean.Length != 0)
        {
            throw new ArgumentException($"{values.Length} values are no whole number of pixels of {_mean.Length} channels.", nameof(values));
        }

        for (int channel = 0; channel < _mean.Length; channel++)
        {
            for (int i = channel; i < values.Length; i += _mean.Length)
            {
                values[i] = (values[i] - _mean[channel]) / _scale[channel];
            }
        }
    }

    /// <summary>Converts samples.</summary>
    /// <param name="bytes">A whole number of samples, channels last.</param>
    /// <param name="destination">As many values.</param>
    public void Apply(ReadOnlySpan<byte> bytes, Span<float> destination)
    {
        if (bytes.Length % SampleShape.Count != 0 || destination.Length != bytes.Length)
        {
            throw new ArgumentException($"{bytes.Length} bytes were given for {destination.Length} values; expected the same whole multiple of {SampleShape.Count}.", nameof(bytes));
        }

        ApplyPixels(bytes, destination);
    }

    /// <summary>Converts pixels: of parts of samples, such as the frames of a video, or of an image of any size.</summary>
    /// <param name="bytes">A whole number of pixels, channels last.</param>
    /// <param name="destination">As many values.</param>
    internal void ApplyPixels(ReadOnlySpan<byte> bytes, Span<float> destination)
    {
        int channels = _mean.Length;
        for (int channel = 0; channel < channels; channel++)
        {
            ReadOnlySpan<float> table = _table.AsSpan(channel * Levels, Levels);
            for (int i = channel; i < bytes.Length; i += channels)
            {
                destination[i] = table[bytes[i]];
            }
        }
    }

    internal static Preprocessing Read(OptionsReader reader)
    {
        int[] shape = reader.Integers("shape", Shape.MaximumRank, 1, int.MaxValue);
        float[] mean = reader.Reals("mean", MostChannels, float.MinValue, float.MaxValue);
        float[] scale = reader.Reals("scale", MostChannels, float.MinValue, float.MaxValue);
        return new Preprocessing(new Shape(shape), mean, scale, reader.Integer("maximum", 1, byte.MaxValue));
    }

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteStartArray("shape"u8);
        for (int i = 0; i < SampleShape.Rank; i++)
        {
            json.WriteNumberValue(SampleShape[i]);
        }

        json.WriteEndArray();
        Write(json, "mean"u8, _mean);
        Write(json, "scale"u8, _scale);
        json.WriteNumber("maximum"u8, Maximum);
    }

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, float[] values)
    {
        json.WriteStartArray(name);
        foreach (float value in values)
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
    }
}
