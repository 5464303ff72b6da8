using System;
using System.Collections.Generic;
using System.Linq;
using FsCheck.Xunit;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
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
        int dilation = 1 + random.Next(9);
        ConvolutionGeometry geometry = new(
            1 + random.Next(20), 1 + random.Next(3), kernelHeight, kernelWidth, (dilation * kernelHeight) + random.Next(40), (dilation * kernelWidth) + random.Next(70),
            stride, 1 + random.Next(2), random.Next(12), random.Next(12), random.Next(12), random.Next(12), dilation, 1 + random.Next(dilation));
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
            new(16, 1, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1), new(128, 1, 3, 3, 64, 64, 1, 1, 24, 24, 24, 24, 24, 24), new(256, 1, 3, 3, 56, 56, 1, 1, 6, 6, 6, 6, 6, 6),
            new(64, 4, 3, 3, 56, 56, 1, 1, 1, 1, 1, 1),
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

    [Theory]
    [InlineData(4096, 1, 513, 1, 1, 1, (1 << 29) - 1, (1 << 22) + 15)]
    [InlineData(4096, 2, 513, 1, 2, 1, (1 << 29) - 1, (1 << 22) + 15)]
    [InlineData(8, 1, 257, 3, 5, 5, 1 << 28, 1 << 12)]
    public void Planes_that_no_scratch_holds_are_refused(
        int inChannels, int outChannels, int kernelHeight, int kernelWidth, int height, int width, int padBottom, int padRight)
    {
        ConvolutionGeometry geometry = new(
            inChannels, outChannels, kernelHeight, kernelWidth, height, width, 1, 1, 1, 0, padBottom, padRight, dilationHeight: 1 << 20);
        Assert.False(PlaneConvolution.Supports(in geometry));
        Assert.False(ConvolutionCosts.ChoosesPlanes(in geometry, allowsTiles: false));
    }

    [Fact]
    public void Batches_selections_and_threads_of_several_parts_have_the_bits_of_the_direct_convolution()
    {
        const int Batch = 3;
        ConvolutionGeometry geometry = new(16, 1, 3, 3, 70, 50, 1, 1, 1, 1, 1, 1);
        Assert.True(PlaneConvolution.PartCount(in geometry) > 1);
        PackedWeight packed = PackedWeight.ForConvolution(in geometry, ConvolutionCases.Values(geometry.WeightElements, 1));
        Tensor input = Tensor.From(new Shape(Batch, 70, 50, 16), ConvolutionCases.Values(Batch * geometry.InElements, 2));
        Tensor residual = Tensor.From(new Shape(Batch, 70, 50, 1), ConvolutionCases.Values(Batch * geometry.OutPixels, 3));
        FusedSteps steps = new() { Residual = residual, Activation = Activation.Relu };
        float[] expected = residual.ToArray();
        for (int sample = 0; sample < Batch; sample++)
        {
            ConvolutionSelection all = default;
            Epilogue epilogue = new() { Residual = residual.Rows(sample, 1).Span, Activation = Activation.Relu };
            IndirectConvolution.Forward(
                in geometry, input.Rows(sample, 1).Span, packed.Panels.Span, expected.AsSpan(sample * geometry.OutPixels, geometry.OutPixels), in all, in epilogue,
                new float[IndirectConvolution.ScratchLength(in geometry, false)]);
        }

        using Workers workers = new(3);
        foreach (Context context in new[] { new Context(), new Context(workers), new Context(workers) { Accuracy = Accuracy.Exact } })
        {
            Assert.Equal(expected, context.Conv2dFused(input, packed, in geometry, in steps).ToArray());

            // Many pixels of the first sample, few of the second, half of the third.
            float[] wanted = ConvolutionCases.Values(expected.Length, 4);
            for (int i = 0; i < wanted.Length; i++)
            {
                wanted[i] = i / geometry.OutPixels == 0 ? 1 : i / geometry.OutPixels == 1 ? i % 50 == 7 ? 1 : 0 : wanted[i] > 0 ? 1 : 0;
            }

            using WorkspaceScope scope = context.Workspace.Enter();
            Selection pixels = context.Workspace.SelectAtLeast(Batch, geometry.OutPixels, wanted, 0.5f);
            Conv2dSelection listed = new() { Pixels = pixels };
            float[] sparse = context.Conv2dFused(input, packed, in geometry, in steps, in listed).ToArray();
            Assert.Equal(expected.AsSpan().ToArray().Select((value, i) => wanted[i] > 0 ? value : 0), sparse);
            Conv2dSelection compact = new() { Pixels = pixels, CompactPixels = true };
            FusedSteps none = default;
            float[] narrow = context.Conv2dFused(input, packed, in geometry, in none, in compact).ToArray();
            float[] wide = context.Conv2dFused(input, packed, in geometry, in none).ToArray();
            Assert.Equal(wide.Where((_, i) => wanted[i] > 0), narrow);
        }
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
        IsTheReference(geometry, input, weight, packed);
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

    private static void IsTheReference(ConvolutionGeometry geometry, float[] input, float[] weight, float[] packed)
    {
        double[] expected = new double[geometry.OutElements];
        ConvolutionReference.Forward<double>(
            in geometry, Array.ConvertAll(input, value => (double)value), Array.ConvertAll(weight, value => (double)value), expected);
        float[] actual = new float[expected.Length];
        for (int part = 0; part < PlaneConvolution.PartCount(in geometry); part++)
        {
            Run(geometry, input, packed, actual, ActiveList.All, default, new float[PlaneConvolution.ScratchLength(in geometry)], part);
        }

        ConvolutionCases.Close(expected, actual, geometry.MacsPerPixel, $"{geometry}");
        if (geometry.IsDepthwise)
        {
            float[] depthwise = new float[expected.Length];
            Epilogue none = default;
            DepthwiseConvolution.Forward(
                in geometry, input, packed, ActiveList.All, 0, geometry.OutPixels, depthwise, in none, new int[DepthwiseConvolution.ScratchIndices(in geometry)]);
            Assert.Equal(depthwise, actual);
        }
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
