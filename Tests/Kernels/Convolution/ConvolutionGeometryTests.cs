using System;
using ManagedDyn.Engine.Kernels.Convolution;
using Xunit;

namespace ManagedDyn.Tests.Kernels.Convolution;

public sealed class ConvolutionGeometryTests
{
    [Theory]
    [InlineData(9, 3, 1, 1, 1, 1, 9)]
    [InlineData(9, 3, 2, 1, 1, 1, 5)]
    [InlineData(8, 3, 2, 1, 1, 1, 4)]
    [InlineData(8, 3, 2, 0, 1, 1, 4)]
    [InlineData(9, 3, 1, 2, 2, 2, 9)]
    [InlineData(1, 1, 1, 0, 0, 1, 1)]
    [InlineData(5, 5, 3, 0, 0, 1, 1)]
    public void DerivesTheOutputSize(int size, int kernel, int stride, int before, int after, int dilation, int expected)
    {
        var geometry = new ConvolutionGeometry(
            4, 6, kernel, 1, size, 1, stride, 1, before, 0, after, 0, dilation, 1, 2);
        Assert.Equal(expected, geometry.OutHeight);
        Assert.Equal(1, geometry.OutWidth);
        Assert.Equal((long)6 * 2 * kernel * expected, geometry.MacsPerSample);
        Assert.Equal(6 * 2 * kernel, geometry.WeightElements);
    }

    [Theory]
    [InlineData(4, 3, 2, 1, 1, 1, 8)]
    [InlineData(4, 3, 2, 1, 0, 1, 7)]
    [InlineData(1, 4, 1, 0, 0, 1, 4)]
    [InlineData(5, 3, 1, 1, 1, 2, 8)]
    public void TransposedTurnsInputAndOutput(int size, int kernel, int stride, int pad, int outputPad, int dilation, int expected)
    {
        var geometry = ConvolutionGeometry.Transposed(
            6, 4, kernel, kernel, size, size, stride, stride, pad, pad, outputPad, outputPad, dilation, dilation, 2);
        Assert.Equal((expected, expected), (geometry.InHeight, geometry.InWidth));
        Assert.Equal((size, size), (geometry.OutHeight, geometry.OutWidth));
        Assert.Equal((4, 6), (geometry.InChannels, geometry.OutChannels));
    }

    [Fact]
    public void RefusesWhatCannotBe()
    {
        Assert.Contains("7 pixels", Assert.Throws<ArgumentException>(() => new ConvolutionGeometry(1, 1, 4, 1, 3, 1, padTop: 1, dilationHeight: 2)).Message, StringComparison.Ordinal);
        Assert.Contains("inChannels is 3", Assert.Throws<ArgumentException>(() => new ConvolutionGeometry(3, 4, 1, 1, 1, 1, groups: 2)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConvolutionGeometry(0, 1, 1, 1, 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConvolutionGeometry(1, 1, 1, 1, 1, 1, strideWidth: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConvolutionGeometry(1, 1, 1, 1, 1, 1, padLeft: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConvolutionGeometry(1 << 16, 1, 1, 1, 1 << 14, 2));
        Assert.Throws<ArgumentException>(() => new ConvolutionGeometry(1, 1, 1, 1, 1, 1, padTop: int.MaxValue));

        // Steps beyond the map would not fit 32 bits: taps outside would be taken for taps inside.
        Assert.Contains("dilation 2147483647", Assert.Throws<ArgumentException>(() => new ConvolutionGeometry(4, 4, 1, 1, 3, 3, padTop: 5, dilationHeight: int.MaxValue)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new ConvolutionGeometry(4, 4, 1, 1, 3, 3, padLeft: 5, dilationWidth: int.MaxValue, groups: 4));
        Assert.Throws<ArgumentException>(() => new ConvolutionGeometry(4, 4, 2, 1, 3, 3, padTop: 1_500_000_000, dilationHeight: 1_500_000_000));
        Assert.Throws<ArgumentException>(() => new ConvolutionGeometry(4, 4, 1, 1, 3, 3, strideWidth: 1_431_655_766, groups: 4));
        Assert.Throws<ArgumentException>(() => new ConvolutionGeometry(4, 4, 2, 1, 3, 3, padTop: 1 << 30));
        Assert.Equal(4, new ConvolutionGeometry(4, 4, 1, 1, 3, 4, dilationHeight: 1 << 20, strideHeight: 1 << 20).OutWidth);
        Assert.Throws<ArgumentException>(() => ConvolutionGeometry.Transposed(1, 1, 3, 3, 2, 2, 2, 2, outputPadHeight: 2));
        Assert.Throws<ArgumentException>(() => ConvolutionGeometry.Transposed(1, 1, 1, 1, 1, 1, padWidth: 1));
    }
}
