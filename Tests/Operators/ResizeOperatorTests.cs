using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public sealed class ResizeOperatorTests
{
    [Theory]
    [InlineData(ResizeMode.Nearest, false, 7, 3)]
    [InlineData(ResizeMode.Bilinear, false, 8, 10)]
    [InlineData(ResizeMode.Bilinear, true, 2, 9)]
    [InlineData(ResizeMode.Bilinear, true, 1, 1)]
    [InlineData(ResizeMode.Bicubic, false, 7, 3)]
    [InlineData(ResizeMode.Bicubic, true, 3, 7)]
    public void Images_are_resized(ResizeMode mode, bool alignCorners, int height, int width)
    {
        Shape image = new(2, 4, 5, 9);
        OperatorCheck.Run(
            [image],
            (c, x) => c.Resize(x[0], height, width, mode, alignCorners),
            x => Expected(x[0], image, height, width, mode, alignCorners));
    }

    [Fact]
    public void Large_images_are_resized_on_any_number_of_threads()
    {
        Shape image = new(2, 60, 50, 17);
        OperatorCheck.Run([image], (c, x) => c.Resize(x[0], 90, 80), x => Expected(x[0], image, 90, 80, ResizeMode.Bilinear, false), gradientsOf: 0);
    }

    [Theory]
    [InlineData(ResizeMode.Nearest)]
    [InlineData(ResizeMode.Bilinear)]
    [InlineData(ResizeMode.Bicubic)]
    public void The_same_size_changes_nothing(ResizeMode mode)
    {
        Context context = new();
        Tensor image = Tensor.From(new Shape(1, 3, 4, 5), OperatorCheck.Values(60, 3));
        Assert.Equal(image.ToArray(), context.Resize(image, 3, 4, mode).ToArray());
    }

    [Fact]
    public void Weights_of_a_position_add_up_to_one()
    {
        foreach (ResizeMode mode in Enum.GetValues<ResizeMode>())
        {
            int taps = ResizeAxis.Taps(mode);
            int[] positions = new int[13 * taps];
            float[] weights = new float[13 * taps];
            ResizeAxis.Compute(mode, false, 5, 13, positions, weights);
            for (int i = 0; i < 13; i++)
            {
                float sum = 0;
                foreach (float weight in weights.AsSpan(i * taps, taps))
                {
                    sum += weight;
                }

                Assert.Equal(1f, sum, 1e-6f);
            }
        }
    }

    [Fact]
    public void Wrong_requests_are_refused()
    {
        Context context = new();
        Assert.Throws<ArgumentException>(() => context.Resize(Tensor.Zeros(new Shape(3, 4)), 2, 2));
        Assert.Throws<ArgumentException>(() => context.Resize(Tensor.Zeros(new Shape(1, 0, 4, 1)), 2, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => context.Resize(Tensor.Zeros(new Shape(1, 3, 4, 1)), 0, 2));
        Assert.Throws<ArgumentException>(() => context.Resize(Tensor.Zeros(new Shape(1, 3, 4, 1)), 2, 2, (ResizeMode)9));
    }

    private static double[] Expected(double[] x, Shape image, int height, int width, ResizeMode mode, bool alignCorners)
    {
        int taps = ResizeAxis.Taps(mode);
        int[] rows = new int[height * taps], columns = new int[width * taps];
        float[] rowWeights = new float[rows.Length], columnWeights = new float[columns.Length];
        ResizeAxis.Compute(mode, alignCorners, image[1], height, rows, rowWeights);
        ResizeAxis.Compute(mode, alignCorners, image[2], width, columns, columnWeights);
        double[] y = new double[image[0] * height * width * image[3]];
        int size = image.ProductFrom(1);
        for (int n = 0; n < image[0]; n++)
        {
            Resize.Reference(x.AsSpan(n * size, size), image[2], image[3], taps, rows, rowWeights, columns, columnWeights, y.AsSpan(n * y.Length / image[0], y.Length / image[0]));
        }

        return y;
    }
}
