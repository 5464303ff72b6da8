using System;
using ManagedDyn.Engine.Kernels.Elementwise;
using Xunit;

namespace ManagedDyn.Tests.Kernels.Elementwise;

public sealed class ElementMapTests
{
    [Fact]
    public void Rectifiers_equal_their_formulas()
    {
        Check(default(ReluFunction));
        Check(new LeakyReluFunction(0.1f));
        Check(new EluFunction(1.3f));
        Check(new ClampFunction(-0.75f, 1.25f));
        Check(default(HardSigmoidFunction));
        Check(default(HardSwishFunction));
    }

    [Fact]
    public void Sigmoids_equal_their_formulas()
    {
        Check(default(SigmoidFunction));
        Check(default(TanhFunction));
        Check(default(SiluFunction));
        Check(default(SoftplusFunction));
        Check(default(MishFunction));
        Check(default(GeluFunction));
        Check(default(GeluTanhFunction));
    }

    [Fact]
    public void Powers_equal_their_formulas()
    {
        Check(default(ExpFunction), -8, 8);
        Check(default(LogFunction), 0.01, 40);
        Check(default(SqrtFunction), 0.01, 40);
        Check(default(SquareFunction));
        Check(default(AbsFunction));
        Check(new AffineFunction(-1.5f, 0.25f));
    }

    [Fact]
    public void Bits_do_not_depend_on_place_or_length()
    {
        Place(default(GeluFunction));
        Place(default(SoftplusFunction));
        Place(default(TanhFunction));
        Place(default(LogFunction));
    }

    [Fact]
    public void Not_a_number_stays_so()
    {
        Nan(default(ReluFunction));
        Nan(new LeakyReluFunction(0.1f));
        Nan(new EluFunction(1f));
        Nan(new ClampFunction(-1, 1));
        Nan(default(HardSigmoidFunction));
        Nan(default(HardSwishFunction));
        Nan(default(SigmoidFunction));
        Nan(default(TanhFunction));
        Nan(default(SiluFunction));
        Nan(default(SoftplusFunction));
        Nan(default(MishFunction));
        Nan(default(GeluFunction));
        Nan(default(GeluTanhFunction));
        Nan(default(ExpFunction));
        Nan(default(LogFunction));
        Nan(default(SqrtFunction));
    }

    [Fact]
    public void Extremes_are_exact()
    {
        Assert.Equal([0f, float.PositiveInfinity, float.PositiveInfinity, 1f, 0f], Apply(default(ExpFunction), float.NegativeInfinity, float.PositiveInfinity, 90, 0, -110));
        Assert.Equal([float.NegativeInfinity, float.PositiveInfinity, float.NaN, 0f], Apply(default(LogFunction), 0, float.PositiveInfinity, -1, 1));
        Assert.Equal([0f, 1f, 0.5f], Apply(default(SigmoidFunction), float.NegativeInfinity, float.PositiveInfinity, 0));
        Assert.Equal([-1f, 1f, 0f], Apply(default(TanhFunction), float.NegativeInfinity, float.PositiveInfinity, 0));
        Assert.Equal([0f, float.PositiveInfinity, 100f], Apply(default(SoftplusFunction), float.NegativeInfinity, float.PositiveInfinity, 100));
        Assert.Equal([float.PositiveInfinity, 100f, 0f], Apply(default(GeluFunction), float.PositiveInfinity, 100, -100));
        Assert.Equal([100f, 0f], Apply(default(MishFunction), 100, 0));
    }

    [Fact]
    public void Small_values_keep_their_digits()
    {
        float[] small = [1e-30f, 3e-7f, -2e-5f, 1e-3f, -0.05f, 1e-40f];
        Relative(default(TanhFunction), small);
        Relative(new EluFunction(1f), small);
        Relative(default(ExpFunction), [-100f, -95f, -87.5f, -60f, 88f]);
        Relative(default(LogFunction), [1e-40f, 1e-38f, 0.9999f, 1.0001f, 3e38f]);
        Relative(default(SoftplusFunction), [-17f, -10f, -5f]);
    }

