using System;
using ManagedDyn.Engine.Kernels.Attending;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Kernels.Attending;

public sealed class FeaturePoolingTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    [InlineData(63, 8)]
    [InlineData(64, 9)]
    [InlineData(65, 17)]
    [InlineData(200, 40)]
    public void Channels_equal_their_formulas(int pixels, int channels)
    {
        float[] input = GradientCheck.Values(pixels * channels, 5, 2f, 10f);
        double[] wide = Array.ConvertAll(input, x => (double)x);
        float[] mean = new float[channels];
        float[] maximum = new float[channels];
        float[] middle = new float[channels];
        float[] deviation = new float[channels];
        ChannelPooling.MeanAndMaximum(input, channels, mean, maximum);
        ChannelPooling.MeanAndDeviation(input, channels, 1e-3f, middle, deviation);
        for (int c = 0; c < channels; c++)
        {
            (double expectedMean, double expectedMaximum, double variance) = ChannelPooling.Reference<double>(wide, channels, c);
            Assert.Equal(expectedMean, mean[c], 1e-5);
            Assert.Equal(expectedMean, middle[c], 1e-5);
            Assert.Equal((float)expectedMaximum, maximum[c]);
            Assert.Equal(Math.Sqrt(variance + 1e-3), deviation[c], 1e-5);
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    [InlineData(5, 8)]
    [InlineData(4, 11)]
    [InlineData(2, 64)]
    public void Pixels_equal_their_formulas(int pixels, int channels)
    {
        // All below zero: what fills up a vector must not win.
        float[] input = GradientCheck.Values(pixels * channels, 6, 1f, -3f);
        float[] scale = GradientCheck.Values(channels, 7, 0.4f, 0.5f);
        float[] output = new float[2 * pixels];
        foreach (bool scales in new[] { false, true })
        {
            PixelPooling.Forward(input, channels, scales ? scale : default(ReadOnlySpan<float>), output);
            for (int pixel = 0; pixel < pixels; pixel++)
            {
                ReadOnlySpan<float> row = input.AsSpan(pixel * channels, channels);
                (float maximum, float mean) = PixelPooling.Reference(row, scales ? scale : default(ReadOnlySpan<float>));
                Assert.Equal(maximum, output[2 * pixel]);
                Assert.Equal(mean, output[(2 * pixel) + 1], 1e-5f);
            }
        }
    }

    [Fact]
    public void What_is_no_number_is_the_largest()
    {
        float[] input = new float[65 * 3];
        input[(40 * 3) + 1] = float.NaN;
        float[] mean = new float[3];
        float[] maximum = new float[3];
        ChannelPooling.MeanAndMaximum(input, 3, mean, maximum);
        Assert.Equal([0f, float.NaN, 0f], maximum);
        float[] output = new float[2];
        PixelPooling.Forward([1f, float.NaN, 2f], 3, default, output);
        Assert.Equal([float.NaN, float.NaN], output);
    }

    [Fact]
    public void Lengths_are_checked()
    {
        Assert.Throws<ArgumentException>(() => ChannelPooling.MeanAndMaximum([], 3, new float[3], new float[3]));
        Assert.Throws<ArgumentException>(() => ChannelPooling.MeanAndMaximum(new float[7], 3, new float[3], new float[3]));
        Assert.Throws<ArgumentException>(() => ChannelPooling.MeanAndDeviation(new float[6], 3, 1f, new float[2], new float[3]));
        Assert.Throws<ArgumentException>(() => PixelPooling.Forward(new float[6], 3, new float[2], new float[4]));
        Assert.Throws<ArgumentException>(() => PixelPooling.Forward(new float[6], 3, default, new float[3]));
    }
}
