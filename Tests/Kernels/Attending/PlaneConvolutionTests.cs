using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Attending;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Kernels.Attending;

public sealed class PlaneConvolutionTests
{
    [Theory]
    [InlineData(1, 1, 1, 1, 1, 1)]
    [InlineData(2, 1, 7, 5, 28, 1)]
    [InlineData(3, 4, 3, 9, 33, 1)]
    [InlineData(8, 8, 3, 7, 7, 4)]
    [InlineData(4, 1, 1, 3, 70, 1)]
    [InlineData(1, 3, 5, 2, 3, 2)]
    public void Bits_are_those_of_the_direct_convolution(int inChannels, int outChannels, int kernel, int height, int width, int dilation)
    {
        using Workers workers = new(2);
        Context context = new(workers) { Accuracy = Accuracy.Exact };
        int padding = dilation * (kernel - 1) / 2;
        ConvolutionGeometry geometry = new(
            inChannels, outChannels, kernel, kernel, height, width, 1, 1, padding, padding, padding, padding, dilation, dilation);
        Tensor input = Values(new Shape(2, height, width, inChannels), 1);
        Tensor weight = Values(new Shape(outChannels, inChannels, kernel, kernel), 2);
        Tensor scale = Values(new Shape(outChannels), 3);
        Tensor shift = Values(new Shape(outChannels), 4);
        PackedWeight packed = PackedWeight.ForConvolution(in geometry, weight.Span);
        foreach (FusedSteps steps in new FusedSteps[]
        {
            default, new() { Shift = shift }, new() { Scale = scale, Shift = shift, Activation = Activation.Relu }, new() { Scale = scale },
        })
        {
            Tensor expected = context.Conv2dFused(input, packed, in geometry, in steps);
            GradientCheck.SameBits(expected.Span, context.Conv2dPlanes(input, weight, in steps, dilation).Span, $"planes, {inChannels} to {outChannels}");
        }

        double[] map = Array.ConvertAll(input.Rows(0, 1).ToArray(), x => (double)x);
        double[] first = Array.ConvertAll(weight.Rows(0, 1).ToArray(), x => (double)x);
        float[] sums = context.Conv2dPlanes(input, weight, default, dilation).ToArray();
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                Assert.Equal(PlaneConvolution.Reference<double>(map, height, width, first, kernel, dilation, y, x), sums[((y * width) + x) * outChannels], 1e-4);
            }
        }
    }

    [Fact]
    public void Wrong_shapes_are_refused()
    {
        Context context = new();
        Tensor map = Tensor.Zeros(new Shape(1, 3, 3, 2));
        Assert.Throws<ArgumentException>(() => context.Conv2dPlanes(map, Tensor.Zeros(new Shape(1, 3, 3, 3)), default));
        Assert.Throws<ArgumentException>(() => context.Conv2dPlanes(map, Tensor.Zeros(new Shape(1, 2, 2, 2)), default));
        Assert.Throws<OverflowException>(() => context.Conv2dPlanes(map, Tensor.Zeros(new Shape(1, 2, 3, 3)), default, int.MaxValue));
        Assert.Throws<ArgumentException>(() => context.Conv2dPlanes(map, Tensor.Zeros(new Shape(1, 2, 3, 3)), new FusedSteps { Shift = Tensor.Zeros(new Shape(2)) }));
        Assert.Throws<ArgumentException>(() => PlaneConvolution.Run(new float[9], 3, 3, new float[9], 1, 3, 1, default, default, Activation.None, new float[10], new float[9]));
    }

    private static Tensor Values(Shape shape, int seed) => Tensor.From(shape, GradientCheck.Values(shape.Count, seed, 2f));
}
