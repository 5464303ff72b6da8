using System;
using System.Collections.Generic;
using FsCheck.Xunit;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using Xunit;

namespace ManagedDyn.Tests.Kernels.Convolution;

public sealed class PlaneConvolutionTests
{
    [Property(MaxTest = 300)]
    public void Bits_are_those_of_the_direct_convolution(int seed)
    {
        var random = new ConvolutionCases.Numbers(seed);
        int stride = 1 + random.Next(2);
        int kernelHeight = 1 + random.Next(7);
        int kernelWidth = 1 + random.Next(7);
        int dilation = 1 + random.Next(3);
        ConvolutionGeometry geometry = new(
            1 + random.Next(20), 1 + random.Next(3), kernelHeight, kernelWidth, (dilation * kernelHeight) + random.Next(40), (dilation * kernelWidth) + random.Next(70),
            stride, 1 + random.Next(2), random.Next(4), random.Next(4), random.Next(4), random.Next(4), dilation, 1 + random.Next(dilation));
        if (PlaneConvolution.Supports(in geometry))
        {
            IsDirect(geometry, seed);
        }
    }

    [Theory]
    [InlineData(2, 1, 3, 3, 3, 1, 1)]
    [InlineData(1, 1, 7, 50, 50, 1, 1)]
    [InlineData(16, 1, 3, 13, 13, 1, 1)]
    [InlineData(16, 1, 3, 50, 50, 1, 1)]
    [InlineData(16, 1, 7, 23, 23, 2, 1)]
    [InlineData(2, 1, 7, 5, 28, 1, 1)]
    [InlineData(16, 2, 3, 17, 31, 1, 1)]
    [InlineData(16, 1, 3, 50, 50, 2, 1)]
    [InlineData(300, 1, 5, 40, 33, 2, 1)]
    [InlineData(3, 1, 5, 9, 80, 1, 3)]
    public void It_pays_for_masks_and_maps_of_attention(int inChannels, int outChannels, int kernel, int height, int width, int stride, int dilation)
    {
        int padding = dilation * (kernel - 1) / 2;
        ConvolutionGeometry geometry = new(
            inChannels, outChannels, kernel, kernel, height, width, stride, stride, padding, padding, padding, padding, dilation, dilation);
        Assert.True(ConvolutionCosts.ChoosesPlanes(in geometry, allowsTiles: true));
        IsDirect(geometry, width);
    }

    [Fact]
    public void It_pays_for_nothing_else()
    {
        ConvolutionGeometry[] others =
        [
            new(16, 16, 3, 3, 28, 28, 1, 1, 1, 1, 1, 1), new(16, 1, 1, 1, 28, 28), new(16, 1, 3, 3, 28, 28, 3, 3), new(8, 8, 3, 3, 28, 28, 1, 1, 1, 1, 1, 1, groups: 8),
            new(16, 1, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1), new(64, 4, 3, 3, 56, 56, 1, 1, 1, 1, 1, 1),
        ];
        foreach (ConvolutionGeometry geometry in others)
        {
            Assert.False(ConvolutionCosts.ChoosesPlanes(in geometry, allowsTiles: true));
        }
    }

    [Fact]
    public void Wrong_lengths_and_lists_are_refused()
    {
        ConvolutionGeometry geometry = new(4, 1, 3, 3, 9, 9, 1, 1, 1, 1, 1, 1);
        float[] input = new float[geometry.InElements];
        float[] packed = new float[ConvolutionWeights.PackedLength(in geometry)];
        float[] scratch = new float[PlaneConvolution.ScratchLength(in geometry)];
        float[] output = new float[geometry.OutElements];
        Run(geometry, input, packed, output, ActiveList.All, default, scratch, 0);
        Assert.Throws<ArgumentException>(() => Run(geometry, input[1..], packed, output, ActiveList.All, default, scratch, 0));
        Assert.Throws<ArgumentException>(() => Run(geometry, input, packed[1..], output, ActiveList.All, default, scratch, 0));
        Assert.Throws<ArgumentException>(() => Run(geometry, input, packed, output[1..], ActiveList.All, default, scratch, 0));
        Assert.Throws<ArgumentException>(() => Run(geometry, input, packed, output, ActiveList.All, default, scratch[1..], 0));
        Assert.Throws<ArgumentException>(() => Run(geometry, input, packed, output, ActiveList.All, default, scratch, PlaneConvolution.PartCount(in geometry)));
        Assert.Throws<ArgumentException>(() => Run(geometry, input, packed, output, ActiveList.Of([3, 2]), default, scratch, 0));
        Assert.Throws<ArgumentException>(() => Run(geometry, input, packed, output, ActiveList.Of([81]), default, scratch, 0));
        Assert.Throws<ArgumentException>(() => Run(geometry, input, packed, output, ActiveList.All, new Epilogue { Shift = new float[2] }, scratch, 0));
    }

