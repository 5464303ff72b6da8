using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.MatrixMultiply;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Kernels.MatrixMultiply;

public class SmallProductTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 12, 16)]
    [InlineData(3, 7, 5)]
    [InlineData(2, 33, 9)]
    [InlineData(0, 4, 3)]
    [InlineData(5, 1, 31)]
    public void A_few_rows_have_the_bits_they_have_among_many(int rows, int inputs, int outputs)
    {
        int many = rows + (SmallProduct.MostMacs / (inputs * outputs)) + 1;
        float[] values = GradientCheck.Values(many * inputs, 3, 2);
        Tensor weight = Tensor.From(new Shape(outputs, inputs), GradientCheck.Values(outputs * inputs, 4));
        Tensor bias = Tensor.From(new Shape(outputs), GradientCheck.Values(outputs, 5));
        Context context = new() { Meter = new ComputeMeter() };
        context.Meter.Begin(many);
        foreach (Tensor added in new[] { bias, default })
        {
            float[] large = context.Linear(Tensor.From(new Shape(many, inputs), values), weight, added).ToArray();
            context.Meter.Begin(many);
            Tensor small = context.Linear(Tensor.From(new Shape(rows, inputs), values.AsSpan(0, rows * inputs)), weight, added);
            GradientCheck.SameBits(large.AsSpan(0, rows * outputs), small.Span, "few rows");
            Assert.Equal(rows == 0 ? 0 : inputs * outputs, context.Meter.ExecutedMacs(0));
        }
    }

    [Fact]
    public void Lengths_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => SmallProduct.Linear(new float[4], new float[5], default, 2, 3, new float[6]));
        Assert.Throws<ArgumentException>(() => SmallProduct.Linear(new float[4], new float[6], new float[2], 2, 3, new float[6]));
        Assert.Throws<ArgumentException>(() => SmallProduct.Linear(new float[4], new float[6], default, 2, 3, new float[7]));
    }
}
