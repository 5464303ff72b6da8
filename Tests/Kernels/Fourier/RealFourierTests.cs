using System;
using ManagedDyn.Engine.Kernels.Fourier;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Kernels.Fourier;

/// <summary>The fast transform against its formula.</summary>
public class RealFourierTests
{
    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(64)]
    [InlineData(128)]
    [InlineData(256)]
    [InlineData(512)]
    [InlineData(1024)]
    [InlineData(2048)]
    public void Power_is_that_of_the_formula(int size)
    {
        RealFourier fourier = new(size);
        float[] signal = GradientCheck.Values(size, size);
        double[] expected = new double[fourier.PowerCount];
        FourierReference.Power(signal, expected);
        float[] actual = new float[fourier.PowerCount];
        float[] scratch = new float[fourier.ScratchLength];
        Array.Fill(scratch, float.NaN);
        fourier.Power(signal, scratch, actual);
        GradientCheck.Near(expected, actual, 2e-5, $"{size} samples");
    }

    [Fact]
    public void A_tone_stands_in_its_place()
    {
        RealFourier fourier = new(64);
        float[] signal = new float[64];
        for (int n = 0; n < signal.Length; n++)
        {
            signal[n] = MathF.Cos(2 * MathF.PI * 5 * n / 64);
        }

        float[] power = new float[33];
        fourier.Power(signal, new float[128], power);
        for (int k = 0; k < power.Length; k++)
        {
            Assert.Equal(k == 5 ? 1024 : 0, power[k], 1e-2);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(48)]
    [InlineData(1 << 17)]
    public void Other_lengths_are_refused(int size) => Assert.Throws<ArgumentOutOfRangeException>(() => new RealFourier(size));

    [Fact]
    public void Spans_of_other_lengths_are_refused()
    {
        RealFourier fourier = new(16);
        Assert.Throws<ArgumentException>(() => fourier.Power(new float[15], new float[32], new float[9]));
        Assert.Throws<ArgumentException>(() => fourier.Power(new float[16], new float[31], new float[9]));
        Assert.Throws<ArgumentException>(() => fourier.Power(new float[16], new float[32], new float[8]));
    }
}
