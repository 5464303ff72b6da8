using System;
using ManagedDyn.Engine.Kernels.Recurrent;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public sealed class RecurrentTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(19)]
    public void Lstm_step_equals_its_formula(int width) => OperatorCheck.Run(
        [new Shape(3, 4 * width), new Shape(3, 4 * width), new Shape(3, width)],
        (c, x) =>
        {
            Tensor hidden = c.LstmCell(x[0], x[1], x[2], out Tensor cell);
            return c.Concat(1, cell, hidden);
        },
        x =>
        {
            double[] y = new double[3 * 2 * width];
            double[] sums = new double[4 * width];
            for (int n = 0; n < 3; n++)
            {
                for (int j = 0; j < sums.Length; j++)
                {
                    sums[j] = x[0][(n * 4 * width) + j] + x[1][(n * 4 * width) + j];
                }

                Span<double> row = y.AsSpan(n * 2 * width, 2 * width);
                LstmStep.Reference<double>(sums, x[2].AsSpan(n * width, width), row[..width], row[width..]);
            }

            return y;
        });

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(19)]
    public void Gru_step_equals_its_formula(int width) => OperatorCheck.Run(
        [new Shape(3, 3 * width), new Shape(3, 3 * width), new Shape(3, width)],
        (c, x) => c.GruCell(x[0], x[1], x[2]),
        x =>
        {
            double[] y = new double[3 * width];
            for (int n = 0; n < 3; n++)
            {
                GruStep.Reference<double>(x[0].AsSpan(n * 3 * width, 3 * width), x[1].AsSpan(n * 3 * width, 3 * width), x[2].AsSpan(n * width, width), y.AsSpan(n * width, width));
            }

            return y;
        });

    [Fact]
    public void A_layer_has_the_bits_of_its_steps_one_by_one()
    {
        const int Width = 70;
        Engine.Execution.Context context = new();
        Tensor input = Values(1, 3, 4, 9), inputWeight = Values(2, 4 * Width, 9), hiddenWeight = Values(3, 4 * Width, Width), bias = Values(4, 4 * Width);
        Tensor states = context.Lstm(input, default, default, inputWeight, hiddenWeight, default, bias, out Tensor last, out _);
        Tensor gates = context.Linear(input, inputWeight);
        Tensor hidden = Tensor.Zeros(new Shape(3, Width)), cell = hidden;
        for (int time = 0; time < 4; time++)
        {
            Tensor own = context.Slice(gates, 1, time, 1).Reshape(new Shape(3, 4 * Width));
            hidden = context.LstmCell(own, context.Linear(hidden, hiddenWeight, bias), cell, out cell);
            Assert.Equal(hidden.ToArray(), context.Slice(states, 1, time, 1).ToArray());
        }

        Assert.Equal(hidden.ToArray(), last.ToArray());
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        Engine.Execution.Context context = new();
        Tensor none = default;
        Assert.Throws<ArgumentException>(() => context.LstmCell(Tensor.Zeros(new Shape(2, 8)), Tensor.Zeros(new Shape(2, 7)), Tensor.Zeros(new Shape(2, 2)), out _));
        Assert.Throws<ArgumentException>(() => context.GruCell(Tensor.Zeros(new Shape(2, 8)), Tensor.Zeros(new Shape(2, 6)), Tensor.Zeros(new Shape(2, 2))));
        Assert.Throws<ArgumentException>(() => context.Gru(Tensor.Zeros(new Shape(2, 0, 4)), none, Tensor.Zeros(new Shape(6, 4)), Tensor.Zeros(new Shape(6, 2)), none, none, out _));
        Assert.Throws<ArgumentException>(() => context.Gru(Tensor.Zeros(new Shape(2, 1, 4)), Tensor.Zeros(new Shape(2, 3)), Tensor.Zeros(new Shape(6, 4)), Tensor.Zeros(new Shape(6, 2)), none, none, out _));
    }

    private static Tensor Values(int seed, params int[] extents)
    {
        Shape shape = new(extents);
        return Tensor.From(shape, Kernels.Convolution.ConvolutionCases.Values(shape.Count, seed));
    }
}
