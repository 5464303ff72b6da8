using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.LocalFilters;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public sealed class LocalFilterTests
{
    [Theory]
    [InlineData(1, 1, 3, 1, 1, 1, FilterLayout.GroupsFirst, false)]
    [InlineData(3, 1, 5, 1, 1, 2, FilterLayout.GroupsFirst, false)]
    [InlineData(6, 2, 3, 2, 1, 1, FilterLayout.GroupsFirst, false)]
    [InlineData(6, 6, 3, 1, 2, 1, FilterLayout.GroupsFirst, false)]
    [InlineData(9, 9, 3, 1, 1, 1, FilterLayout.TapsFirst, false)]
    [InlineData(18, 2, 3, 1, 1, 3, FilterLayout.TapsFirst, false)]
    [InlineData(18, 2, 3, 2, 1, 1, FilterLayout.GroupsFirst, true)]
    [InlineData(10, 10, 3, 1, 1, 1, FilterLayout.TapsFirst, true)]
    [InlineData(8, 1, 1, 1, 1, 1, FilterLayout.GroupsFirst, false)]
    public void Values_and_gradients(int channels, int groups, int kernel, int stride, int dilation, int scale, FilterLayout layout, bool isShared)
    {
        LocalFilterGeometry geometry = Geometry(channels, groups, kernel, 4, 5, stride, dilation, scale, layout, isShared);
        Shape filters = isShared ? new Shape(2, geometry.FilterLength) : new Shape(2, geometry.OutHeight, geometry.OutWidth, geometry.FilterLength);
        OperatorCheck.Run(
            [new Shape(2, 4, 5, channels), filters], (context, x) => context.LocalFilter(x[0], x[1], in geometry), x => Formula(in geometry, x[0], x[1]));
    }

    [Theory]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(47)]
    [InlineData(65)]
    public void Channels_of_any_number(int channels)
    {
        LocalFilterGeometry geometry = Geometry(channels, 1, 3, 5, 3, 1, 1, 1, FilterLayout.GroupsFirst, false);
        float[] x = OperatorCheck.Values(geometry.Maps.InElements, 1);
        float[] f = OperatorCheck.Values(geometry.FilterElements, 2);
        Context context = new();
        Tensor y = context.LocalFilter(Tensor.From(new Shape(1, 5, 3, channels), x), Tensor.From(new Shape(1, 5, 3, 9), f), in geometry);
        double[] expected = Formula(in geometry, Array.ConvertAll(x, v => (double)v), Array.ConvertAll(f, v => (double)v));
        OperatorCheck.Near(expected, y.Span, 1e-5, "value");
    }

    [Theory]
    [InlineData(8, 3, 1)]
    [InlineData(19, 5, 2)]
    public void The_same_filter_everywhere_is_depthwise_convolution(int channels, int kernel, int stride)
    {
        LocalFilterGeometry geometry = Geometry(channels, channels, kernel, 7, 6, stride, 1, 1, FilterLayout.GroupsFirst, true);
        ConvolutionGeometry maps = geometry.Maps;
        Tensor x = Tensor.From(new Shape(2, 7, 6, channels), OperatorCheck.Values(2 * maps.InElements, 3));
        float[] weight = OperatorCheck.Values(maps.WeightElements, 4);
        Context context = new() { Accuracy = Accuracy.Exact };
        Tensor expected = context.Conv2d(x, Tensor.From(new Shape(channels, 1, kernel, kernel), weight), default, in maps);
        Tensor twice = Tensor.From(new Shape(2, weight.Length), [.. weight, .. weight]);
        GradientCheck.SameBits(expected.Span, context.LocalFilter(x, twice, in geometry).Span, "shared filter");
    }

    [Theory]
    [InlineData(3, 3)]
    [InlineData(34, 1)]
    public void Taps_far_outside_the_map_count_as_zero(int channels, int groups)
    {
        ConvolutionGeometry maps = new(channels, channels, 2, 2, 3, 4, padTop: 1 << 20, dilationHeight: 1 << 20, groups: groups);
        LocalFilterGeometry geometry = new(in maps);
        OperatorCheck.Run(
            [new Shape(1, 3, 4, channels), new Shape(1, geometry.OutHeight, geometry.OutWidth, geometry.FilterLength)],
            (context, x) => context.LocalFilter(x[0], x[1], in geometry),
            x => Formula(in geometry, x[0], x[1]));
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        LocalFilterGeometry geometry = Geometry(4, 1, 3, 4, 4, 1, 1, 1, FilterLayout.GroupsFirst, false);
        Context context = new();
        Assert.Throws<ArgumentException>(() => context.LocalFilter(Tensor.Zeros(new Shape(1, 4, 5, 4)), Tensor.Zeros(new Shape(1, 4, 4, 9)), in geometry));
        Assert.Throws<ArgumentException>(() => context.LocalFilter(Tensor.Zeros(new Shape(1, 4, 4, 4)), Tensor.Zeros(new Shape(1, 4, 4, 8)), in geometry));
        Assert.Throws<ArgumentException>(() => new LocalFilterGeometry(new ConvolutionGeometry(4, 5, 3, 3, 4, 4)));
    }

    [Theory]
    [InlineData(1, 3, 1, 1, false)]
    [InlineData(4, 3, 2, 1, true)]
    [InlineData(9, 5, 1, 2, true)]
    [InlineData(3, 2, 1, 1, false)]
    public void Guide_kernel(int channels, int kernel, int stride, int dilation, bool normalizes)
    {
        int border = dilation * (kernel - 1) / 2;
        ConvolutionGeometry geometry = new(channels, 1, kernel, kernel, 5, 4, stride, stride, border, border, border, border, dilation, dilation);
        OperatorCheck.Run(
            [new Shape(2, 5, 4, channels)],
            (context, x) => context.GuideKernel(x[0], in geometry, normalizes),
            x =>
            {
                int length = geometry.OutPixels * geometry.Taps;
                double[] all = new double[2 * length];
                for (int n = 0; n < 2; n++)
                {
                    GuideKernel.Reference<double>(in geometry, x[0].AsSpan(n * geometry.InElements, geometry.InElements), normalizes, all.AsSpan(n * length, length));
                }

                return all;
            },
            from: -1,
            to: 1);
    }

    private static double[] Formula(in LocalFilterGeometry geometry, double[] input, double[] filters)
    {
        int batch = input.Length / geometry.Maps.InElements;
        double[] output = new double[batch * geometry.OutElements];
        for (int n = 0; n < batch; n++)
        {
            LocalFilterReference.Forward<double>(
                in geometry, input.AsSpan(n * geometry.Maps.InElements, geometry.Maps.InElements), filters.AsSpan(n * geometry.FilterElements, geometry.FilterElements),
                output.AsSpan(n * geometry.OutElements, geometry.OutElements));
        }

        return output;
    }

    private static LocalFilterGeometry Geometry(
        int channels, int groups, int kernel, int height, int width, int stride, int dilation, int scale, FilterLayout layout, bool isShared)
    {
        int border = dilation * (kernel - 1) / 2;
        ConvolutionGeometry maps = new(
            channels, channels, kernel, kernel, height, width, stride, stride, border, border, border, border, dilation, dilation, groups);
        return new LocalFilterGeometry(in maps, scale, layout, isShared);
    }
}
