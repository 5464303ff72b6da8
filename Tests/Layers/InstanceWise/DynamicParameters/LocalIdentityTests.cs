using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicParameters;
using ManagedDyn.Layers.SpatialWise.RegionLevel;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.Operators;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.InstanceWise.DynamicParameters;

/// <summary>Where what a layer predicts is neutral, it is a static layer.</summary>
public sealed class LocalIdentityTests
{
    private const double Bound = 2e-6;

    [Theory]
    [InlineData(3, 1, 1)]
    [InlineData(5, 2, 1)]
    [InlineData(3, 1, 2)]
    public void Deformable_convolution_starts_as_a_convolution(int kernel, int stride, int dilation)
    {
        Context context = new() { Accuracy = Accuracy.Exact };
        Tensor x = Image(8, 7, 6);
        DeformableConv2d layer = new(6, 5, kernel, stride, -1, dilation, isModulated: false);
        layer.Initialize(new RandomSource(1));
        Conv2d plain = new(6, 5, kernel, stride, -1, dilation);
        Copy(layer, plain);
        float[] expected = plain.Forward(context, x).ToArray();
        GradientCheck.SameBits(expected, layer.Forward(context, x).Span, "v1");

        // A modulation of ½ halves the taps; halving is exact.
        DeformableConv2d modulated = new(6, 5, kernel, stride, -1, dilation, bias: false);
        modulated.Initialize(new RandomSource(1));
        layer.Weight.Value.Span.CopyTo(modulated.Weight.Value.Span);
        plain.Bias!.Value.Span.Clear();
        GradientCheck.SameBits(context.Scale(plain.Forward(context, x), 0.5f).Span, modulated.Forward(context, x).Span, "v2");
    }

    [Theory]
    [InlineData(3, 1)]
    [InlineData(5, 2)]
    public void Pixel_adaptive_convolution_with_a_constant_guide_is_a_convolution(int kernel, int stride)
    {
        Context context = new() { Accuracy = Accuracy.Exact };
        Tensor x = Image(8, 7, 6);
        PixelAdaptiveConv2d layer = new(6, 9, kernel, stride: stride);
        layer.Initialize(new RandomSource(1));
        Conv2d plain = new(6, 9, kernel, stride);
        Copy(layer, plain);
        Tensor guide = Tensor.Zeros(new Shape(2, 8, 7, 3));
        guide.Span.Fill(0.7f);
        GradientCheck.SameBits(plain.Forward(context, x).Span, layer.Forward(context, x, guide).Span, "constant guide");
    }

    [Theory]
    [InlineData(3, 2, -1, 1)]
    [InlineData(5, 3, 1, 0)]
    [InlineData(3, 1, 0, 0)]
    public void Transposed_pixel_adaptive_convolution_with_a_constant_guide_is_a_transposed_convolution(int kernel, int stride, int padding, int outputPadding)
    {
        Context context = new() { Accuracy = Accuracy.Exact };
        Tensor x = Image(4, 5, 6);
        PixelAdaptiveConvTranspose2d layer = new(6, 3, kernel, stride, padding, outputPadding);
        layer.Initialize(new RandomSource(1));
        int border = padding < 0 ? (kernel - 1) / 2 : padding;
        ConvolutionGeometry geometry = ConvolutionGeometry.Transposed(6, 3, kernel, kernel, 4, 5, stride, stride, border, border, outputPadding, outputPadding);
        Tensor expected = context.ConvTranspose2d(x, layer.Weight.Value, layer.Bias!.Value, in geometry);

        // Constant is a guide of zeros: taps outside it have no weight, but meet no pixel either.
        Tensor guide = Tensor.Zeros(new Shape(2, expected.Shape[1], expected.Shape[2], 2));
        Near(expected, layer.Forward(context, x, guide), 1, outputPadding == 0 && border == (kernel - 1) / 2 ? 0 : kernel);
    }

    [Fact]
    public void Pixel_adaptive_pooling_with_a_constant_guide_is_an_average()
    {
        Context context = new();
        Tensor x = Image(6, 7, 5);
        Tensor pooled = new PixelAdaptivePool2d(3, 2).Forward(context, x, Tensor.Zeros(new Shape(2, 6, 7, 1)));
        Near(context.AveragePool2d(x, 3, 2, 1, countPadding: false), pooled);
    }

    [Theory]
    [InlineData(2, 5, 1)]
    [InlineData(3, 3, 2)]
    public void Carafe_with_uniform_kernels_is_a_box_filter_of_nearest_neighbours(int scale, int kernel, int groups)
    {
        Context context = new();
        Tensor x = Image(4, 5, 6);
        Carafe layer = new(6, scale, kernel, groups: groups);
        Tensor box = context.AveragePool2d(x, kernel, 1, kernel / 2, countPadding: true);
        Near(context.Resize(box, 4 * scale, 5 * scale, ResizeMode.Nearest), layer.Forward(context, x));
        DynamicUpsampling frames = new(new Conv2d(6, scale * scale * kernel * kernel, 1), new Conv2d(6, 6 * scale * scale, 1), 6, 1, scale, kernel);
        Near(context.Resize(box, 4 * scale, 5 * scale, ResizeMode.Nearest), frames.Forward(context, x));
    }

