using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public sealed class GridSampleTests
{
    public static TheoryData<ResizeMode, GridPadding, bool, int> Cases()
    {
        TheoryData<ResizeMode, GridPadding, bool, int> cases = [];
        foreach (ResizeMode mode in Enum.GetValues<ResizeMode>())
        {
            foreach (GridPadding padding in Enum.GetValues<GridPadding>())
            {
                cases.Add(mode, padding, false, 3);
                cases.Add(mode, padding, true, 9);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Values_and_gradients(ResizeMode mode, GridPadding padding, bool alignCorners, int channels) => OperatorCheck.Run(
        [new Shape(2, 4, 5, channels), new Shape(2, 3, 4, 2)],
        (context, x) => context.GridSample(x[0], x[1], mode, padding, alignCorners),
        x =>
        {
            double[] output = new double[2 * 12 * channels];
            for (int n = 0; n < 2; n++)
            {
                GridSamplingReference.Forward<double>(
                    x[0].AsSpan(n * 20 * channels, 20 * channels), 4, 5, x[1].AsSpan(n * 24, 24), mode, padding, alignCorners,
                    output.AsSpan(n * 12 * channels, 12 * channels));
            }

            return output;
        },
        from: -1.7f,
        to: 1.7f,
        tolerance: 5e-5);

    [Fact]
    public void Affine_grid()
    {
        foreach (bool alignCorners in new[] { false, true })
        {
            OperatorCheck.Run(
                [new Shape(2, 2, 3)],
                (context, x) => context.AffineGrid(x[0], 3, 4, alignCorners),
                x =>
                {
                    double[] grid = new double[48];
                    for (int i = 0; i < grid.Length; i++)
                    {
                        int pixel = i / 2 % 12;
                        int row = (i / 24 * 6) + (i % 2 * 3);
                        double px = alignCorners ? (2.0 * (pixel % 4) / 3) - 1 : ((2.0 * (pixel % 4)) + 1) / 4 - 1;
                        double py = alignCorners ? (2.0 * (pixel / 4) / 2) - 1 : ((2.0 * (pixel / 4)) + 1) / 3 - 1;
                        grid[i] = (x[0][row] * px) + (x[0][row + 1] * py) + x[0][row + 2];
                    }

                    return grid;
                });
        }
    }

    [Theory]
    [InlineData(ResizeMode.Nearest)]
    [InlineData(ResizeMode.Bilinear)]
    [InlineData(ResizeMode.Bicubic)]
    public void What_is_not_a_number_or_far_away_reads_zero(ResizeMode mode)
    {
        Tensor x = Tensor.From(new Shape(1, 4, 4, 2), OperatorCheck.Values(32, 1));
        Tensor grid = Tensor.From(new Shape(1, 1, 4, 2), [float.NaN, 0, 1e20f, 0, 0, float.NegativeInfinity, 0, 0]);
        Span<float> y = new Context().GridSample(x, grid, mode).Span;
        Assert.Equal(new float[6], y[..6].ToArray());
        Assert.True(y[6] != 0);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        Context context = new();
        Assert.Throws<ArgumentException>(() => context.GridSample(Tensor.Zeros(new Shape(1, 4, 4, 2)), Tensor.Zeros(new Shape(2, 3, 3, 2))));
        Assert.Throws<ArgumentException>(() => context.GridSample(Tensor.Zeros(new Shape(4, 4, 2)), Tensor.Zeros(new Shape(1, 3, 3, 2))));
        Assert.Throws<ArgumentException>(() => context.AffineGrid(Tensor.Zeros(new Shape(1, 3, 2)), 3, 3));
    }

    [Theory]
    [InlineData(3, 5, 3, 3, 1)]
    [InlineData(9, 4, 1, 2, 1)]
    [InlineData(1, 1, 3, 4, 2)]
    public void Convolution_by_regions(int ins, int outs, int kernel, int regions, int stride)
    {
        int border = (kernel - 1) / 2;
        ConvolutionGeometry geometry = new(ins, outs, kernel, kernel, 5, 4, stride, stride, border, border, border, border);
        Shape scores = new(2, geometry.OutHeight, geometry.OutWidth, regions);
        OperatorCheck.Run(
            [new Shape(2, 5, 4, ins), new Shape(2, kernel, kernel, regions, outs, ins), scores],
            (context, x) => context.RegionConv2d(x[0], x[1], x[2], in geometry),
            x =>
            {
                double[] output = new double[2 * geometry.OutElements];
                double[] one = new double[geometry.OutElements];
                for (int i = 0; i < 2 * regions; i++)
                {
                    int n = i / regions;
                    DeformGeometry plain = new(in geometry);
                    double[] weight = new double[geometry.WeightElements];
                    for (int j = 0; j < weight.Length; j++)
                    {
                        int tap = j % geometry.Taps;
                        weight[j] = x[1][(((((n * geometry.Taps) + tap) * regions) + (i % regions)) * outs * ins) + (j / geometry.Taps)];
                    }

                    DeformableConvolutionReference.Forward<double>(
                        in plain, x[0].AsSpan(n * geometry.InElements, geometry.InElements), [], [], weight, [], one);
                    for (int pixel = 0; pixel < geometry.OutPixels; pixel++)
                    {
                        ReadOnlySpan<double> row = x[2].AsSpan(((n * geometry.OutPixels) + pixel) * regions, regions);
                        int best = 0;
                        for (int r = 1; r < regions; r++)
                        {
                            best = row[r] > row[best] ? r : best;
                        }

                        if (best == i % regions)
                        {
                            one.AsSpan(pixel * outs, outs).CopyTo(output.AsSpan((n * geometry.OutElements) + (pixel * outs)));
                        }
                    }
                }

                return output;
            },
            gradientsOf: 2);
    }

    [Fact]
    public void With_equal_kernels_regions_do_not_matter()
    {
        ConvolutionGeometry geometry = new(8, 6, 3, 3, 9, 7, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1);
        Tensor x = Tensor.From(new Shape(1, 9, 7, 8), OperatorCheck.Values(geometry.InElements, 1));
        float[] weight = OperatorCheck.Values(geometry.WeightElements, 2);
        Tensor weights = Tensor.Zeros(new Shape(1, 3, 3, 2, 6, 8));
        for (int i = 0; i < weights.Count; i++)
        {
            // [tap][region][output][input] of the same [output][input][tap].
            weights.Span[i] = weight[(i % 48 * 9) + (i / 96)];
        }

        Tensor scores = Tensor.From(new Shape(1, 9, 7, 2), OperatorCheck.Values(126, 3));
        Context context = new() { Accuracy = Accuracy.Exact };
        Tensor expected = context.Conv2d(x, Tensor.From(new Shape(6, 8, 3, 3), weight), default, in geometry);
        GradientCheck.SameBits(expected.Span, context.RegionConv2d(x, weights, scores, in geometry).Span, "regions");
    }
}
