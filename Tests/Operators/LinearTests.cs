using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.MatrixMultiply;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.Kernels.Convolution;
using ManagedDyn.Tests.Kernels.MatrixMultiply;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public sealed class LinearTests
{
    [Fact]
    public void EveryRankHasTheBitsOfTheReference()
    {
        foreach (int[] extents in (int[][])[[13], [5, 13], [2, 3, 13], [2, 3, 4, 13], [0, 13], [3, 0, 13], [200, 13]])
        {
            Shape shape = new(extents);
            Tensor input = Tensor.From(shape, ConvolutionCases.Values(shape.Count, 1));
            Tensor weight = Tensor.From(new Shape(21, 13), ConvolutionCases.Values(21 * 13, 2));
            MultiplyShape product = new(shape.Count / 13, 13, 21) { TransposesRight = true };
            var expected = new float[product.Rows * 21];
            MultiplyReference.Multiply<float>(in product, input.Span, weight.Span, expected);
            using Workers workers = new(2);
            Context context = new(workers);
            Tensor output = context.Linear(input, weight);
            Assert.Equal(shape.With(-1, 21), output.Shape);
            MultiplyCases.Identical(expected, output.Span, $"{shape}");
            FusedSteps steps = new() { Residual = input.Reshape(shape), Activation = Activation.Relu };
            Assert.Throws<ArgumentException>(() => context.LinearFused(input, PackedWeight.ForLinear(13, 21, weight.Span), in steps));
            Tensor residual = Tensor.From(output.Shape, ConvolutionCases.Values(output.Count, 3));
            Tensor fused = context.LinearFused(input, PackedWeight.ForLinear(13, 21, weight.Span), new FusedSteps { Residual = residual });
            for (int i = 0; i < fused.Count; i++)
            {
                Assert.Equal(expected[i] + residual.Span[i], fused.Span[i]);
            }
        }
    }

    [Theory]
    [InlineData(1, 40, 50)]
    [InlineData(7, 100, 33)]
    [InlineData(17, 70, 130)]
    [InlineData(65, 300, 310)]
    public void FewRowsBesideALargeWeightHaveTheBitsOfTheReferenceForwardAndBackward(int rows, int inputs, int outputs)
    {
        foreach (int threads in (int[])[1, 3])
        {
            using Workers workers = new(threads);
            Context context = new(workers);
            Tensor input = Tensor.From(new Shape(rows, inputs), ConvolutionCases.Values(rows * inputs, 1));
            Tensor weight = Tensor.From(new Shape(outputs, inputs), ConvolutionCases.Values(outputs * inputs, 2));
            Tensor bias = Tensor.From(new Shape(outputs), ConvolutionCases.Values(outputs, 3));
            float[] seed = ConvolutionCases.Values(rows * outputs, 4);
            Tape.Watch(weight);
            using Tape tape = new(context.Workspace);
            context.Tape = tape;
            Tensor output = context.Linear(input, weight, bias);
            var expected = new float[rows * outputs];
            MultiplyReference.Multiply<float>(new MultiplyShape(rows, inputs, outputs) { TransposesRight = true }, input.Span, weight.Span, expected);
            for (int i = 0; i < expected.Length; i++)
            {
                expected[i] += bias.Span[i % outputs];
            }

            MultiplyCases.Identical(expected, output.Span, $"{rows} × {inputs} → {outputs}");
            tape.Backward(output, seed);
            expected = new float[outputs * inputs];
            MultiplyReference.Multiply<float>(new MultiplyShape(outputs, rows, inputs) { TransposesLeft = true }, seed, input.Span, expected);
            MultiplyCases.Identical(expected, Tape.GradientOf(weight).Span, $"gradient of {rows} × {inputs} → {outputs}");
        }
    }

    [Fact]
    public void SelectedFeaturesHaveTheBitsOfAllFeatures()
    {
        Context context = new();
        Tensor input = Tensor.From(new Shape(3, 40), ConvolutionCases.Values(120, 1));
        Tensor weight = Tensor.From(new Shape(50, 40), ConvolutionCases.Values(2000, 2));
        Tensor bias = Tensor.From(new Shape(50), ConvolutionCases.Values(50, 3));
        Tensor all = context.Linear(input, weight, bias);
        int[] chosen = [3, 17, 18, 49, 0, 1, 2, 30];
        Conv2dSelection features = new() { OutChannels = context.Workspace.Select(50, [0, 4, 8, 8], chosen) };
        Tensor some = context.Linear(input, weight, bias, in features);
        for (int row = 0; row < 3; row++)
        {
            for (int feature = 0; feature < 50; feature++)
            {
                bool isChosen = row < 2 && Array.IndexOf(chosen, feature, row * 4, 4) >= 0;
                Assert.Equal(isChosen ? all.Span[(row * 50) + feature] : 0, some.Span[(row * 50) + feature]);
            }
        }
    }

    [Fact]
    public void GradientsAddUpOverUses()
    {
        Context context = new();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor input = Tensor.From(new Shape(2, 3), [1, 2, 3, 4, 5, 6]), weight = Tensor.From(new Shape(3, 3), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        Tape.Watch(input);
        Tape.Watch(weight);

        // y = W · (W · x): the weight is used twice.
        Tensor output = context.Linear(context.Linear(input, weight), weight);
        tape.Backward(output, [1, 0, 0, 0, 0, 0]);

        // dL/dx = first row of W²; dL/dW[i, j] = [i = 0] (W x)[j] + W[0, i] x[j].
        Assert.Equal([30, 36, 42, 0, 0, 0], Tape.GradientOf(input).ToArray());
        Assert.Equal([14 + 1, 32 + 2, 50 + 3, 2, 4, 6, 3, 6, 9], Tape.GradientOf(weight).ToArray());
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        Context context = new();
        Tensor weight = Tensor.Zeros(new Shape(3, 4));
        Assert.Throws<ArgumentException>(() => context.Linear(Tensor.Zeros(new Shape(2, 5)), weight));
        Assert.Throws<ArgumentException>(() => context.Linear(Tensor.Zeros(Shape.Scalar), weight));
        Assert.Throws<ArgumentException>(() => context.Linear(Tensor.Zeros(new Shape(2, 4)), Tensor.Zeros(new Shape(3, 4, 1))));
        Assert.Throws<ArgumentException>(() => context.Linear(Tensor.Zeros(new Shape(2, 4)), weight, Tensor.Zeros(new Shape(4))));
    }
}
