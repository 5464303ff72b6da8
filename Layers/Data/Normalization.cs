using System;
using System.Globalization;
using System.Numerics.Tensors;

namespace ManagedDyn.Layers.Data;

/// <summary>What brings images to mean 0 and standard deviation 1 in each channel: y = (x − mean) / deviation.</summary>
public sealed class Normalization
{
    private readonly float[] _mean;
    private readonly float[] _deviation;

    /// <summary>Makes a normalisation.</summary>
    /// <param name="mean">The mean of each channel.</param>
    /// <param name="deviation">The standard deviation of each channel, positive.</param>
    /// <exception cref="ArgumentException">The lengths differ or are 0, or a value is not finite, or a deviation is not positive.</exception>
    public Normalization(ReadOnlySpan<float> mean, ReadOnlySpan<float> deviation)
    {
        if (mean.Length != deviation.Length || mean.Length == 0)
        {
            throw new ArgumentException($"{mean.Length} means and {deviation.Length} deviations were given; expected one of each for every channel.", nameof(deviation));
        }

        for (int i = 0; i < mean.Length; i++)
        {
            if (!float.IsFinite(mean[i]) || !float.IsFinite(deviation[i]) || deviation[i] <= 0)
            {
                throw new ArgumentException($"Channel {i} has mean {mean[i]} and deviation {deviation[i]}; expected a finite mean and a positive deviation.", nameof(deviation));
            }
        }

        _mean = mean.ToArray();
        _deviation = deviation.ToArray();
    }

    /// <summary>The mean of each channel.</summary>
    public ReadOnlySpan<float> Mean => _mean;

    /// <summary>The standard deviation of each channel.</summary>
    public ReadOnlySpan<float> Deviation => _deviation;

    /// <summary>Mean and deviation to the last bit, for records and messages.</summary>
    public override string ToString() => $"mean {Text(_mean)}, deviation {Text(_deviation)}";

    /// <summary>Measures the training images. A channel that never varies gets the deviation 1.</summary>
    /// <param name="training">The training part, never any other; at least one image.</param>
    public static Normalization Measure(ImageDataset training)
    {
        ArgumentNullException.ThrowIfNull(training);
        if (training.Count == 0)
        {
            throw new ArgumentException("There is no image to measure; expected at least one.", nameof(training));
        }

        int channels = training.Channels;
        float[] image = new float[training.ImageShape.Count];
        double[] sum = new double[channels];
        double[] squares = new double[channels];
        for (int i = 0; i < training.Count; i++)
        {
            training.CopyImage(i, image);
            for (int j = 0; j < image.Length; j++)
            {
                double value = image[j];
                sum[j % channels] += value;
                squares[j % channels] += value * value;
            }
        }

        double count = (double)training.Count * training.Height * training.Width;
        float[] mean = new float[channels];
        float[] deviation = new float[channels];
        for (int c = 0; c < channels; c++)
        {
            double average = sum[c] / count;
            double variance = (squares[c] / count) - (average * average);
            mean[c] = (float)average;
            deviation[c] = variance > 1e-12 ? (float)Math.Sqrt(variance) : 1;
        }

        return new Normalization(mean, deviation);
    }

    /// <summary>Normalises images in place.</summary>
    /// <param name="images">Channels last: any whole number of pixels.</param>
    public void Apply(Span<float> images)
    {
        int channels = _mean.Length;
        if (images.Length % channels != 0)
        {
            throw new ArgumentException($"{images.Length} values are no whole number of pixels of {channels} channels.", nameof(images));
        }

        if (channels == 1)
        {
            TensorPrimitives.Subtract(images, _mean[0], images);
            TensorPrimitives.Divide(images, _deviation[0], images);
            return;
        }

        for (int i = 0; i < images.Length; i += channels)
        {
            for (int c = 0; c < channels; c++)
            {
                images[i + c] = (images[i + c] - _mean[c]) / _deviation[c];
            }
        }
    }

    private static string Text(float[] values) => string.Join(' ', Array.ConvertAll(values, static value => value.ToString("R", CultureInfo.InvariantCulture)));
}
