using System;
using FsCheck.Xunit;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicFeatures;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.InstanceWise.DynamicFeatures;

/// <summary>What attention and dynamic activations become at the ends of their range, and attention on features as attention on weights.</summary>
public sealed class FeatureIdentityTests
{
    [Property(MaxTest = 30)]
    public void A_weight_of_an_output_channel_is_one_of_its_kernel(byte inSeed, byte outSeed, byte kernelSeed, int seed)
    {
        (int inChannels, int outChannels, int kernel) = (1 + (inSeed % 20), 1 + (outSeed % 20), 1 + (2 * (kernelSeed % 2)));
        Context context = new() { Accuracy = Accuracy.Exact };
        (Tensor input, Tensor weight, ConvolutionGeometry geometry) = Convolution(inChannels, outChannels, kernel, seed);
        Tensor scale = Values(new Shape(1, outChannels), seed + 2);
        Tensor onFeatures = context.Recalibrate(context.Conv2d(input, weight, default, in geometry), scale);
        Tensor scaled = Tensor.From(weight.Shape, weight.Span);
        int length = scaled.Count / outChannels;
        for (int i = 0; i < scaled.Count; i++)
        {
            scaled.Span[i] *= scale.Span[i / length];
        }

        Near(onFeatures, context.Conv2d(input, scaled, default, in geometry));
    }

    [Property(MaxTest = 30)]
    public void A_weight_of_an_input_channel_is_one_of_all_kernels_taps_on_it(byte inSeed, byte outSeed, byte kernelSeed, int seed)
    {
        (int inChannels, int outChannels, int kernel) = (1 + (inSeed % 20), 1 + (outSeed % 20), 1 + (2 * (kernelSeed % 2)));
        Context context = new() { Accuracy = Accuracy.Exact };
        (Tensor input, Tensor weight, ConvolutionGeometry geometry) = Convolution(inChannels, outChannels, kernel, seed);
        Tensor scale = Values(new Shape(1, inChannels), seed + 2);
        Tensor onFeatures = context.Conv2d(context.Recalibrate(input, scale), weight, default, in geometry);
        Tensor scaled = Tensor.From(weight.Shape, weight.Span);
        for (int i = 0; i < scaled.Count; i++)
        {
            scaled.Span[i] *= scale.Span[i / (kernel * kernel) % inChannels];
        }

        Near(onFeatures, context.Conv2d(input, scaled, default, in geometry));
    }

    [Property(MaxTest = 30)]
    public void A_dynamic_relu_whose_network_says_nothing_is_relu(byte channelSeed, bool isShared, byte lines, int seed)
    {
        int channels = 1 + (channelSeed % 20);
        DynamicRelu layer = new(channels, isShared ? DynamicReluForm.Shared : DynamicReluForm.Channelwise, 2 + (lines % 3));
        Context context = new();
        Tensor input = Values(new Shape(2, 3, 4, channels), seed);

        // Parameters are zeros before they are initialised: 2 σ(0) − 1 = 0.
        Assert.Equal(context.Relu(input).ToArray(), layer.Forward(context, input).ToArray());
    }

    [Property(MaxTest = 20)]
    public void Equal_pixels_of_a_spatial_dynamic_relu_weigh_one_third(byte channelSeed, int seed)
    {
        int channels = 1 + (channelSeed % 20);
        DynamicRelu layer = new(channels, DynamicReluForm.SpatialAndChannelwise);
        Context context = new();
        Tensor input = Values(new Shape(2, 3, 4, channels), seed);
        Near(context.Scale(context.Relu(input), 1f / 3f), layer.Forward(context, input));
    }

    [Property(MaxTest = 30)]
    public void Acon_goes_from_the_mean_to_the_maximum_of_its_lines(byte channelSeed, int seed)
    {
        int channels = 1 + (channelSeed % 20);
        Context context = new();
        Tensor input = Values(new Shape(2, 5, channels), seed);
        Acon layer = new(channels);
        Values(new Shape(channels), seed + 1).Span.CopyTo(layer.First.Value.Span);
        Values(new Shape(channels), seed + 2).Span.CopyTo(layer.Second.Value.Span);
        Tensor first = context.Multiply(input, layer.First.Value);
        Tensor second = context.Multiply(input, layer.Second.Value);
        layer.Switching.Value.Span.Clear();
        Near(context.Scale(context.Add(first, second), 0.5f), layer.Forward(context, input));
        layer.Switching.Value.Span.Fill(1e7f);
        Near(context.Maximum(first, second), layer.Forward(context, input));
        layer.First.Value.Span.Fill(1f);
        layer.Second.Value.Span.Clear();
        layer.Switching.Value.Span.Fill(1f);
        Near(context.Silu(input), layer.Forward(context, input));
    }