    private static void IsDirect(ConvolutionGeometry geometry, int seed)
    {
        float[] input = ConvolutionCases.Values(geometry.InElements, seed + 1);
        float[] weight = ConvolutionCases.Values(geometry.WeightElements, seed + 2);
        float[] panels = new float[ConvolutionWeights.PackedLength(in geometry)];
        ConvolutionWeights.Pack(in geometry, weight, panels);
        float[] packed = panels;
        if (geometry.IsDepthwise)
        {
            packed = new float[DepthwiseConvolution.PackedElements(in geometry)];
            DepthwiseConvolution.Pack(in geometry, weight, packed);
        }

        float[] shift = ConvolutionCases.Values(geometry.OutChannels, seed + 3);
        float[] scale = ConvolutionCases.Values(geometry.OutChannels, seed + 4);
        float[] residual = ConvolutionCases.Values(geometry.OutElements, seed + 5);
        int[] some = Some(geometry.OutPixels, seed);
        for (int steps = 0; steps < 16; steps++)
        {
            Epilogue epilogue = new()
            {
                Shift = (steps & 1) != 0 ? shift : default,
                Scale = (steps & 2) != 0 ? scale : default,
                Residual = (steps & 4) != 0 ? residual : default,
                Activation = (steps & 8) != 0 ? Activation.Relu : Activation.None,
            };
            Same(geometry, input, panels, packed, ActiveList.All, in epilogue);
            Same(geometry, input, panels, packed, ActiveList.Of(some), in epilogue);
            Same(geometry, input, panels, packed, ActiveList.CompactOf(some), in epilogue);
        }

        Same(geometry, input, panels, packed, ActiveList.Of([]), default);
    }

    // Scratch and what is left alone hold numbers that no sum may take up.
    private static void Same(ConvolutionGeometry geometry, float[] input, float[] panels, float[] packed, ActiveList pixels, scoped in Epilogue epilogue)
    {
        float[] expected = new float[pixels.Width(geometry.OutPixels) * geometry.OutChannels];
        expected.AsSpan().Fill(7);
        float[] actual = (float[])expected.Clone();
        float[] direct = new float[IndirectConvolution.ScratchLength(in geometry, false)];
        ConvolutionSelection selection = new() { Pixels = pixels };
        IndirectConvolution.Forward(in geometry, input, panels, expected, in selection, in epilogue, direct);
        float[] scratch = new float[PlaneConvolution.ScratchLength(in geometry)];
        for (int part = PlaneConvolution.PartCount(in geometry) - 1; part >= 0; part--)
        {
            scratch.AsSpan().Fill(float.NaN);
            Run(geometry, input, packed, actual, pixels, epilogue, scratch, part);
        }

        Assert.Equal(Array.ConvertAll(expected, BitConverter.SingleToInt32Bits), Array.ConvertAll(actual, BitConverter.SingleToInt32Bits));
    }

    private static void Run(
        ConvolutionGeometry geometry, float[] input, float[] packed, float[] output, ActiveList pixels, scoped Epilogue epilogue, float[] scratch, int part) =>
        PlaneConvolution.Forward(in geometry, input, packed, output, pixels, in epilogue, scratch, part);

    private static int[] Some(int count, int seed)
    {
        var random = new ConvolutionCases.Numbers(seed);
        List<int> list = [];
        for (int i = 0; i < count; i++)
        {
            if (random.Next(2) > 0)
            {
                list.Add(i);
            }
        }

        return [.. list];
    }
}
