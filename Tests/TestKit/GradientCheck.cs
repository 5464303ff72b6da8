using System;
using System.Globalization;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.TestKit;

/// <summary>
/// Compares an operator's backward pass with central differences: of a reference in double where there is one, else of the operator itself in
/// float, which asks for a wider tolerance. Each check also runs the operator with other numbers of threads and without a tape (same bits), and twice on
/// one tape (each input used twice: gradients must add up).
/// </summary>
public sealed class GradientCheck
{
    /// <summary>The mode of the context.</summary>
    public Mode Mode { get; init; } = Mode.Evaluate;

    /// <summary>The largest difference of a gradient, relative to the largest gradient of the same input.</summary>
    public double Tolerance { get; init; } = 2e-4;

    /// <summary>The largest difference of an output from the reference, relative to the largest output.</summary>
    public double OutputTolerance { get; init; } = 2e-5;

    /// <summary>The step of the differences; 0: 1e-5 with a reference and 1e-2 without.</summary>
    public double Step { get; init; }

    /// <summary>How many elements of each input are looked at, spread evenly.</summary>
    public int MostElements { get; init; } = 200;

    /// <summary>Inputs without gradient, by number: constants of the operator.</summary>
    public int[] Constants { get; init; } = [];

    /// <summary>How many inputs, from the first, are compared with differences; the others' gradients must only have the same bits on any threads.</summary>
    public int DifferentiatedInputs { get; init; } = int.MaxValue;

