using System;
using System.Collections.Generic;
using FsCheck.Xunit;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Normalization;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public sealed class BatchNormTests
{
    private const float Epsilon = 1e-3f;

    public static TheoryData<int, int, int, int> Shapes => new()
    {
        { 2, 3, 2, 1 }, { 3, 2, 3, 7 }, { 2, 3, 4, 8 }, { 4, 1, 1, 11 }, { 2, 5, 3, 33 }, { 2, 2, 2, 40 }, { 2, 1, 2, 66 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Gradients_match_differences_in_every_form(int samples, int height, int width, int channels)
    {
        foreach (Mode mode in new[] { Mode.Train, Mode.Evaluate })
        {
            foreach (Activation activation in new[] { Activation.None, Activation.Relu })
            {
                foreach (int form in new[] { 0, 1, 2 })
                {
                    Check(mode, activation, form, new Shape(samples, height, width, channels), 17 + channels);
                }
            }
        }
    }

    [Fact]
    public void Many_chunks_give_the_same_statistics_as_the_reference()
    {
        Shape shape = new(3, 40, 41, 37);
        float[] x = GradientCheck.Values(shape.Count, 5, 0.25f, 300f);
        using Workers workers = new(3);
        Context context = new(workers) { Mode = Mode.Train };
        Tensor mean = Tensor.Zeros(new Shape(37));
        Tensor variance = Tensor.Zeros(new Shape(37));
        Tensor output = context.BatchNorm(context.Workspace.RentCopy(shape, x), default, default, mean, variance, 1f, 1e-5f);
        double[] wide = Array.ConvertAll(x, v => (double)v);
        double rows = shape.RowCount;
        for (int c = 0; c < 37; c++)
        {
            (double m, double v) = ChannelMoments.Reference<double>(wide, 37, default, c);
            Assert.Equal(m, mean.Span[c], 300 * 2e-7);
            Assert.Equal(v * rows / (rows - 1), variance.Span[c], v * 1e-5);
        }

        Assert.True(float.IsFinite(output.Span[^1]));
    }

    [Property(MaxTest = 60)]
    public void Evaluation_is_the_epilogue_of_a_convolution_bit_for_bit(int seed)
    {
        RandomStream stream = new RandomSource((ulong)seed).Stream("shape");
        int channels = 1 + stream.Integer(70, 0, 0, 0);
        Shape shape = new(1 + stream.Integer(4, 0, 0, 1), 1 + stream.Integer(9, 0, 0, 2), 2, channels);
        float[] x = GradientCheck.Values(shape.Count, seed, 3f);
        x[0] = float.NaN;
        Tensor weight = Tensor.From(new Shape(channels), GradientCheck.Values(channels, seed + 1));
        Tensor bias = Tensor.From(new Shape(channels), GradientCheck.Values(channels, seed + 2));
        Tensor mean = Tensor.From(new Shape(channels), GradientCheck.Values(channels, seed + 3));
        Tensor variance = Tensor.From(new Shape(channels), GradientCheck.Values(channels, seed + 4, 0.5f, 1f));
        float[] scale = new float[channels];
        float[] shift = new float[channels];
        BatchNormFold.Run(weight.Span, bias.Span, mean.Span, variance.Span, Epsilon, scale, shift);
        float[] expected = (float[])x.Clone();
        new Epilogue { Scale = scale, Shift = shift, Activation = Activation.Relu }.ApplyTo(expected, channels);
        Context context = new();
        Tensor input = context.Workspace.RentCopy(shape, x);
        Tensor output = context.BatchNorm(input, weight, bias, mean, variance, 0.1f, Epsilon, Activation.Relu);
        GradientCheck.SameBits(expected, output.Span, $"seed {seed}");
        Tensor folded = context.ScaleShift(input, Tensor.From(new Shape(channels), scale), Tensor.From(new Shape(channels), shift), Activation.Relu);
        GradientCheck.SameBits(expected, folded.Span, $"folded, seed {seed}");
        for (int n = 0; n < shape[0]; n++)
        {
            Tensor alone = context.BatchNorm(input.Rows(n, 1), weight, bias, mean, variance, 0.1f, Epsilon, Activation.Relu);
            GradientCheck.SameBits(output.Rows(n, 1).Span, alone.Span, $"sample {n} alone, seed {seed}");
        }
    }

    [Fact]
    public void Statistics_over_active_rows_are_those_of_the_rows_alone()
    {
        Shape shape = new(3, 2, 3, 9);
        Context context = new() { Mode = Mode.Train };
        float[] x = GradientCheck.Values(shape.Count, 21);
        Selection active = context.Workspace.Select(6, [0, 2, 2, 5], [1, 4, 0, 3, 5]);
        int[] rows = [1, 4, 12, 15, 17];
        float[] kept = new float[rows.Length * 9];
        for (int i = 0; i < rows.Length; i++)
        {
            x.AsSpan(rows[i] * 9, 9).CopyTo(kept.AsSpan(i * 9));
        }

        Tensor mean = Tensor.Zeros(new Shape(9)), variance = Tensor.Zeros(new Shape(9));
        Tensor ownMean = Tensor.Zeros(new Shape(9)), ownVariance = Tensor.Zeros(new Shape(9));
        Tensor output = context.BatchNorm(
            context.Workspace.RentCopy(shape, x), default, default, mean, variance, 0.3f, Epsilon, active: active);
        Tensor alone = context.BatchNorm(
            context.Workspace.RentCopy(new Shape(5, 9), kept), default, default, ownMean, ownVariance, 0.3f, Epsilon);
        GradientCheck.SameBits(ownMean.Span, mean.Span, "mean");
        GradientCheck.SameBits(ownVariance.Span, variance.Span, "variance");
        for (int i = 0; i < rows.Length; i++)
        {
            GradientCheck.SameBits(alone.Span.Slice(i * 9, 9), output.Span.Slice(rows[i] * 9, 9), $"row {rows[i]}");
        }
    }

    [Fact]
    public void Too_few_active_rows_take_and_keep_the_running_statistics()
    {
        Context context = new() { Mode = Mode.Train };
        Tensor input = context.Workspace.RentCopy(new Shape(2, 2, 1, 3), GradientCheck.Values(12, 3));
        Tensor mean = Tensor.From(new Shape(3), [1f, 2f, 3f]);
        Tensor variance = Tensor.From(new Shape(3), [1f, 4f, 9f]);
        foreach (int[] indices in new int[][] { [], [1] })
        {
            Selection active = context.Workspace.Select(2, [0, 0, indices.Length], indices);
            float[] trained = context.BatchNorm(input, default, default, mean, variance, active: active).ToArray();
            context.Mode = Mode.Evaluate;
            float[] evaluated = context.BatchNorm(input, default, default, mean, variance).ToArray();
            context.Mode = Mode.Train;
            GradientCheck.SameBits(evaluated, trained, "output");
            Assert.Equal([1f, 2f, 3f], mean.ToArray());
            Assert.Equal([1f, 4f, 9f], variance.ToArray());
        }
    }

    [Fact]
    public void The_only_sample_that_a_decision_sent_here_is_normalised_by_the_running_statistics()
    {
        Tensor input = Tensor.From(new Shape(1, 1, 1, 2), [3f, -2f]);
        Tensor mean = Tensor.From(new Shape(2), [1f, -1f]);
        Tensor variance = Tensor.From(new Shape(2), [4f, 1f]);
        Context context = new() { Mode = Mode.Train };
        _ = Assert.Throws<ArgumentException>(() => context.BatchNorm(input, default, default, mean, variance, epsilon: 1e-9f));
        context.Samples = context.Workspace.Select(5, [3]);
        float[] values = context.BatchNorm(input, default, default, mean, variance, epsilon: 1e-9f).ToArray();
        Assert.Equal(1f, values[0], 1e-6f);
        Assert.Equal(-1f, values[1], 1e-6f);
        Assert.Equal([1f, -1f], mean.ToArray());
    }

    [Fact]
    public void Wrong_operands_are_refused_before_anything_changes()
    {
        Context context = new() { Mode = Mode.Train };
        Tensor mean = Tensor.Zeros(new Shape(3)), variance = Tensor.Zeros(new Shape(3));
        Tensor row = Tensor.Zeros(new Shape(1, 3));
        Assert.Throws<ArgumentException>(() => context.BatchNorm(row, default, default, mean, variance));
        Tensor rows = Tensor.Zeros(new Shape(4, 3));
        Assert.Throws<ArgumentException>(() => context.BatchNorm(rows, Tensor.Zeros(new Shape(2)), default, mean, variance));
        Assert.Throws<ArgumentException>(() => context.BatchNorm(rows, default, default, mean, Tensor.Zeros(new Shape(4))));
        Assert.Throws<ArgumentOutOfRangeException>(() => context.BatchNorm(rows, default, default, mean, variance, epsilon: float.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => context.BatchNorm(rows, default, default, mean, variance, momentum: 2f));
        Selection wrong = context.Workspace.Select(5, [0, 2], [1, 3]);
        Assert.Throws<ArgumentException>(() => context.BatchNorm(rows, default, default, mean, variance, active: wrong));
        Assert.Equal(0f, mean.Span[0]);
    }

    [Fact]
    public void Warm_evaluation_allocates_nothing()
    {
        Context context = new();
        Tensor input = Tensor.From(new Shape(2, 9, 9, 20), GradientCheck.Values(2 * 81 * 20, 9));
        Tensor ones = Tensor.From(new Shape(20), GradientCheck.Values(20, 8, 0.1f, 1f));
        AllocationAssert.None(() =>
        {
            using WorkspaceScope scope = context.Workspace.Enter();
            _ = context.BatchNorm(input, ones, ones, ones, ones);
        });
    }

    // form 0: all rows, γ and β; 1: some pixels active; 2: some samples active.
    private static void Check(Mode mode, Activation activation, int form, Shape shape, int seed)
    {
        int channels = shape[-1];
        int[] list = ActiveRows(shape, form, seed, out int[] offsets, out int[] indices);
        GradientCheck check = new() { Mode = mode, Tolerance = 5e-4, OutputTolerance = 1e-4, MostElements = 60 };
        float[] startMean = GradientCheck.Values(channels, seed + 10);
        float[] startVariance = GradientCheck.Values(channels, seed + 11, 0.4f, 1f);
        check.Run(
            (context, inputs) =>
            {
                Selection active = form switch
                {
                    1 => context.Workspace.Select(shape[1] * shape[2], offsets, indices),
                    2 => context.Workspace.Select(shape[0], offsets, indices),
                    _ => default,
                };
                Tensor mean = Tensor.From(new Shape(channels), startMean);
                Tensor variance = Tensor.From(new Shape(channels), startVariance);
                return context.BatchNorm(inputs[0], inputs[1], inputs[2], mean, variance, 0.1f, Epsilon, activation, active);
            },
            values => Reference(mode, activation, list, values, startMean, startVariance),
            seed,
            [shape, new Shape(channels), new Shape(channels)],
            GradientCheck.Values(shape.Count, seed, 2f),
            GradientCheck.Values(channels, seed + 1, 0.5f, 1f),
            GradientCheck.Values(channels, seed + 2));
    }

    private static int[] ActiveRows(Shape shape, int form, int seed, out int[] offsets, out int[] indices)
    {
        RandomStream stream = new RandomSource((ulong)seed).Stream("active");
        List<int> rows = [];
        List<int> found = [];
        List<int> ends = [0];
        int pixels = shape[1] * shape[2];
        int outer = form == 1 ? shape[0] : 1;
        int inner = form == 1 ? pixels : shape[0];
        int each = form == 1 ? 1 : pixels;
        for (int o = 0; o < outer && form != 0; o++)
        {
            for (int i = 0; i < inner; i++)
            {
                if (stream.Integer(3, 0, o, i) > 0 || i < 2)
                {
                    found.Add(i);
                    for (int e = 0; e < each; e++)
                    {
                        rows.Add((((o * inner) + i) * each) + e);
                    }
                }
            }

            ends.Add(found.Count);
        }

        offsets = [.. ends];
        indices = [.. found];
        return [.. rows];
    }

    private static double[] Reference(Mode mode, Activation activation, int[] list, double[][] values, float[] startMean, float[] startVariance)
    {
        double[] x = values[0];
        int channels = values[1].Length;
        double[] y = new double[x.Length];
        for (int c = 0; c < channels; c++)
        {
            (double mean, double variance) = mode == Mode.Train
                ? ChannelMoments.Reference<double>(x, channels, list, c)
                : (startMean[c], startVariance[c]);
            double scale = values[1][c] / Math.Sqrt(variance + Epsilon);
            for (int i = c; i < x.Length; i += channels)
            {
                y[i] = ChannelAffine.Reference(x[i], scale, values[2][c] - (mean * scale), activation);
            }
        }

        return y;
    }
}
