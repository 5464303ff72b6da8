using System;
using System.Collections.Generic;
using FsCheck.Xunit;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.Kernels.Convolution;
using ManagedDyn.Tests.Kernels.MatrixMultiply;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public sealed class Convolution2dTests
{
    [Property(MaxTest = 30, EndSize = 1000000)]
    public void GradientsMatchCentralDifferencesOfTheReference(int seed)
    {
        ConvolutionCase sample = new(seed);
        Context context = new();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Conv2dSelection selection = sample.Select(context);
        (Tensor input, Tensor weight, Tensor bias) = (sample.NarrowInput(), Tensor.From(sample.WeightShape, sample.Weight), Tensor.From(new Shape(sample.Bias.Length), sample.Bias));
        Tape.Watch(input);
        Tape.Watch(weight);
        Tape.Watch(bias);
        Tensor output = context.Conv2d(input, weight, bias, sample.Geometry, in selection);
        float[] covector = ConvolutionCases.Values(output.Count, seed + 5);
        tape.Backward(output, covector);
        double[] wide = sample.WideCovector(covector);
        double terms = sample.Geometry.MacsPerPixel * sample.Batch;
        Close(sample.InputGradient(wide), Tape.GradientOf(input).Span, terms, $"{sample}: input gradient");
        Close(sample.WeightGradient(wide), Tape.GradientOf(weight).Span, terms + wide.Length, $"{sample}: weight gradient");
        ConvolutionCases.Close(sample.BiasGradient(wide), Tape.GradientOf(bias).Span, wide.Length, $"{sample}: bias gradient");
    }

    [Property(MaxTest = 30, EndSize = 1000000)]
    public void BatchAndThreadsDoNotChangeABit(int seed)
    {
        ConvolutionCase sample = new(seed);
        using Workers workers = new(3);
        float[] alone = Run(sample, null, out float[] weightAlone, out float[] inputAlone);
        float[] together = Run(sample, workers, out float[] weightTogether, out float[] inputTogether);
        MultiplyCases.Identical(alone, together, $"{sample}: output");
        MultiplyCases.Identical(weightAlone, weightTogether, $"{sample}: weight gradient");
        MultiplyCases.Identical(inputAlone, inputTogether, $"{sample}: input gradient");
        for (int i = 0; i < sample.Batch; i++)
        {
            ConvolutionCase one = sample.Only(i);
            float[] own = Run(one, null, out _, out float[] ownInput);
            MultiplyCases.Identical(together.AsSpan(sample.OutputStart(i), own.Length), own, $"{sample}: sample {i} alone");
            MultiplyCases.Identical(inputTogether.AsSpan(i * ownInput.Length, ownInput.Length), ownInput, $"{sample}: input gradient of sample {i} alone");
        }
    }

    [Property(MaxTest = 30, EndSize = 1000000)]
    public void FusedStepsEqualSeparateOnesAndBothCountTheActiveMacs(int seed)
    {
        ConvolutionCase sample = new(seed);
        Context context = new() { Meter = new ComputeMeter() };
        context.Meter.Begin(sample.Batch);
        Conv2dSelection selection = sample.Select(context);
        Tensor weight = Tensor.From(sample.WeightShape, sample.Weight);
        Tensor plain = context.Conv2d(sample.NarrowInput(), weight, default, sample.Geometry, in selection);
        FusedSteps steps = new()
        {
            Scale = Tensor.From(new Shape(sample.Bias.Length), ConvolutionCases.Values(sample.Bias.Length, seed + 8)),
            Shift = Tensor.From(new Shape(sample.Bias.Length), sample.Bias),
            Residual = Tensor.From(plain.Shape, ConvolutionCases.Values(plain.Count, seed + 9)),
            Activation = Activation.Relu,
        };
        PackedWeight packed = PackedWeight.ForConvolution(sample.Geometry, sample.Weight);
        Tensor fused = context.Conv2dFused(sample.NarrowInput(), packed, sample.Geometry, in steps, in selection);
        sample.ForEachActive((sampleIndex, pixel, channel, at) =>
        {
            float scaled = float.MultiplyAddEstimate(plain.Span[at], steps.Scale.Span[channel], steps.Shift.Span[channel]);
            float expected = MathF.Max(0, scaled + steps.Residual.Span[at]);
            Assert.Equal(expected, fused.Span[at]);
        });
        Assert.Equal(plain.Count - sample.ActiveCount, Zeros(plain, sample));
        for (int i = 0; i < sample.Batch; i++)
        {
            Assert.Equal(2 * sample.ActiveMacs(i), context.Meter.ExecutedMacs(i));
            Assert.Equal(2 * sample.Geometry.MacsPerSample, context.Meter.DenseMacs(i));
        }
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        Context context = new();
        ConvolutionGeometry geometry = new(2, 3, 3, 3, 5, 5);
        Tensor input = Tensor.Zeros(new Shape(1, 5, 5, 2)), weight = Tensor.Zeros(new Shape(3, 2, 3, 3));
        Assert.Throws<ArgumentException>(() => context.Conv2d(Tensor.Zeros(new Shape(1, 5, 6, 2)), weight, default, in geometry));
        Assert.Throws<ArgumentException>(() => context.Conv2d(Tensor.Zeros(new Shape(5, 5, 2)), weight, default, in geometry));
        Assert.Throws<ArgumentException>(() => context.Conv2d(input, Tensor.Zeros(new Shape(2, 3, 3, 3)), default, in geometry));
        Assert.Throws<ArgumentException>(() => context.Conv2d(input, weight, Tensor.Zeros(new Shape(2)), in geometry));
        Assert.Throws<ArgumentException>(() => context.Conv2d(input, weight, default, in geometry, new Conv2dSelection { Pixels = Selection.All(2, 9) }, PackedWeight.ForLinear(2, 3, new float[6])));
        Selection wrong = context.Workspace.Select(8, [0, 1], [2]);
        Assert.Throws<ArgumentException>(() => context.Conv2d(input, weight, default, in geometry, new Conv2dSelection { Pixels = wrong }));
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tape.Watch(input);
        Assert.Throws<InvalidOperationException>(() => context.Conv2dFused(input, PackedWeight.ForConvolution(in geometry, weight.Span), in geometry, default));
    }

    private static void Close(double[] differences, Span<float> gradient, double terms, string what)
    {
        Assert.Equal(differences.Length, gradient.Length);
        for (int i = 0; i < differences.Length; i++)
        {
            if (double.IsNaN(differences[i]))
            {
                Assert.True(float.IsFinite(gradient[i]), $"{what}: element {i} is {gradient[i]}");
                (differences[i], gradient[i]) = (0, 0);
            }
        }

        ConvolutionCases.Close(differences, gradient, terms, what);
    }

    private static int Zeros(Tensor output, ConvolutionCase sample)
    {
        HashSet<int> active = [];
        sample.ForEachActive((_, _, _, at) => active.Add(at));
        int zeros = 0;
        for (int i = 0; i < output.Count; i++)
        {
            zeros += !active.Contains(i) && output.Span[i] == 0 ? 1 : 0;
        }

        return zeros;
    }

    private static float[] Run(ConvolutionCase sample, Workers? workers, out float[] weightGradient, out float[] inputGradient)
    {
        Context context = new(workers);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Conv2dSelection selection = sample.Select(context);
        Tensor input = sample.NarrowInput(), weight = Tensor.From(sample.WeightShape, sample.Weight);
        Tape.Watch(input);
        Tape.Watch(weight);
        Tensor output = context.Conv2d(input, weight, default, sample.Geometry, in selection);
        float[] values = output.ToArray();
        tape.Backward(output, values);
        weightGradient = Tape.GradientOf(weight).ToArray();
        inputGradient = Tape.GradientOf(input).ToArray();
        return values;
    }
}