    [Theory]
    [InlineData(7, 8)]
    [InlineData(8, 7)]
    public void Lengths_that_differ_are_refused(int input, int output) =>
        Assert.Throws<ArgumentException>(() => ElementMap.Forward(default(ReluFunction), new float[input], new float[output]));

    private static float[] Apply<TFunction>(TFunction function, params float[] values)
        where TFunction : struct, IElementFunction
    {
        float[] found = new float[values.Length];
        ElementMap.Forward(function, values, found);
        return found;
    }

    private static void Relative<TFunction>(TFunction function, float[] values)
        where TFunction : struct, IElementFunction
    {
        float[] found = Apply(function, values);
        for (int i = 0; i < values.Length; i++)
        {
            double expected = function.Reference((double)values[i]);

            // A result below the normal numbers has fewer digits.
            double bound = (1e-6 * Math.Abs(expected)) + 2e-45;
            Assert.True(Math.Abs(found[i] - expected) <= bound, $"{typeof(TFunction).Name}({values[i]:R}) is {found[i]:R}; expected {expected:R}.");
        }
    }

    private static void Nan<TFunction>(TFunction function)
        where TFunction : struct, IElementFunction
    {
        float[] found = Apply(function, 1, float.NaN, 2);
        Assert.False(float.IsNaN(found[0]) || float.IsNaN(found[2]), typeof(TFunction).Name);
        Assert.True(float.IsNaN(found[1]), typeof(TFunction).Name);
    }

    private static void Check<TFunction>(TFunction function, double from = -6, double to = 6)
        where TFunction : struct, IElementFunction
    {
        string name = typeof(TFunction).Name;
        for (int length = 0; length <= 256; length += length < 40 ? 1 : 27)
        {
            float[] x = new float[length], y = new float[length], g = new float[length], gradient = new float[length];
            for (int i = 0; i < length; i++)
            {
                x[i] = (float)(from + ((to - from) * (((i * 0.61803398875) + (length * 0.137)) % 1)));
                g[i] = 1f + (0.01f * i);
                gradient[i] = 5f;
            }

            double[] wide = Array.ConvertAll(x, value => (double)value), expected = new double[length];
            ElementMap.Reference(function, wide.AsSpan(), expected.AsSpan());
            ElementMap.Forward(function, x, y);
            ElementMap.Backward(function, x, y, g, gradient, accumulate: true);
            for (int i = 0; i < length; i++)
            {
                Assert.True(Math.Abs(expected[i] - y[i]) <= 1e-6 * (1 + Math.Abs(expected[i])), $"{name}({x[i]:R}) is {y[i]:R}; expected {expected[i]:R}.");
                const double Step = 1e-6;
                double slope = (function.Reference(wide[i] + Step) - function.Reference(wide[i] - Step)) / (2 * Step);
                Assert.True(Math.Abs(5 + (slope * g[i]) - gradient[i]) <= 2e-5 * (1 + Math.Abs(slope * g[i])), $"{name}'s slope at {x[i]:R} is {(gradient[i] - 5) / g[i]:R}; expected {slope:R}.");
            }

            float[] again = new float[length];
            ElementMap.Backward(function, x, y, g, again, accumulate: false);
            for (int i = 0; i < length; i++)
            {
                Assert.Equal(gradient[i], again[i] + 5f);
            }
        }
    }

    private static void Place<TFunction>(TFunction function)
        where TFunction : struct, IElementFunction
    {
        float[] all = new float[64], alone = new float[1], values = new float[64];
        for (int i = 0; i < all.Length; i++)
        {
            values[i] = 0.01f + (0.37f * i % 3.1f);
        }

        ElementMap.Forward(function, values, all);
        for (int i = 0; i < all.Length; i++)
        {
            ElementMap.Forward(function, values.AsSpan(i, 1), alone);
            Assert.Equal(BitConverter.SingleToInt32Bits(all[i]), BitConverter.SingleToInt32Bits(alone[0]));
            float[] rest = new float[all.Length - i];
            ElementMap.Forward(function, values.AsSpan(i), rest);
            Assert.Equal(all[i..], rest);
        }
    }
}
