using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.SpatialWise.RegionLevel;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.SpatialWise;

public sealed class ThinPlateTests
{
    [Theory]
    [InlineData(2, 6, 5, 3)]
    [InlineData(3, 5, 7, 1)]
    [InlineData(4, 9, 4, 2)]
    public void A_new_transformer_leaves_images_as_they_are(int controls, int height, int width, int channels)
    {
        ThinPlateTransformer layer = Make(controls, height, width, channels);
        Context context = new();
        Shape shape = new(2, height, width, channels);
        float[] values = GradientCheck.Values(shape.Count, 3);
        Tensor output = layer.Forward(context, Tensor.From(shape, values));
        GradientCheck.Near(Array.ConvertAll(values, value => (double)value), output.Span, 1e-4, "identity");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void Points_moved_by_an_affine_map_move_all_pixels_by_it(int controls)
    {
        ThinPlateTransformer layer = Make(controls, 7, 6, 2);
        Context context = new();
        Shape shape = new(1, 7, 6, 2);
        Tensor image = Tensor.From(shape, GradientCheck.Values(shape.Count, 5));
        float[] theta = [0.7f, -0.2f, 0.1f, 0.15f, 0.9f, -0.05f];
        float[] points = new float[2 * controls * controls];
        for (int i = 0; i < controls * controls; i++)
        {
            float x = (2f * (i % controls) / (controls - 1)) - 1;
            float y = (2f * (i / controls) / (controls - 1)) - 1;
            points[2 * i] = (theta[0] * x) + (theta[1] * y) + theta[2];
            points[(2 * i) + 1] = (theta[3] * x) + (theta[4] * y) + theta[5];
        }

        Tensor bent = layer.Transform(context, image, Tensor.From(new Shape(1, controls * controls, 2), points));
        Tensor grid = context.AffineGrid(Tensor.From(new Shape(1, 2, 3), theta), 7, 6);
        Tensor expected = context.GridSample(image, grid, ResizeMode.Bilinear, GridPadding.Border, false);
        GradientCheck.Near(Array.ConvertAll(expected.ToArray(), value => (double)value), bent.Span, 1e-4, "affine");
    }

    [Fact]
    public void The_spline_meets_its_control_points()
    {
        // 3 × 3 points on −1, 0, 1; of 3 × 3 pixels only the middle one has its centre on a point.
        ThinPlateTransformer layer = Make(3, 3, 3, 1);
        Context context = new();
        Tensor image = Tensor.From(new Shape(1, 3, 3, 1), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        float[] points = new float[18];
        for (int i = 0; i < 9; i++)
        {
            points[2 * i] = (i % 3) - 1;
            points[(2 * i) + 1] = (i / 3) - 1;
        }

        // The centre is read half a pixel's way to the right of it: from 5 to 6 it is 3/4 of a third of 2.
        points[8] = 0.5f;
        Tensor bent = layer.Transform(context, image, Tensor.From(new Shape(1, 9, 2), points));
        Assert.Equal(5.75, bent.Span[4], 1e-4);
    }

    private static ThinPlateTransformer Make(int controls, int height, int width, int channels)
    {
        ThinPlateTransformer layer = new(new Sequential(new GlobalAveragePool(), new Linear(channels, 4)), 4, controls, height, width, GridPadding.Border);
        layer.Initialize(new RandomSource(2));
        return layer;
    }
}
