using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public sealed class DeformableConvolutionTests
{
    [Theory]
    [InlineData(3, 2, 3, 1, 1, 1, 1)]
    [InlineData(4, 6, 3, 2, 1, 2, 2)]
    [InlineData(6, 4, 2, 1, 2, 2, 3)]
    [InlineData(6, 3, 3, 1, 1, 3, 2)]
    [InlineData(9, 5, 1, 1, 1, 1, 1)]
    [InlineData(4, 4, 3, 1, 1, 4, 1)]
    public void Values_and_gradients(int ins, int outs, int kernel, int stride, int dilation, int groups, int offsetGroups)
    {
        ConvolutionGeometry maps = Maps(ins, outs, kernel, 4, 5, stride, dilation, groups);
        DeformGeometry geometry = new(in maps, offsetGroups);
        Shape weight = new(outs, ins / groups, kernel, kernel);
        Shape points = new(2, maps.OutHeight, maps.OutWidth, geometry.PointsPerPixel);
        OperatorCheck.Run(
            [new Shape(2, 4, 5, ins), points.With(3, 2 * points[3]), points, weight, new Shape(outs)],
            (context, x) => context.DeformConv2d(x[0], x[1], x[2], x[3], x[4], in geometry),
            x => Formula(in geometry, x[0], x[1], x[2], x[3], x[4]),
            tolerance: 4e-5);
        OperatorCheck.Run(
            [new Shape(2, 4, 5, ins), points, weight],
            (context, x) => context.DeformConv2d(x[0], default, x[1], x[2], default, in geometry),
            x => Formula(in geometry, x[0], [], x[1], x[2], []),
            seed: 11,
            tolerance: 4e-5);
        OperatorCheck.Run(
            [new Shape(2, 4, 5, ins), points.With(3, 2 * points[3]), weight, new Shape(outs)],
            (context, x) => context.DeformConv2d(x[0], x[1], default, x[2], x[3], in geometry),
            x => Formula(in geometry, x[0], x[1], [], x[2], x[3]),
            seed: 21,
            tolerance: 4e-5);
    }

    [Theory]
    [InlineData(5, 7, 3, 1, 1, 1)]
    [InlineData(16, 33, 3, 2, 1, 1)]
    [InlineData(12, 8, 5, 1, 2, 4)]
    [InlineData(64, 20, 1, 1, 1, 1)]
    public void Without_offsets_it_is_the_convolution_bit_for_bit(int ins, int outs, int kernel, int stride, int dilation, int groups)
    {
        ConvolutionGeometry maps = Maps(ins, outs, kernel, 9, 11, stride, dilation, groups);
        DeformGeometry geometry = new(in maps);
        Tensor x = Tensor.From(new Shape(2, 9, 11, ins), OperatorCheck.Values(2 * maps.InElements, 1));
        Tensor weight = Tensor.From(new Shape(outs, ins / groups, kernel, kernel), OperatorCheck.Values(maps.WeightElements, 2));
        Tensor bias = Tensor.From(new Shape(outs), OperatorCheck.Values(outs, 3));
        Tensor zeros = Tensor.Zeros(new Shape(2, maps.OutHeight, maps.OutWidth, 2 * maps.Taps));
        PackedWeight packed = PackedWeight.ForConvolution(in maps, weight.Span);
        using Workers workers = new(2);
        Context context = new(workers) { Accuracy = Accuracy.Exact };
        Tensor expected = context.Conv2d(x, weight, bias, in maps);
        GradientCheck.SameBits(expected.Span, context.DeformConv2d(x, zeros, default, weight, bias, in geometry).Span, "zero offsets");
        GradientCheck.SameBits(expected.Span, context.DeformConv2d(x, default, default, weight, bias, in geometry, packed).Span, "no offsets, packed");
        FusedSteps steps = new() { Shift = bias, Activation = Activation.Relu };
        GradientCheck.SameBits(context.Relu(expected).Span, context.DeformConv2dFused(x, zeros, default, weight, packed, in geometry, in steps).Span, "fused");
    }

    [Fact]
    public void Offsets_of_whole_pixels_shift_the_image()
    {
        ConvolutionGeometry maps = Maps(6, 5, 3, 8, 8, 1, 1, 1);
        DeformGeometry geometry = new(in maps);
        Tensor x = Tensor.From(new Shape(1, 8, 8, 6), OperatorCheck.Values(maps.InElements, 1));
        Tensor weight = Tensor.From(new Shape(5, 6, 3, 3), OperatorCheck.Values(maps.WeightElements, 2));
        Tensor offsets = Tensor.Zeros(new Shape(1, 8, 8, 18));
        for (int i = 0; i < offsets.Count; i += 2)
        {
            (offsets.Span[i], offsets.Span[i + 1]) = (2, -1);
        }

        Context context = new() { Accuracy = Accuracy.Exact };
        Tensor moved = context.DeformConv2d(x, offsets, default, weight, default, in geometry);

        // A convolution of the image with a border of four zeros, read two rows further down and one column further left.
        ConvolutionGeometry wide = new(6, 5, 3, 3, 16, 16);
        Tensor everywhere = context.Conv2d(context.Pad(x, [0, 4, 4, 0], [0, 4, 4, 0]), weight, default, in wide);
        GradientCheck.SameBits(context.Crop(everywhere, 5, 2, 8, 8).Span, moved.Span, "whole offsets");
    }

    [Fact]
    public void What_is_not_a_number_stays_so_and_what_is_far_away_is_zero()
    {
        ConvolutionGeometry maps = new(3, 2, 1, 1, 4, 4);
        DeformGeometry geometry = new(in maps);
        Tensor x = Tensor.From(new Shape(1, 4, 4, 3), OperatorCheck.Values(48, 1));
        Tensor weight = Tensor.From(new Shape(2, 3, 1, 1), OperatorCheck.Values(6, 2));
        Tensor offsets = Tensor.Zeros(new Shape(1, 4, 4, 2));
        (offsets.Span[0], offsets.Span[2], offsets.Span[5]) = (float.NaN, 1e30f, float.NegativeInfinity);
        Context context = new();
        Span<float> y = context.DeformConv2d(x, offsets, default, weight, default, in geometry).Span;
        Assert.True(float.IsNaN(y[0]) && float.IsNaN(y[1]));
        Assert.Equal([0f, 0f, 0f, 0f], y[2..6].ToArray());
        Assert.True(y[6] != 0);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        ConvolutionGeometry maps = Maps(6, 5, 3, 8, 8, 1, 1, 1);
        DeformGeometry geometry = new(in maps);
        Context context = new();
        Tensor x = Tensor.Zeros(new Shape(1, 8, 8, 6));
        Tensor weight = Tensor.Zeros(new Shape(5, 6, 3, 3));
        Assert.Throws<ArgumentException>(() => context.DeformConv2d(x, Tensor.Zeros(new Shape(1, 8, 8, 9)), default, weight, default, in geometry));
        Assert.Throws<ArgumentException>(() => context.DeformConv2d(x, default, Tensor.Zeros(new Shape(1, 8, 8, 18)), weight, default, in geometry));
        Assert.Throws<ArgumentException>(() => context.DeformConv2d(x, default, default, Tensor.Zeros(new Shape(5, 6, 3, 1)), default, in geometry));
        Assert.Throws<ArgumentException>(() => new DeformGeometry(Maps(6, 5, 3, 8, 8, 1, 1, 1), 4));
    }

    private static ConvolutionGeometry Maps(int ins, int outs, int kernel, int height, int width, int stride, int dilation, int groups)
    {
        int border = dilation * (kernel - 1) / 2;
        return new(ins, outs, kernel, kernel, height, width, stride, stride, border, border, border, border, dilation, dilation, groups);
    }

    private static double[] Formula(in DeformGeometry geometry, double[] x, double[] offsets, double[] modulation, double[] weight, double[] bias)
    {
        ConvolutionGeometry maps = geometry.Maps;
        int batch = x.Length / maps.InElements;
        double[] output = new double[batch * maps.OutElements];
        for (int n = 0; n < batch; n++)
        {
            int points = maps.OutPixels * geometry.PointsPerPixel;
            DeformableConvolutionReference.Forward<double>(
                in geometry, x.AsSpan(n * maps.InElements, maps.InElements), offsets.Length == 0 ? [] : offsets.AsSpan(n * 2 * points, 2 * points),
                modulation.Length == 0 ? [] : modulation.AsSpan(n * points, points), weight, bias, output.AsSpan(n * maps.OutElements, maps.OutElements));
        }

        return output;
    }
}
