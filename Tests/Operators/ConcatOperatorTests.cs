using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public sealed class ConcatOperatorTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(-1)]
    public void Joins_along_any_dimension(int axis)
    {
        Shape shape = new(2, 3, 4, 5);
        Shape[] shapes = [shape.With(axis, 3), shape.With(axis, 1), shape.With(axis, 0), shape.With(axis, 6)];
        OperatorCheck.Run(shapes, (c, x) => c.Concat(axis, x), x => Join(shapes, x, axis));
    }

    [Fact]
    public void Channels_of_large_images_join_on_any_number_of_threads()
    {
        Shape[] shapes = [new(3, 40, 40, 16), new(3, 40, 40, 7)];
        OperatorCheck.Run(shapes, (c, x) => c.Concat(-1, x), x => Join(shapes, x, -1), gradientsOf: 0);
    }

    [Fact]
    public void One_input_is_itself()
    {
        Context context = new();
        Tensor input = Tensor.Zeros(new Shape(2, 2));
        Assert.True(context.Concat(1, input).SharesMemoryWith(input));
    }

    [Fact]
    public void Shapes_that_differ_elsewhere_are_refused()
    {
        Context context = new();
        Assert.Throws<ArgumentException>(() => context.Concat(1, Tensor.Zeros(new Shape(2, 2)), Tensor.Zeros(new Shape(3, 2))));
        Assert.Throws<ArgumentException>(() => context.Concat(0, Tensor.Zeros(new Shape(2, 2)), Tensor.Zeros(new Shape(2))));
        Assert.Throws<ArgumentException>(() => context.Concat(0));
    }

    private static double[] Join(Shape[] shapes, double[][] x, int axis)
    {
        int dimension = axis < 0 ? axis + shapes[0].Rank : axis;
        int outer = shapes[0].ProductBefore(dimension);
        List<double> joined = [];
        for (int o = 0; o < outer; o++)
        {
            for (int i = 0; i < x.Length; i++)
            {
                int width = shapes[i].ProductFrom(dimension);
                joined.AddRange(x[i][(o * width)..((o + 1) * width)]);
            }
        }

        return [.. joined];
    }
}
