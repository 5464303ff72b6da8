using System;
using FsCheck.Xunit;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Pooling;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public sealed class PoolingTests
{
    [Property(MaxTest = 40)]
    public void Random_windows_match_the_reference_and_its_differences(int seed)
    {
        RandomStream stream = new RandomSource((ulong)seed).Stream("pool");
        int[] channelChoices = [1, 3, 8, 13, 32, 37];
        int channels = channelChoices[stream.Integer(channelChoices.Length, 0, 0, 0)];
        int samples = 1 + stream.Integer(3, 0, 0, 1);
        bool maximum = stream.Integer(2, 0, 0, 2) == 0;
        bool countPadding = stream.Integer(2, 0, 0, 3) == 0;
        PoolGeometry geometry = new(RandomAxis(stream, 1, maximum), RandomAxis(stream, 2, maximum), channels);
        Check(geometry, samples, maximum, countPadding, seed);
    }

    [Fact]
    public void Sizes_follow_the_known_cases()
    {
        // PyTorch's pooling shapes: floor and ceiling, and a last window that would start in the padding after the input is dropped.
        Assert.Equal(5, PoolAxis.Sliding(9, 3, 2, 1, 1).Output);
        Assert.Equal(5, PoolAxis.Sliding(10, 3, 2, ceiling: true).Output);
        Assert.Equal(4, PoolAxis.Sliding(10, 3, 2).Output);
        Assert.Equal(6, PoolAxis.Sliding(10, 3, 2, 1, 1, ceiling: true).Output);
        Assert.Equal(2, PoolAxis.Sliding(3, 2, 2, 1, 1, ceiling: false).Output);
        Assert.Equal(2, PoolAxis.Sliding(3, 2, 3, 1, 1, ceiling: true).Output);
        Assert.Equal(7, PoolAxis.Sliding(9, 2, 1, dilation: 2).Output);
        Assert.Equal(new PoolWindow(1, 3, 1, 3), PoolAxis.Adaptive(5, 3).Window(1));
    }

    [Fact]
    public void Windows_that_reach_far_outside_are_cut_to_the_input_or_refused()
    {
        PoolWindow far = PoolAxis.Sliding(300_000_001, 2, 1, 300_000_000, 0, 600_000_000).Window(0);
        Assert.Equal((300_000_000, 1), (far.First, far.Count));
        Assert.Throws<ArgumentException>(() => PoolAxis.Sliding(1, 2, 1, 1 << 30, 1 << 30, int.MaxValue));
        Assert.Throws<ArgumentException>(() => PoolAxis.Sliding(5, 1, 1, dilation: int.MaxValue));
        Assert.Throws<ArgumentException>(() => PoolAxis.Sliding(5, 1, int.MaxValue));
    }

    [Fact]
    public void Nan_wins_and_minus_infinity_stays()
    {
        Context context = new();
        float[] x = new float[2 * 2 * 9];
        Array.Fill(x, float.NegativeInfinity);
        x[9] = float.NaN;
        x[18] = 5f;
        Tensor output = context.MaxPool2d(context.Workspace.RentCopy(new Shape(1, 2, 2, 9), x), 2);
        Assert.True(float.IsNaN(output.Span[0]));
        Assert.Equal(float.NegativeInfinity, output.Span[8]);
    }

    [Fact]
    public void A_sample_alone_gives_the_bits_that_it_gives_in_a_batch()
    {
        using Workers workers = new(3);
        Context context = new(workers);
        Shape shape = new(5, 30, 31, 44);
        Tensor input = context.Workspace.RentCopy(shape, GradientCheck.Values(shape.Count, 4));
        Tensor[] batch = [context.GlobalAveragePool(input), context.MaxPool2d(input, 3, 2, 1), context.AdaptiveAveragePool2d(input, 4, 3)];
        for (int n = 0; n < shape[0]; n++)
        {
            Tensor one = input.Rows(n, 1);
            Tensor[] alone = [context.GlobalAveragePool(one), context.MaxPool2d(one, 3, 2, 1), context.AdaptiveAveragePool2d(one, 4, 3)];
            for (int i = 0; i < batch.Length; i++)
            {
                GradientCheck.SameBits(batch[i].Rows(n, 1).Span, alone[i].Span, $"pooling {i}, sample {n}");
            }
        }

        Assert.Equal(new Shape(5, 44), context.GlobalMaxPool(input).Shape);
    }

    [Fact]
    public void Wrong_geometry_is_refused()
    {
        Context context = new();
        Tensor input = Tensor.Zeros(new Shape(1, 4, 4, 3));
        Assert.Throws<ArgumentException>(() => PoolAxis.Sliding(4, 2, 1, 2, 0));
        Assert.Throws<ArgumentException>(() => PoolAxis.Sliding(4, 5, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => PoolAxis.Sliding(4, 2, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => PoolAxis.Adaptive(4, 0));
        Assert.Throws<ArgumentException>(() => context.GlobalAveragePool(Tensor.Zeros(new Shape(1, 0, 4, 3))));
        Assert.Throws<ArgumentException>(() => context.MaxPool2d(Tensor.Zeros(new Shape(4, 3)), 2));
        PoolGeometry other = new(PoolAxis.Adaptive(5, 1), PoolAxis.Adaptive(4, 1), 3);
        Assert.Throws<ArgumentException>(() => context.MaxPool2d(input, in other));
    }

    [Fact]
    public void Warm_pooling_allocates_nothing()
    {
        using Workers workers = new(2);
        Context context = new(workers);
        Tensor input = Tensor.From(new Shape(4, 40, 40, 20), GradientCheck.Values(4 * 1600 * 20, 9));
        AllocationAssert.None(() =>
        {
            using WorkspaceScope scope = context.Workspace.Enter();
            _ = context.MaxPool2d(input, 3, 2, 1);
            _ = context.AveragePool2d(input, 2);
            _ = context.GlobalAveragePool(input);
        });
    }

    private static PoolAxis RandomAxis(RandomStream stream, int axis, bool maximum)
    {
        int input = 1 + stream.Integer(9, 1, axis, 0);
        if (stream.Integer(3, 1, axis, 1) == 0)
        {
            return PoolAxis.Adaptive(input, 1 + stream.Integer(6, 1, axis, 2));
        }

        int dilation = maximum ? 1 + stream.Integer(2, 1, axis, 3) : 1;
        int kernel = 1 + stream.Integer(Math.Min(4, 1 + ((input - 1) / dilation)), 1, axis, 4);
        int most = ((dilation * (kernel - 1)) + 1) / 2;
        return PoolAxis.Sliding(
            input, kernel, 1 + stream.Integer(3, 1, axis, 5), stream.Integer(most + 1, 1, axis, 6), stream.Integer(most + 1, 1, axis, 7), dilation,
            stream.Integer(2, 1, axis, 8) == 0);
    }

    private static void Check(PoolGeometry geometry, int samples, bool maximum, bool countPadding, int seed)
    {
        Shape shape = new(samples, geometry.Rows.Input, geometry.Columns.Input, geometry.Channels);

        // Distinct values far apart: the largest of a window stays the largest when the differences move it.
        int[] order = new int[shape.Count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        new RandomSource((ulong)seed).Stream("order").Shuffle(order, 0);
        float[] x = Array.ConvertAll(order, i => (i - (order.Length / 2)) / 64f);
        bool hasEmpty = maximum && HasEmptyWindow(geometry);
        if (hasEmpty)
        {
            return;
        }

        GradientCheck check = new() { MostElements = 40 };
        check.Run(
            (context, inputs) => maximum ? context.MaxPool2d(inputs[0], in geometry) : context.AveragePool2d(inputs[0], in geometry, countPadding),
            values =>
            {
                double[] y = new double[samples * geometry.OutElements];
                for (int n = 0; n < samples; n++)
                {
                    ReadOnlySpan<double> map = values[0].AsSpan(n * geometry.InElements, geometry.InElements);
                    Span<double> to = y.AsSpan(n * geometry.OutElements, geometry.OutElements);
                    if (maximum)
                    {
                        MaxPooling.Reference(geometry, map, to);
                    }
                    else
                    {
                        AveragePooling.Reference(geometry, countPadding, map, to);
                    }
                }

                return y;
            },
            seed,
            [shape],
            x);
    }

    // With dilation, all pixels of a window can lie in the padding: the result is −∞, which differences cannot follow.
    private static bool HasEmptyWindow(PoolGeometry geometry)
    {
        foreach (PoolAxis axis in new[] { geometry.Rows, geometry.Columns })
        {
            for (int o = 0; o < axis.Output; o++)
            {
                if (axis.Window(o).Count == 0)
                {
                    return true;
                }
            }
        }

        return false;
    }
}