    /// <summary>Runs the check.</summary>
    /// <param name="function">The operator: must give the same result each time it is called.</param>
    /// <param name="reference">The same in double, inputs and output row-major; none: the operator itself is differentiated.</param>
    /// <param name="seed">Of the co-vector.</param>
    /// <param name="shapes">The inputs' shapes.</param>
    /// <param name="values">The inputs' values.</param>
    public void Run(Func<Context, Tensor[], Tensor> function, Func<double[][], double[]>? reference, int seed, Shape[] shapes, params float[][] values)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"seed {seed}, shapes {string.Join(" ", shapes)}");
        using Workers one = new(1);
        using Workers three = new(3);
        (float[] output, float[][] gradients) = Differentiate(function, one, seed, shapes, values, twice: false);
        (float[] again, float[][] parallel) = Differentiate(function, three, seed, shapes, values, twice: false);
        SameBits(output, again, $"output with 3 threads, {name}");
        SameBits(output, Array.ConvertAll(Evaluate(function, one, shapes, Array.ConvertAll(values, Wide)), x => (float)x), $"output without a tape, {name}");
        (_, float[][] doubled) = Differentiate(function, three, seed, shapes, values, twice: true);
        float[] weights = CoVector(output.Length, seed);
        Func<double[][], double[]> formula = reference ?? (inputs => Evaluate(function, one, shapes, inputs));
        double[][] point = Array.ConvertAll(values, Wide);
        if (reference is not null)
        {
            double[] expected = reference(point);
            Assert.Equal(expected.Length, output.Length);
            Near(expected, output, OutputTolerance, $"output, {name}");
        }

        for (int input = 0; input < values.Length; input++)
        {
            if (Array.IndexOf(Constants, input) >= 0)
            {
                continue;
            }

            SameBits(gradients[input], parallel[input], $"gradient {input} with 3 threads, {name}");
            Near(Array.ConvertAll(gradients[input], g => 2.0 * g), doubled[input], 1e-5, $"gradient {input} of two uses, {name}");
            if (input < DifferentiatedInputs)
            {
                CompareWithDifferences(formula, point, input, weights, gradients[input], reference is null, name);
            }
        }
    }

    /// <summary>Uniform numbers of −1 to 1 that depend on the seed alone.</summary>
    public static float[] Values(int count, int seed, float scale = 1f, float shift = 0f)
    {
        RandomStream stream = new RandomSource((ulong)seed).Stream("values");
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (scale * ((2f * stream.Uniform(0, 0, i)) - 1f)) + shift;
        }

        return values;
    }

    /// <summary>Asserts equality bit for bit.</summary>
    public static void SameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(
                BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(actual[i]),
                string.Create(CultureInfo.InvariantCulture, $"{what}: at {i} {actual[i]:R} instead of {expected[i]:R}."));
        }
    }

    /// <summary>Asserts that all values are within a tolerance, relative to the largest expected one (at least 1e-3).</summary>
    public static void Near(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        double largest = 1e-3;
        foreach (double value in expected)
        {
            largest = Math.Max(largest, Math.Abs(value));
        }

        for (int i = 0; i < expected.Length; i++)
        {
            // Written so that NaN is wrong.
            Assert.True(
                Math.Abs(expected[i] - actual[i]) <= tolerance * largest,
                string.Create(CultureInfo.InvariantCulture, $"{what}: at {i} {actual[i]:R} instead of {expected[i]:R}, of at most {largest:R}."));
        }
    }

    private static double[] Wide(float[] values) => Array.ConvertAll(values, x => (double)x);

    private static float[] CoVector(int count, int seed) => Values(count, unchecked(seed + 7919));

    private (float[] Output, float[][] Gradients) Differentiate(
        Func<Context, Tensor[], Tensor> function, Workers workers, int seed, Shape[] shapes, float[][] values, bool twice)
    {
        Context context = new(workers) { Mode = Mode };
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor[] inputs = new Tensor[values.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i] = context.Workspace.RentCopy(shapes[i], values[i]);
            if (Array.IndexOf(Constants, i) < 0)
            {
                Tape.Watch(inputs[i]);
            }
        }

        Tensor output = function(context, inputs);
        float[] result = output.ToArray();
        float[] weights = CoVector(output.Count, seed);
        if (twice)
        {
            Tensor second = function(context, inputs);
            Tensor both = context.Workspace.RentZeros(Shape.Scalar);
            tape.Record(new TwoUses(output, second, weights, both));
            tape.Backward(both);
        }
        else
        {
            tape.Backward(output, weights);
        }

        float[][] gradients = new float[inputs.Length][];
        for (int i = 0; i < inputs.Length; i++)
        {
            Tensor gradient = Tape.GradientOf(inputs[i]);
            Assert.True(gradient.Exists || Array.IndexOf(Constants, i) >= 0, $"Input {i} got no gradient.");
            gradients[i] = gradient.Exists ? gradient.ToArray() : [];
        }

        return (result, gradients);
    }

    private double[] Evaluate(Func<Context, Tensor[], Tensor> function, Workers workers, Shape[] shapes, double[][] values)
    {
        Context context = new(workers) { Mode = Mode };
        Tensor[] inputs = new Tensor[values.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i] = context.Workspace.RentCopy(shapes[i], Array.ConvertAll(values[i], x => (float)x));
        }

        return Array.ConvertAll(function(context, inputs).ToArray(), x => (double)x);
    }

    private void CompareWithDifferences(
        Func<double[][], double[]> formula, double[][] point, int input, float[] weights, float[] gradient, bool isFloat, string name)
    {
        double step = Step > 0 ? Step : isFloat ? 1e-2 : 1e-5;
        double[] place = point[input];
        int stride = Math.Max(1, place.Length / MostElements);
        double largest = 1e-3;
        foreach (float value in gradient)
        {
            largest = Math.Max(largest, Math.Abs(value));
        }

        for (int i = 0; i < place.Length; i += stride)
        {
            double center = place[i];
            double high = center + step;
            double low = center - step;
            if (isFloat)
            {
                // The operator sees floats: the step is what they say it is.
                high = (float)high;
                low = (float)low;
            }

            place[i] = high;
            double[] after = formula(point);
            place[i] = low;
            double[] before = formula(point);
            place[i] = center;
            double slope = 0;
            for (int k = 0; k < weights.Length; k++)
            {
                slope += weights[k] * (after[k] - before[k]);
            }

            slope /= high - low;
            Assert.True(
                Math.Abs(slope - gradient[i]) <= Tolerance * largest,
                string.Create(CultureInfo.InvariantCulture, $"Gradient {input} at {i} is {gradient[i]:R}; differences give {slope:R} (largest {largest:R}); {name}."));
        }
    }

    private sealed class TwoUses(Tensor first, Tensor second, float[] weights, Tensor sum) : TapeEntry(sum)
    {
        public override void Backward(Gradients gradients)
        {
            Assert.Equal(1f, gradients.Of(sum).Span[0]);
            Add(gradients, first);
            Add(gradients, second);
        }

        private void Add(Gradients gradients, Tensor part)
        {
            Span<float> target = gradients.Into(part, out bool accumulate).Span;
            for (int i = 0; i < target.Length; i++)
            {
                target[i] = weights[i] + (accumulate ? target[i] : 0f);
            }
        }
    }
}
