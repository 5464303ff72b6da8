using System;
using FsCheck.Xunit;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.MatrixMultiply;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.Kernels.Convolution;
using ManagedDyn.Tests.Kernels.MatrixMultiply;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public sealed class MatrixProductTests
{
    [Property(MaxTest = 50, EndSize = 1000000)]
    public void ProductsAndGradientsMatchTheReference(int seed)
    {
        var random = new ConvolutionCases.Numbers(seed);
        int count = random.Next(1, 4);
        MultiplyShape shape = new(random.Next(1, 12), random.Next(1, 12), random.Next(1, 20))
        {
            TransposesLeft = random.Next(2) == 0,
            TransposesRight = random.Next(2) == 0,
        };
        using Workers workers = new(2);
        Context context = new(workers) { Meter = new ComputeMeter() };
        context.Meter.Begin(count);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor left = Matrices(count, shape.Rows, shape.Depth, shape.TransposesLeft, seed);
        Tensor right = Matrices(count, shape.Depth, shape.Columns, shape.TransposesRight, seed + 1);
        Tape.Watch(left);
        Tape.Watch(right);
        Tensor output = context.MatMul(left, right, shape.TransposesLeft, shape.TransposesRight);
        Assert.Equal(new Shape(count, shape.Rows, shape.Columns), output.Shape);
        Assert.Equal(shape.Macs, context.Meter.ExecutedMacs(count - 1));
        float[] covector = ConvolutionCases.Values(output.Count, seed + 2);
        tape.Backward(output, covector);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<float> a = Part(left, i), b = Part(right, i), dy = covector.AsSpan(i * shape.Rows * shape.Columns, shape.Rows * shape.Columns);
            var product = new float[dy.Length];
            MultiplyReference.Multiply(in shape, a, b, product);
            MultiplyCases.Identical(product, Part(output, i), $"seed {seed}, {shape}");
            ConvolutionCases.Close(Gradient(shape, a, b, dy, ofLeft: true), Part(Tape.GradientOf(left), i), 30, $"seed {seed}, {shape}, left");
            ConvolutionCases.Close(Gradient(shape, a, b, dy, ofLeft: false), Part(Tape.GradientOf(right), i), 30, $"seed {seed}, {shape}, right");
        }
    }

    [Fact]
    public void AMatrixTimesItselfGetsBothGradients()
    {
        Context context = new();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor x = Tensor.From(new Shape(2, 2), [1, 2, 3, 4]);
        Tape.Watch(x);
        Tensor output = context.MatMul(x, x);
        tape.Backward(output, [1, 0, 0, 0]);
        Assert.Equal([2, 3, 2, 0], Tape.GradientOf(x).ToArray());
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        Context context = new();
        Tensor x = Tensor.Zeros(new Shape(2, 3, 4));
        Assert.Throws<ArgumentException>(() => context.MatMul(x, Tensor.Zeros(new Shape(2, 3, 4))));
        Assert.Throws<ArgumentException>(() => context.MatMul(x, Tensor.Zeros(new Shape(1, 4, 4))));
        Assert.Throws<ArgumentException>(() => context.MatMul(x, Tensor.Zeros(new Shape(4, 4))));
        Assert.Throws<ArgumentException>(() => context.MatMul(Tensor.Zeros(new Shape(4)), Tensor.Zeros(new Shape(4))));
    }

    private static Tensor Matrices(int count, int rows, int columns, bool isTransposed, int seed) => Tensor.From(
        isTransposed ? new Shape(count, columns, rows) : new Shape(count, rows, columns), ConvolutionCases.Values(count * rows * columns, seed));

    private static ReadOnlySpan<float> Part(Tensor matrices, int index)
    {
        int length = matrices.Shape.ProductFrom(1);
        return matrices.Span.Slice(index * length, length);
    }

    // Central differences in double; the loss is linear in each matrix, so a large step is exact.
    private static double[] Gradient(MultiplyShape shape, ReadOnlySpan<float> left, ReadOnlySpan<float> right, ReadOnlySpan<float> covector, bool ofLeft)
    {
        double[] a = ConvolutionCases.Doubles(left), b = ConvolutionCases.Doubles(right);
        double[] values = ofLeft ? a : b;
        var gradient = new double[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            double value = values[i];
            values[i] = value + 0.5;
            double up = Loss(shape, a, b, covector);
            values[i] = value - 0.5;
            gradient[i] = up - Loss(shape, a, b, covector);
            values[i] = value;
        }

        return gradient;
    }

    private static double Loss(MultiplyShape shape, double[] left, double[] right, ReadOnlySpan<float> covector)
    {
        var product = new double[covector.Length];
        MultiplyReference.Multiply<double>(in shape, left, right, product);
        double loss = 0;
        for (int i = 0; i < product.Length; i++)
        {
            loss += product[i] * covector[i];
        }

        return loss;
    }
}