    [Property(MaxTest = 20)]
    public void A_meta_acon_with_a_constant_network_is_an_acon(byte channelSeed, int seed)
    {
        int channels = 1 + (channelSeed % 20);
        Context context = new();
        Tensor input = Values(new Shape(2, 3, 2, channels), seed);
        MetaAcon meta = new(channels, 4, normalizes: false);
        meta.Initialize(new RandomSource((ulong)(uint)seed));
        Acon plain = new(channels);
        meta.First.Value.Span.CopyTo(plain.First.Value.Span);
        meta.Second.Value.Span.CopyTo(plain.Second.Value.Span);
        foreach ((string path, Parameter parameter) in meta.NamedParameters())
        {
            if (path == "fc2.weight")
            {
                parameter.Value.Span.Clear();
            }
            else if (path == "fc2.bias")
            {
                context.Sigmoid(parameter.Value).Span.CopyTo(plain.Switching.Value.Span);
            }
        }

        Near(plain.Forward(context, input), meta.Forward(context, input));
    }

    [Fact]
    public void A_funnel_that_sees_minus_infinity_passes_its_input_on()
    {
        FunnelRelu layer = new(3);
        layer.Initialize(new RandomSource(1));
        foreach ((string path, Parameter parameter) in layer.NamedParameters())
        {
            if (path == "condition.norm.bias")
            {
                parameter.Value.Span.Fill(-1e9f);
            }
        }

        Context context = new();
        Tensor input = Values(new Shape(1, 4, 5, 3), 1);
        Assert.Equal(input.ToArray(), layer.Forward(context, input).ToArray());
    }

    [Fact]
    public void Untold_branches_of_a_selective_kernel_weigh_the_same()
    {
        SelectiveKernel layer = new(3, 5, 3, normalizes: false);
        layer.Initialize(new RandomSource(2));
        Context context = new() { Accuracy = Accuracy.Exact };
        Tensor input = Values(new Shape(2, 6, 5, 3), 3);
        Tensor sum = default;
        foreach ((string name, Module child) in layer.Children)
        {
            if (name.StartsWith("select", StringComparison.Ordinal))
            {
                child.Parameters[0].Value.Span.Clear();
            }
            else if (name.StartsWith("branch", StringComparison.Ordinal))
            {
                Tensor map = ((Layer)child).Forward(context, input);
                sum = sum.Exists ? context.Add(sum, map) : map;
            }
        }

        Near(context.Scale(sum, 1f / 3f), layer.Forward(context, input));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_summand_and_relu_in_the_same_pass_change_no_bit(bool records)
    {
        const int Channels = 12;
        FeatureAttention[] all =
        [
            new SqueezeExcitation(Channels, 4), new StyleRecalibration(Channels), new EfficientChannelAttention(Channels), new SpatialAttention(Channels, 3),
            new BottleneckAttention(Channels, 4, 1), new ConvolutionalBlockAttention(Channels, 4, 3),
        ];
        foreach (FeatureAttention layer in all)
        {
            layer.Initialize(new RandomSource(4));
            Context context = new() { Accuracy = Accuracy.Exact };
            Tensor input = Values(new Shape(2, 5, 4, Channels), 5);
            Tensor residual = Values(input.Shape, 6);
            float[] expected = context.Relu(context.Add(layer.Forward(context, input), residual)).ToArray();
            using Tape? tape = records ? new Tape(context.Workspace) : null;
            context.Tape = tape;
            GradientCheck.SameBits(expected, layer.Forward(context, input, residual, Activation.Relu).Span, layer.GetType().Name);
        }
    }

    [Fact]
    public void Features_may_be_weighed_by_others()
    {
        SqueezeExcitation layer = new(6, 2, sourceChannels: 4);
        layer.Initialize(new RandomSource(7));
        Context context = new();
        Tensor input = Values(new Shape(2, 3, 3, 6), 8);
        Tensor source = Values(new Shape(2, 5, 7, 4), 9);
        Near(context.Multiply(input, layer.Weights(context, source).Reshape(new Shape(2, 1, 1, 6))), layer.Forward(context, input, source));
        Assert.Throws<ArgumentException>(() => layer.Forward(context, input));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(64, 3)]
    [InlineData(256, 5)]
    [InlineData(512, 5)]
    public void The_kernel_of_a_channel_attention_grows_with_the_channels(int channels, int expected) =>
        Assert.Equal(expected, EfficientChannelAttention.KernelFor(channels));

    private static (Tensor Input, Tensor Weight, ConvolutionGeometry Geometry) Convolution(int inChannels, int outChannels, int kernel, int seed)
    {
        ConvolutionGeometry geometry = new(
            inChannels, outChannels, kernel, kernel, 5, 4, padTop: kernel / 2, padLeft: kernel / 2, padBottom: kernel / 2, padRight: kernel / 2);
        return (Values(new Shape(1, 5, 4, inChannels), seed), Values(new Shape(outChannels, inChannels, kernel, kernel), seed + 1), geometry);
    }

    private static Tensor Values(Shape shape, int seed) => Tensor.From(shape, GradientCheck.Values(shape.Count, seed, 2f));

    private static void Near(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        GradientCheck.Near(Array.ConvertAll(expected.ToArray(), x => (double)x), actual.Span, 1e-5, "identity");
    }
}
