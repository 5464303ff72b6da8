using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Operators;

/// <summary>The operators of attention over features and of dynamic activations, against plain formulas in double.</summary>
public sealed class FeatureOperatorsTests
{
    private const int Samples = 2;
    private const int Pixels = 6;

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(19)]
    public void Recalibrate_weighs_channels_and_pixels(int channels)
    {
        Shape map = new(Samples, 2, 3, channels);
        Shape rows = new(Samples, channels);
        Shape pixels = map.With(-1, 1);
        OperatorCheck.Run([map, rows], (c, t) => c.Recalibrate(t[0], t[1]), x => Map(channels, x[0], (v, i) => v * x[1][Channel(i, channels)]));
        OperatorCheck.Run([map, pixels], (c, t) => c.Recalibrate(t[0], default, t[1]), x => Map(channels, x[0], (v, i) => v * x[1][i / channels]));
        OperatorCheck.Run(
            [map, rows, pixels, map],
            (c, t) => c.Recalibrate(t[0], t[1], t[2], t[3]),
            x => Map(channels, x[0], (v, i) => (v * x[1][Channel(i, channels)] * x[2][i / channels]) + x[3][i]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RecalibrateJointly_makes_a_gate_for_each_element(bool multiplies)
    {
        const int Channels = 9;
        Shape map = new(Samples, 3, 2, Channels);
        OperatorCheck.Run(
            [map, new Shape(Samples, Channels), map.With(-1, 1)],
            (c, t) => c.RecalibrateJointly(t[0], t[1], t[2], multiplies),
            x => Map(Channels, x[0], (v, i) =>
            {
                double a = x[1][Channel(i, Channels)];
                double s = x[2][i / Channels];
                return v * (1 + Sigmoid(multiplies ? a * s : a + s));
            }));
    }

    [Fact]
    public void Acon_takes_shared_parameters_and_such_of_samples()
    {
        const int Channels = 10;
        Shape map = new(Samples, 2, 3, Channels);
        Shape shared = new(Channels);
        Shape own = new(Samples, Channels);
        foreach ((Shape first, Shape second, Shape third) in new[] { (shared, shared, shared), (shared, shared, own), (own, shared, own) })
        {
            double At(double[] values, int i) => values.Length == Channels ? values[i % Channels] : values[Channel(i, Channels)];
            OperatorCheck.Run([map, first, second, third], (c, t) => c.Acon(t[0], t[1], t[2], t[3]), x => Map(Channels, x[0], (v, i) =>
            {
                double d = (At(x[1], i) - At(x[2], i)) * v;
                return (d * Sigmoid(At(x[3], i) * d)) + (At(x[2], i) * v);
            }));
        }
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public void MaximumOfLines_takes_the_largest(int lines, bool weighs)
    {
        const int Channels = 11;
        Shape map = new(Samples, 3, 2, Channels);
        Shape table = new(Samples, 2 * lines, Channels);
        double Value(double[][] x, double v, int i)
        {
            int at = (i / (Pixels * Channels) * 2 * lines * Channels) + (i % Channels);
            double best = double.NegativeInfinity;
            for (int k = 0; k < lines; k++)
            {
                best = Math.Max(best, (x[1][at + (k * Channels)] * v) + x[1][at + ((lines + k) * Channels)]);
            }

            return weighs ? best * x[2][i / Channels] : best;
        }

        Shape[] shapes = weighs ? [map, table, map.With(-1, 1)] : [map, table];
        OperatorCheck.Run(shapes, (c, t) => c.MaximumOfLines(t[0], t[1], weighs ? t[2] : default), x => Map(Channels, x[0], (v, i) => Value(x, v, i)), seed: 21);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void LinesOf_orders_by_channel_with_slopes_first(bool isShared)
    {
        const int Channels = 3;
        const int Lines = 2;
        OperatorCheck.Run([new Shape(Samples, isShared ? 2 * Lines : 2 * Lines * Channels)], (c, t) => c.LinesOf(t[0], Channels, Lines, 0.8f, 0.3f), x =>
        {
            double[] y = new double[Samples * 2 * Lines * Channels];
            for (int i = 0; i < y.Length; i++)
            {
                int c = i % Channels;
                int row = i / Channels % (2 * Lines);
                int sample = i / Channels / (2 * Lines);
                double theta = x[0][isShared ? (sample * 2 * Lines) + row : (((sample * Channels) + c) * 2 * Lines) + row];
                y[i] = (row == 0 ? 1 : 0) + ((row < Lines ? 0.8f : 0.3f) * theta);
            }

            return y;
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(21)]
    public void Pools_of_channels_and_pixels_equal_their_formulas(int channels)
    {
        Shape map = new(Samples, 2, 3, channels);
        OperatorCheck.Run([map], (c, t) => c.MeanAndMaximumPool(t[0]), x => Pooled(x[0], channels, values => (Mean(values), Largest(values))));
        OperatorCheck.Run(
            [map], (c, t) => c.MeanAndDeviationPool(t[0], 0.1f), x => Pooled(x[0], channels, values => (Mean(values), Math.Sqrt(Variance(values) + 0.1f))), tolerance: 5e-5);
        OperatorCheck.Run([map], (c, t) => c.MaximumAndMeanOfPixels(t[0]), x => OfPixels(x[0], channels, null));
        OperatorCheck.Run([map, new Shape(Samples, channels)], (c, t) => c.MaximumAndMeanOfPixels(t[0], t[1]), x => OfPixels(x[0], channels, x[1]), seed: 4);
    }

    [Fact]
    public void Wrong_shapes_are_refused()
    {
        Context context = new();
        Tensor map = Tensor.Zeros(new Shape(2, 3, 3, 4));
        Assert.Contains("[2, 5]", Assert.Throws<ArgumentException>(() => context.Recalibrate(map, Tensor.Zeros(new Shape(2, 5)))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => context.Recalibrate(map, default, Tensor.Zeros(new Shape(2, 3, 3, 4))));
        Assert.Throws<ArgumentException>(() => context.Recalibrate(map, default, default, Tensor.Zeros(new Shape(2, 3, 3, 1))));
        Assert.Throws<ArgumentException>(() => context.Acon(map, Tensor.Zeros(new Shape(3)), Tensor.Zeros(new Shape(4)), Tensor.Zeros(new Shape(4))));
        Assert.Throws<ArgumentException>(() => context.MaximumOfLines(map, Tensor.Zeros(new Shape(2, 3, 4))));
        Assert.Throws<ArgumentException>(() => context.LinesOf(Tensor.Zeros(new Shape(2, 5)), 4, 2));
        Assert.Throws<ArgumentException>(() => context.MeanAndMaximumPool(Tensor.Zeros(new Shape(2, 4))));
        Assert.Throws<ArgumentOutOfRangeException>(() => context.MeanAndDeviationPool(map, 0f));
        Assert.Throws<ArgumentException>(() => context.MaximumAndMeanOfPixels(map, Tensor.Zeros(new Shape(1, 4))));
    }

    private static double[] Map(int channels, double[] x, Func<double, int, double> function)
    {
        Assert.Equal(Samples * Pixels * channels, x.Length);
        double[] y = new double[x.Length];
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = function(x[i], i);
        }

        return y;
    }

    // The place in [N, C] of an element of the map.
    private static int Channel(int i, int channels) => (i / (Pixels * channels) * channels) + (i % channels);

    private static double[] Pooled(double[] x, int channels, Func<double[], (double, double)> function)
    {
        double[] y = new double[Samples * 2 * channels];
        for (int row = 0; row < Samples * channels; row++)
        {
            double[] values = new double[Pixels];
            for (int pixel = 0; pixel < Pixels; pixel++)
            {
                values[pixel] = x[(((row / channels * Pixels) + pixel) * channels) + (row % channels)];
            }

            int at = (row / channels * 2 * channels) + (row % channels);
            (y[at], y[at + channels]) = function(values);
        }

        return y;
    }

    private static double[] OfPixels(double[] x, int channels, double[]? scale)
    {
        double[] y = new double[Samples * Pixels * 2];
        for (int pixel = 0; pixel < Samples * Pixels; pixel++)
        {
            double[] values = new double[channels];
            for (int c = 0; c < channels; c++)
            {
                values[c] = x[(pixel * channels) + c] * (scale?[(pixel / Pixels * channels) + c] ?? 1);
            }

            (y[2 * pixel], y[(2 * pixel) + 1]) = (Largest(values), Mean(values));
        }

        return y;
    }

    private static double Mean(double[] values)
    {
        double sum = 0;
        foreach (double value in values)
        {
            sum += value;
        }

        return sum / values.Length;
    }

    private static double Largest(double[] values)
    {
        double largest = double.NegativeInfinity;
        foreach (double value in values)
        {
            largest = Math.Max(largest, value);
        }

        return largest;
    }

    private static double Variance(double[] values)
    {
        double mean = Mean(values);
        double sum = 0;
        foreach (double value in values)
        {
            sum += (value - mean) * (value - mean);
        }

        return sum / (values.Length - 1);
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
