using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Optimizing;
using Xunit;

namespace ManagedDyn.Tests.Kernels.Optimizing;

/// <summary>The vector kernels against their scalar references in double precision.</summary>
public class UpdateTests
{
    private const int Length = 48;
    private const double Bound = 2e-6;
    private static readonly RandomStream Noise = new RandomSource(17).Stream("update-tests");

    [Theory]
    [InlineData(0f, false)]
    [InlineData(0.9f, false)]
    [InlineData(0.9f, true)]
    public void Momentum_equals_its_reference(float inertia, bool isNesterov)
    {
        (float[] values, float[] gradients, float[] momentum, _) = Operands();
        double[] expected = Widen(values);
        double[] state = Widen(momentum);
        MomentumUpdate.Reference(expected, Widen(gradients), state, 0.1f, 0.5f, 0.01f, inertia, isNesterov);
        MomentumUpdate.Run(values, gradients, momentum, 0.1f, 0.5f, 0.01f, inertia, isNesterov);
        Near(expected, values);
        Near(state, momentum);
    }

    [Theory]
    [InlineData(0f, 0.99f)]
    [InlineData(0.1f, 1f)]
    public void Adam_equals_its_reference(float gradientDecay, float shrink)
    {
        (float[] values, float[] gradients, float[] first, float[] second) = Operands();
        AdamCoefficients coefficients = new()
        {
            Beta1 = 0.9f,
            Rest1 = 0.1f,
            Beta2 = 0.99f,
            Rest2 = 0.01f,
            Rate = 0.02f,
            RootCorrection = 1.5f,
            Epsilon = 1e-3f,
            Scale = 0.7f,
            GradientDecay = gradientDecay,
            Shrink = shrink,
        };
        double[] expected = Widen(values);
        double[] mean = Widen(first);
        double[] square = Widen(second);
        AdamUpdate.Reference(expected, Widen(gradients), mean, square, coefficients);
        AdamUpdate.Run(values, gradients, first, second, coefficients);
        Near(expected, values);
        Near(mean, first);
        Near(square, second);
    }

    [Fact]
    public void Rms_equals_its_reference()
    {
        (float[] values, float[] gradients, _, float[] squares) = Operands();
        double[] expected = Widen(values);
        double[] state = Widen(squares);
        RmsUpdate.Reference(expected, Widen(gradients), state, 0.1f, 0.5f, 0.01f, 0.9f, 1e-3f);
        RmsUpdate.Run(values, gradients, squares, 0.1f, 0.5f, 0.01f, 0.9f, 1e-3f);
        Near(expected, values);
        Near(state, squares);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(45)]
    public void Squares_are_summed_in_double(int length)
    {
        float[] values = new float[length];
        Noise.FillNormal(values, 3, 0);
        double expected = SquareSum.Reference<double>(Widen(values));
        Assert.Equal(expected, SquareSum.Run(values), 1e-12 * (1 + expected));
        if (length > 0)
        {
            values[^1] = float.NaN;
            Assert.True(double.IsNaN(SquareSum.Run(values)));
        }
    }

    [Fact]
    public void Lengths_that_differ_are_refused()
    {
        Assert.Throws<ArgumentException>(() => MomentumUpdate.Run(new float[16], new float[15], new float[16], 1, 1, 0, 0.9f, false));
        Assert.Throws<ArgumentException>(() => MomentumUpdate.Run(new float[15], new float[15], new float[15], 1, 1, 0, 0.9f, false));
        Assert.Throws<ArgumentException>(() => RmsUpdate.Run(new float[16], new float[16], new float[32], 1, 1, 0, 0.9f, 1));
    }

    private static (float[] Values, float[] Gradients, float[] First, float[] Second) Operands()
    {
        float[][] all = [new float[Length], new float[Length], new float[Length], new float[Length]];
        for (int i = 0; i < all.Length; i++)
        {
            Noise.FillNormal(all[i], 0, i);
        }

        for (int i = 0; i < Length; i++)
        {
            all[3][i] *= all[3][i];
        }

        return (all[0], all[1], all[2], all[3]);
    }

    private static double[] Widen(float[] values) => Array.ConvertAll(values, value => (double)value);

    private static void Near(double[] expected, float[] actual)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], Bound * (1 + Math.Abs(expected[i])));
        }
    }
}
