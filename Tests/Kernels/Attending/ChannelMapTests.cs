using System;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Attending;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Kernels.Attending;

public sealed class ChannelMapTests
{
    public static TheoryData<int, int> Sizes() => new()
    {
        { 1, 1 }, { 5, 3 }, { 64, 7 }, { 65, 8 }, { 3, 9 }, { 130, 16 }, { 7, 33 }, { 2, 5000 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Functions_equal_their_formulas(int pixels, int channels)
    {
        Check(default(ScaleFunction), pixels, channels, 0);
        Check(default(ScaleFunction), pixels, channels, 1);
        Check(new JointFunction(false), pixels, channels, 1);
        Check(new JointFunction(true), pixels, channels, 1);
        Check(default(AconFunction), pixels, channels, 3);
        Check(default(LinesFunction), pixels, channels, 2);
        Check(default(LinesFunction), pixels, channels, 4);
        Check(default(LinesFunction), pixels, channels, 16);
    }

    [Fact]
    public void What_is_no_number_stays_none()
    {
        float[] input = [float.NaN, 1f, -1f];
        float[] output = new float[3];
        ChannelMap.Forward(default(LinesFunction), input, 3, [1f, 1f, 1f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f], default, default, Activation.Relu, output);
        Assert.Equal([float.NaN, 1f, 0f], output);
    }

    [Fact]
    public void Lengths_are_checked_before_anything_is_written()
    {
        float[] output = [7f, 7f, 7f, 7f];
        Assert.Throws<ArgumentException>(() => ChannelMap.Forward(default(ScaleFunction), [1f, 2f, 3f, 4f], 3, [1f, 1f, 1f], default, default, Activation.None, output));
        Assert.Throws<ArgumentException>(() => ChannelMap.Forward(default(ScaleFunction), [1f, 2f, 3f, 4f], 2, [1f, 1f, 1f], default, default, Activation.None, output));
        Assert.Throws<ArgumentException>(() => ChannelMap.Forward(default(ScaleFunction), [1f, 2f, 3f, 4f], 2, [1f, 1f], [1f], default, Activation.None, output));
        Assert.Throws<ArgumentException>(() => ChannelMap.Forward(default(ScaleFunction), [1f, 2f, 3f, 4f], 2, [1f, 1f], default, [1f, 2f], Activation.None, output));
        Assert.Throws<ArgumentException>(() => ChannelMap.Forward(default(ScaleFunction), [1f, 2f], 2, [1f, 1f], default, default, Activation.None, output));
        Assert.Throws<ArgumentOutOfRangeException>(() => ChannelMap.Forward(default(ScaleFunction), [], 0, [], default, default, Activation.None, []));
        Assert.Equal([7f, 7f, 7f, 7f], output);
    }

    private static void Check<TFunction>(TFunction function, int pixels, int channels, int parameters)
        where TFunction : struct, IChannelFunction
    {
        float[] input = GradientCheck.Values(pixels * channels, 1, 3f);
        float[] table = GradientCheck.Values(parameters * channels, 2);
        float[] weights = GradientCheck.Values(pixels, 3);
        float[] residual = GradientCheck.Values(input.Length, 4);
        float[] plain = new float[input.Length];
        float[] output = new float[input.Length];
        ChannelMap.Forward(function, input, channels, table, weights, default, Activation.None, plain);
        ChannelMap.Forward(function, input, channels, table, weights, residual, Activation.Relu, output);
        double[] own = new double[parameters];
        for (int i = 0; i < input.Length; i++)
        {
            for (int p = 0; p < parameters; p++)
            {
                own[p] = table[(p * channels) + (i % channels)];
            }

            double expected = function.Reference((double)input[i], weights[i / channels], own);
            Assert.True(Math.Abs(expected - plain[i]) <= 2e-6 * (1 + Math.Abs(expected)), $"{typeof(TFunction).Name} at {i}: {plain[i]} instead of {expected}.");
            Assert.Equal(Math.Max(0f, plain[i] + residual[i]), output[i]);
        }

        // In place, and without weights as with weights of one.
        float[] inPlace = [.. input];
        ChannelMap.Forward(function, inPlace, channels, table, weights, default, Activation.None, inPlace);
        Assert.Equal(plain, inPlace);
        float[] ones = new float[pixels];
        Array.Fill(ones, 1f);
        ChannelMap.Forward(function, input, channels, table, ones, default, Activation.None, plain);
        ChannelMap.Forward(function, input, channels, table, default, default, Activation.None, output);
        Assert.Equal(plain, output);
    }
}
