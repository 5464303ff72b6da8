using System;
using FsCheck.Xunit;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Tensors;

public class ShapeTests
{
    [Fact]
    public void A_scalar_has_one_element_and_no_shape_has_none()
    {
        Assert.Equal(1, Shape.Scalar.Count);
        Assert.Equal(0, default(Shape).Count);
        Assert.NotEqual(default, Shape.Scalar);
    }

    [Fact]
    public void A_negative_extent_is_refused_with_its_place_and_value()
    {
        ArgumentException failure = Assert.Throws<ArgumentException>(() => new Shape(2, -3));
        Assert.Contains("Dimension 1", failure.Message, StringComparison.Ordinal);
        Assert.Contains("-3", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(65536, 65536)]
    [InlineData(int.MaxValue, 2)]
    [InlineData(4194305, 4194305)]
    public void A_product_beyond_the_limit_is_refused(int rows, int columns) =>
        Assert.Throws<ArgumentException>(() => new Shape(rows, columns));

    [Fact]
    public void Three_extents_whose_product_wraps_are_refused() =>
        Assert.Throws<ArgumentException>(() => new Shape(int.MaxValue, int.MaxValue, int.MaxValue));

    [Fact]
    public void A_zero_extent_makes_it_empty_however_large_the_others_are() =>
        Assert.Equal(0, new Shape(int.MaxValue, 0, int.MaxValue).Count);

    [Fact]
    public void More_than_eight_dimensions_are_refused() =>
        Assert.Throws<ArgumentException>(() => new Shape(1, 1, 1, 1, 1, 1, 1, 1, 1));

    [Fact]
    public void Dimensions_count_from_both_ends()
    {
        Shape shape = new(2, 3, 5);
        Assert.Equal(5, shape[-1]);
        Assert.Equal(2, shape[0]);
        Assert.Equal(6, shape.RowCount);
        Assert.Equal(15, shape.ProductFrom(1));
        Assert.Equal(new Shape(2, 7, 5), shape.With(-2, 7));
        Assert.Equal("[2, 3, 5]", shape.ToString());
        Assert.Throws<ArgumentOutOfRangeException>(() => shape[3]);
        Assert.Throws<ArgumentOutOfRangeException>(() => shape[-4]);
    }

    [Property]
    public void Equal_extents_are_equal_shapes_with_equal_hashes(byte a, byte b, byte c)
    {
        Shape left = new(a, b, c);
        Shape right = new(a, b, c);
        Assert.True(left == right);
        Assert.Equal(left.GetHashCode(), right.GetHashCode());
        Assert.True(left != new Shape(a, b, c + 1));
    }
}
