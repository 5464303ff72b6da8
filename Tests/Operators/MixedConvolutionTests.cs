using System;
using FsCheck.Xunit;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Mixing;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.Kernels.Convolution;
using ManagedDyn.Tests.Kernels.MatrixMultiply;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public sealed class MixedConvolutionTests
{
    [Property(MaxTest = 20, EndSize = 1000000)]
    public void Gradients_match_the_reference(int seed)
    {
        SampleCase one = new(seed);
        Shape[] shapes = one.HasBias ? [one.Input, one.Coefficients, one.Experts, one.Biases] : [one.Input, one.Coefficients, one.Experts];
        new GradientCheck().Run(
            (context, x) => context.MixedConv2d(x[0], x[1], x[2], one.HasBias ? x[3] : default, one.Geometry),
            x => one.Convolve(x[0], one.Mix(x[1], x[2], one.Geometry.WeightElements), one.HasBias ? one.Mix(x[1], x[3], one.Geometry.OutChannels) : null),
            seed, shapes, SampleCase.Values(shapes, seed));
    }

    [Property(MaxTest = 20, EndSize = 1000000)]
    public void Gradients_of_kernels_of_each_sample_match_the_reference(int seed)
    {
        SampleCase one = new(seed);
        Shape[] shapes = one.HasBias ? [one.Input, one.Weights, one.Shifts] : [one.Input, one.Weights];
        new GradientCheck().Run(
            (context, x) => context.PerSampleConv2d(x[0], x[1], one.HasBias ? x[2] : default, one.Geometry),
            x => one.Convolve(x[0], x[1], one.HasBias ? x[2] : null),
            seed, shapes, SampleCase.Values(shapes, seed));
    }

    [Property(MaxTest = 30, EndSize = 1000000)]
    public void It_has_the_bits_of_a_convolution_with_the_mixed_kernel_alone_in_a_batch_and_packed(int seed)
    {
        SampleCase one = new(seed);
        using Workers three = new(3);
        Tensor x = one.Tensor(one.Input, 1), a = one.Tensor(one.Coefficients, 2), w = one.Tensor(one.Experts, 3);
        Tensor b = one.HasBias ? one.Tensor(one.Biases, 4) : default;
        PackedExperts packed = PackedExperts.ForConvolution(one.Geometry, one.Count, w.Span)!;
        Assert.Equal((long)sizeof(float) * ExpertMix.PackedLength(one.Count, PackedWeight.Length(one.Geometry)), packed.Bytes);
        float[] together = new Context(three).MixedConv2d(x, a, w, b, one.Geometry, packed).ToArray();
        MultiplyCases.Identical(new Context().MixedConv2d(x, a, w, b, one.Geometry).ToArray(), together, $"{one}: packed at once and at the call");
        for (int n = 0; n < one.Batch; n++)
        {
            float[] kernel = new float[one.Geometry.WeightElements];
            ExpertMix.Reference<float>(a.Rows(n, 1).Span, w.Span, kernel);
            float[] shift = new float[one.Geometry.OutChannels];
            if (one.HasBias)
            {
                ExpertMix.Reference<float>(a.Rows(n, 1).Span, b.Span, shift);
            }

            Context context = new() { Accuracy = Accuracy.Exact };
            Tensor bias = one.HasBias ? Tensor.From(new Shape(shift.Length), shift) : default;
            float[] plain = context.Conv2d(x.Rows(n, 1), Tensor.From(one.Experts.With(0, 1), kernel).Reshape(one.Kernel), bias, one.Geometry).ToArray();
            float[] exact = context.MixedConv2d(x.Rows(n, 1), a.Rows(n, 1), w, b, one.Geometry).ToArray();
            float[] alone = new Context().MixedConv2d(x.Rows(n, 1), a.Rows(n, 1), w, b, one.Geometry, packed).ToArray();
            MultiplyCases.Identical(plain, exact, $"{one}: sample {n} with the mixed kernel");
            MultiplyCases.Identical(together.AsSpan(n * alone.Length, alone.Length), alone, $"{one}: sample {n} alone");
        }
    }

    [Property(MaxTest = 30, EndSize = 1000000)]
    public void Mixing_kernels_is_mixing_outputs(int seed)
    {
        SampleCase one = new(seed);
        Context context = new();
        Tensor x = one.Tensor(one.Input, 1), a = one.Tensor(one.Coefficients, 2), w = one.Tensor(one.Experts, 3);
        Tensor mixed = context.MixedConv2d(x, a, w, default, one.Geometry);
        Tensor sum = context.Workspace.RentZeros(mixed.Shape);
        for (int expert = 0; expert < one.Count; expert++)
        {
            Tensor own = context.Conv2d(x, w.Rows(expert, 1).Reshape(one.Kernel), default, one.Geometry);
            Tensor factor = context.Slice(a, 1, expert, 1).Reshape(new Shape(one.Batch, 1, 1, 1));
            sum = context.Add(sum, context.Multiply(own, factor));
        }

        double terms = one.Geometry.MacsPerPixel * one.Count;
        ConvolutionCases.Close(Array.ConvertAll(sum.ToArray(), value => (double)value), mixed.Span, terms, $"{one}");
    }

    [Property(MaxTest = 20, EndSize = 1000000)]
    public void Fused_steps_equal_separate_ones_and_the_mixing_is_counted(int seed)
    {
        SampleCase one = new(seed);
        Context context = new() { Meter = new ComputeMeter() };
        context.Meter.Begin(one.Batch);
        Tensor x = one.Tensor(one.Input, 1), a = one.Tensor(one.Coefficients, 2), w = one.Tensor(one.Experts, 3);
        Tensor plain = context.MixedConv2d(x, a, w, default, one.Geometry);
        FusedSteps steps = new()
        {
            Scale = one.Tensor(new Shape(one.Geometry.OutChannels), 5),
            Shift = one.Tensor(new Shape(one.Geometry.OutChannels), 6),
            Residual = one.Tensor(plain.Shape, 7),
            Activation = Activation.Relu,
        };
        Tensor fused = context.MixedConv2dFused(x, a, w, PackedExperts.ForConvolution(one.Geometry, one.Count, w.Span)!, one.Geometry, in steps);
        for (int i = 0; i < plain.Count; i++)
        {
            int channel = i % one.Geometry.OutChannels;
            float scaled = float.MultiplyAddEstimate(plain.Span[i], steps.Scale.Span[channel], steps.Shift.Span[channel]);
            Assert.Equal(MathF.Max(0, scaled + steps.Residual.Span[i]), fused.Span[i]);
        }

        long macs = one.Geometry.MacsPerSample + ((long)one.Count * one.Geometry.WeightElements);
        for (int n = 0; n < one.Batch; n++)
        {
            Assert.Equal(2 * macs, context.Meter.ExecutedMacs(n));
            Assert.Equal(2 * macs, context.Meter.DenseMacs(n));
        }
    }

    // Kernels that are mixed a few panels at a time, and those that minimal filtering takes.
    [Theory]
    [InlineData(96, 130, 7, 6, 3, Accuracy.Exact)]
    [InlineData(64, 80, 14, 13, 5, Accuracy.Exact)]
    [InlineData(40, 48, 28, 30, 3, Accuracy.Fast)]
    [InlineData(2100, 70, 3, 3, 1, Accuracy.Fast)]
    public void Large_kernels_have_the_bits_of_plain_ones_on_any_number_of_threads(int inChannels, int outChannels, int height, int width, int kernel, Accuracy accuracy)
    {
        int pad = kernel / 2;
        ConvolutionGeometry geometry = new(inChannels, outChannels, kernel, kernel, height, width, padTop: pad, padLeft: pad, padBottom: pad, padRight: pad);
        Shape experts = new(3, outChannels, inChannels, kernel, kernel);
        Tensor x = Tensor.From(new Shape(2, height, width, inChannels), ConvolutionCases.Values(2 * geometry.InElements, 1));
        Tensor w = Tensor.From(experts, ConvolutionCases.Values(experts.Count, 2));
        Tensor a = Tensor.From(new Shape(2, 3), [0.3f, 0.6f, 0.1f, 0.9f, -0.2f, 0.4f]);
        PackedExperts packed = PackedExperts.ForConvolution(in geometry, 3, w.Span)!;
        using Workers three = new(3);
        float[] one = new Context() { Accuracy = accuracy }.MixedConv2d(x, a, w, default, in geometry, packed).ToArray();
        MultiplyCases.Identical(one, new Context(three) { Accuracy = accuracy }.MixedConv2d(x, a, w, default, in geometry, packed).ToArray(), "three threads");
        float[] mixed = new float[geometry.WeightElements];
        ExpertMix.Reference<float>(a.Rows(1, 1).Span, w.Span, mixed);
        Tensor kernels = Tensor.From(new Shape(outChannels, inChannels, kernel, kernel), mixed);
        float[] plain = new Context() { Accuracy = accuracy }.Conv2d(x.Rows(1, 1), kernels, default, in geometry).ToArray();
        MultiplyCases.Identical(plain, one.AsSpan(plain.Length), "the mixed kernel");
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        ConvolutionGeometry geometry = new(2, 3, 3, 3, 5, 5);
        Context context = new();
        Tensor x = Tensor.Zeros(new Shape(2, 5, 5, 2)), a = Tensor.Zeros(new Shape(2, 4)), w = Tensor.Zeros(new Shape(4, 3, 2, 3, 3));
        Assert.Throws<ArgumentException>(() => context.MixedConv2d(Tensor.Zeros(new Shape(2, 5, 6, 2)), a, w, default, in geometry));
        Assert.Throws<ArgumentException>(() => context.MixedConv2d(Tensor.Zeros(new Shape(5, 5, 2)), a, w, default, in geometry));
        Assert.Throws<ArgumentException>(() => context.MixedConv2d(x, Tensor.Zeros(new Shape(2, 3)), w, default, in geometry));
        Assert.Throws<ArgumentException>(() => context.MixedConv2d(x, a, Tensor.Zeros(new Shape(4, 2, 2, 3, 3)), default, in geometry));
        Assert.Throws<ArgumentException>(() => context.MixedConv2d(x, a, w, Tensor.Zeros(new Shape(3)), in geometry));
        PackedExperts other = PackedExperts.ForConvolution(in geometry, 3, new float[3 * geometry.WeightElements])!;
        Assert.Throws<ArgumentException>(() => context.MixedConv2d(x, a, w, default, in geometry, other));
        Assert.Throws<ArgumentException>(() => context.PerSampleConv2d(x, Tensor.Zeros(new Shape(1, 3, 2, 3, 3)), default, in geometry));
        Assert.Throws<ArgumentException>(() => context.PerSampleConv2d(x, Tensor.Zeros(new Shape(2, 3, 2, 3, 3)), Tensor.Zeros(new Shape(3)), in geometry));
        Assert.Null(PackedExperts.ForConvolution(in geometry, 3, new float[3 * geometry.WeightElements], new PackedMemory(100)));
    }
}