    [Theory]
    [InlineData(8, 2, 3, 1)]
    [InlineData(16, 2, 5, 2)]
    public void Involution_with_constant_kernels_is_a_depthwise_convolution(int channels, int groups, int kernel, int stride)
    {
        Context context = new() { Accuracy = Accuracy.Exact };
        Tensor x = Image(7, 8, channels);
        Involution layer = new(channels, kernel, groups, stride: stride);
        Parameter bias = layer.NamedParameters().Find(pair => pair.Key == "span.bias").Value;
        OperatorCheck.Values(bias.Value.Count, 4).CopyTo(bias.Value.Span);
        Conv2d plain = new(channels, channels, kernel, stride, groups: channels, bias: false);
        int taps = kernel * kernel;
        for (int i = 0; i < plain.Weight.Value.Count; i++)
        {
            plain.Weight.Value.Span[i] = bias.Value.Span[(i / taps / (channels / groups) * taps) + (i % taps)];
        }

        GradientCheck.SameBits(plain.Forward(context, x).Span, layer.Forward(context, x).Span, "constant kernels");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Deformable_kernels_start_in_the_middle_of_their_scope(bool isLocal)
    {
        Context context = new();
        Tensor x = Image(6, 5, 9);
        DeformableKernelConv2d layer = new(9, 3, 5, isLocal: isLocal);
        layer.Initialize(new RandomSource(1));
        Conv2d plain = new(9, 9, 3, groups: 9, bias: false);
        for (int i = 0; i < plain.Weight.Value.Count; i++)
        {
            plain.Weight.Value.Span[i] = layer.Weight.Value.Span[(i / 9 * 25) + (((i % 9 / 3) + 1) * 5) + (i % 3) + 1];
        }

        Near(plain.Forward(context, x), layer.Forward(context, x));

        // One row down and a column left in the scope; then far beyond it: the last row and first column, where the kernel is held.
        foreach ((float row, float column) in new[] { (1f, -1f), (40f, -40f) })
        {
            Tensor moves = Tensor.Zeros(isLocal ? new Shape(2, 6, 5, 18) : new Shape(2, 18));
            for (int i = 0; i < moves.Count; i += 2)
            {
                (moves.Span[i], moves.Span[i + 1]) = (row, column);
            }

            for (int i = 0; i < plain.Weight.Value.Count; i++)
            {
                int y = Math.Clamp((i % 9 / 3) + 1 + (int)row, 0, 4);
                int z = Math.Clamp((i % 3) + 1 + (int)column, 0, 4);
                plain.Weight.Value.Span[i] = layer.Weight.Value.Span[(i / 9 * 25) + (y * 5) + z];
            }

            Near(plain.Forward(context, x), layer.Forward(context, x, moves));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_spatial_transformer_starts_as_the_identity(bool alignCorners)
    {
        Context context = new();
        Tensor x = Image(9, 6, 4);
        SpatialTransformer layer = new(new GlobalAveragePool(), 4, padding: GridPadding.Border, alignCorners: alignCorners);
        layer.Initialize(new RandomSource(1));
        Near(x, layer.Forward(context, x), 10);

        // Mirrored left to right.
        Tensor theta = Tensor.From(new Shape(2, 2, 3), [-1, 0, 0, 0, 1, 0, -1, 0, 0, 0, 1, 0]);
        Near(context.Flip(x, 2), layer.Transform(context, x, theta), 10);
    }

    private static Tensor Image(int height, int width, int channels) =>
        Tensor.From(new Shape(2, height, width, channels), OperatorCheck.Values(2 * height * width * channels, 5));

    private static void Copy(Layer from, Conv2d to)
    {
        foreach ((string name, Parameter parameter) in from.NamedParameters())
        {
            if (name == "weight")
            {
                parameter.Value.Span.CopyTo(to.Weight.Value.Span);
            }
            else if (name == "bias")
            {
                parameter.Value.Span.CopyTo(to.Bias!.Value.Span);
            }
        }
    }

    // But for a border of some pixels, within a few roundings.
    private static void Near(Tensor expected, Tensor found, double roundings = 1, int border = 0)
    {
        Assert.Equal(expected.Shape, found.Shape);
        Shape shape = expected.Shape;
        for (int i = 0; i < expected.Count; i++)
        {
            int pixel = i / shape[3];
            int y = pixel / shape[2] % shape[1];
            int x = pixel % shape[2];
            if (y >= border && x >= border && y < shape[1] - border && x < shape[2] - border)
            {
                Assert.True(
                    Math.Abs(expected.Span[i] - found.Span[i]) <= roundings * Bound * (4 + Math.Abs(expected.Span[i])),
                    $"{found.Span[i]} at {i}; expected {expected.Span[i]}.");
            }
        }
    }
}
