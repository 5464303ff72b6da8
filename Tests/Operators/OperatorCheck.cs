using System;
using System.Globalization;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Operators;

/// <summary>
/// Checks an operator against a plain formula in double precision: values, gradients by central differences of the formula, gradients when the
/// operator is used twice on the same inputs (the second use adds), and the bits with one thread and with three.
/// </summary>
internal static class OperatorCheck
{
    private const double Step = 1e-5;

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
        double[][] wide = new double[shapes.Length][];
        for (int i = 0; i < shapes.Length; i++)
        {
            values[i] = Values(shapes[i].Count, seed + i, from, to);
            wide[i] = Array.ConvertAll(values[i], value => (double)value);
        }

        double[] expected = formula(wide);
        float[] weights = Values(expected.Length, seed + 100);
        (float[] output, float[][] once, float[][] twice) = Compute(shapes, values, operation, weights, 1);
        (float[] output3, float[][] once3, float[][] twice3) = Compute(shapes, values, operation, weights, 3);
        Near(expected, output, tolerance, $"value, seed {seed}");
        Assert.Equal(output, output3);
        for (int i = 0; i < Math.Min(gradientsOf, shapes.Length); i++)
        {
            double[] gradient = Differences(formula, wide, i, weights);
            Near(gradient, once[i], tolerance * 5, $"gradient of input {i}, seed {seed}");
            Near(Array.ConvertAll(gradient, g => 2 * g), twice[i], tolerance * 10, $"gradient of input {i} used twice, seed {seed}");
            Assert.Equal(once[i], once3[i]);
            Assert.Equal(twice[i], twice3[i]);
        }
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

    private static (float[] Output, float[][] Once, float[][] Twice) Compute(Shape[] shapes, float[][] values, Operation operation, float[] weights, int threads)
    {
        using Workers workers = new(threads);
        float[] plain;
        float[][] once = Gradients(workers, shapes, values, operation, weights, 1, out float[] output);
        float[][] twice = Gradients(workers, shapes, values, operation, weights, 2, out _);
        Context context = new(workers);
        using (context.Workspace.Enter())
        {
            plain = operation(context, Inputs(context, shapes, values)).ToArray();
        }

        // Recording changes nothing.
        Assert.Equal(plain, output);
        return (output, once, twice);
    }

    private static float[][] Gradients(Workers workers, Shape[] shapes, float[][] values, Operation operation, float[] weights, int uses, out float[] output)
    {
        Context context = new(workers);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor[] inputs = Inputs(context, shapes, values);
        foreach (Tensor input in inputs)
        {
            Tape.Watch(input);
        }

        Tensor result = operation(context, inputs);
        output = result.ToArray();
        if (uses == 2)
        {
            result = context.Add(result, operation(context, inputs));
        }

        tape.Backward(result, weights);
        return Array.ConvertAll(inputs, input => Tape.GradientOf(input) is { Exists: true } gradient ? gradient.ToArray() : new float[input.Count]);
    }

    private static Tensor[] Inputs(Context context, Shape[] shapes, float[][] values)
    {
        Tensor[] inputs = new Tensor[shapes.Length];
        for (int i = 0; i < shapes.Length; i++)
        {
            inputs[i] = context.Workspace.RentCopy(shapes[i], values[i]);
        }

        return inputs;
    }

    private static double[] Differences(Formula formula, double[][] inputs, int which, float[] weights)
    {
        double[] gradient = new double[inputs[which].Length];
        for (int i = 0; i < gradient.Length; i++)
        {
            double kept = inputs[which][i];
            inputs[which][i] = kept + Step;
            double[] above = (double[])formula(inputs).Clone();
            inputs[which][i] = kept - Step;
            double[] below = (double[])formula(inputs).Clone();
            inputs[which][i] = kept;
            double sum = 0;
            for (int j = 0; j < weights.Length; j++)
            {
                sum += weights[j] * (above[j] - below[j]);
            }

            gradient[i] = sum / (2 * Step);
        }

        return gradient;
    }
}
