using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Operators;

/// <summary><see cref="GradientCheck"/> for operators with a plain formula, on inputs away from the kinks at whole numbers.</summary>
internal static class OperatorCheck
{
    public delegate Tensor Operation(Context context, Tensor[] inputs);

    public delegate double[] Formula(double[][] inputs);

    public static float[] Values(int count, int seed, float from = -2f, float to = 2f)
    {
        float[] values = new float[count];
        RandomStream noise = new RandomSource((ulong)seed).Stream("operator-check");
        for (int i = 0; i < count; i++)
        {
            float value = from + ((to - from) * noise.Uniform(0, 0, i));

            // Away from the kinks at whole numbers, where differences across the kink mean nothing.
            values[i] = MathF.Abs(value - MathF.Round(value)) < 1e-3f ? value + 2e-3f : value;
        }

        return values;
    }

    public static void Run(Shape[] shapes, Operation operation, Formula formula, int seed = 1, float from = -2f, float to = 2f, double tolerance = 2e-5, int gradientsOf = int.MaxValue)
    {
        float[][] values = new float[shapes.Length][];
        for (int i = 0; i < shapes.Length; i++)
        {
            values[i] = Values(shapes[i].Count, seed + i, from, to);
        }

        GradientCheck check = new() { Tolerance = 5 * tolerance, OutputTolerance = tolerance, MostElements = int.MaxValue, DifferentiatedInputs = gradientsOf };

        // A formula may give back one of its inputs, which the next call changes.
        check.Run((context, inputs) => operation(context, inputs), inputs => (double[])formula(inputs).Clone(), seed, shapes, values);
    }

    public static void Near(ReadOnlySpan<double> expected, ReadOnlySpan<float> found, double tolerance, string what)
    {
        Assert.True(expected.Length == found.Length, $"{what}: {found.Length} values; expected {expected.Length}.");
        for (int i = 0; i < expected.Length; i++)
        {
            double bound = tolerance * (1 + Math.Abs(expected[i]));
            Assert.True(Math.Abs(expected[i] - found[i]) <= bound, string.Create(CultureInfo.InvariantCulture, $"{what}: element {i} is {found[i]:R}; expected {expected[i]:R} ± {bound:R}."));
        }
    }
}
