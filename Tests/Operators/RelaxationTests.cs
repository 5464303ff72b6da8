using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public class RelaxationTests
{
    private static readonly RandomSource Random = new(23);

    [Fact]
    public void Straight_through_is_hard_forward_and_the_identity_backward()
    {
        Context context = new();
        Tensor input = Watched(new Shape(5), [0.2f, 0.5f, 0.51f, 3, -3]);
        (Tensor output, float[] gradient) = Run(context, input, [1, 2, 3, 4, 5], x => context.StraightThrough(x));
        Assert.Equal([0f, 0f, 1f, 1f, 0f], output.ToArray());
        Assert.Equal([1f, 2f, 3f, 4f, 5f], gradient);
    }

    [Fact]
    public void A_window_lets_gradients_pass_near_the_threshold_only()
    {
        Context context = new();
        Tensor input = Watched(new Shape(5), [-1, -0.5f, 0, 0.5f, 1]);
        (_, float[] gradient) = Run(context, input, [1, 1, 1, 1, 1], x => context.StraightThrough(x, 0, 0.5f));
        Assert.Equal([0f, 1f, 1f, 1f, 0f], gradient);
    }

    [Fact]
    public void The_first_of_equal_maxima_is_chosen()
    {
        Context context = new();
        Tensor input = Watched(new Shape(2, 3), [1, 2, 2, 0, -1, -1]);
        (Tensor output, float[] gradient) = Run(context, input, [1, 2, 3, 4, 5, 6], x => context.StraightThroughArgMax(x));
        Assert.Equal([0f, 1f, 0f, 1f, 0f, 0f], output.ToArray());
        Assert.Equal([1f, 2f, 3f, 4f, 5f, 6f], gradient);
    }

    [Theory]
    [InlineData(0.3f)]
    [InlineData(1f)]
    [InlineData(5f)]
    public void Soft_decisions_follow_their_formula_and_its_differences(float temperature)
    {
        float[] values = new float[12];
        float[] noise = new float[12];
        float[] weights = new float[12];
        Random.Stream("values").FillNormal(values, 0, 0);
        Random.Stream("noise").FillNormal(noise, 0, 0);
        Random.Stream("weights").FillNormal(weights, 0, 0);
        Shape shape = new(3, 4);
        Context context = new();
        Tensor offsets = Tensor.From(shape, noise);
        (Tensor sigmoid, float[] slopes) = Run(context, Watched(shape, values), weights, x => context.GumbelSigmoid(x, offsets, temperature));
        CheckDifferences(values, weights, slopes, sigmoid.ToArray(), x => Sigmoid(x, noise, temperature));
        (Tensor softmax, slopes) = Run(context, Watched(shape, values), weights, x => context.GumbelSoftmax(x, offsets, temperature));
        CheckDifferences(values, weights, slopes, softmax.ToArray(), x => Softmax(x, noise, temperature, 4));
    }

    [Fact]
    public void Large_logits_stay_finite()
    {
        Context context = new();
        Tensor logits = Tensor.From(new Shape(1, 4), [1e30f, -1e30f, 200, -200]);
        Tensor none = Tensor.Zeros(logits.Shape);
        Assert.All(context.GumbelSigmoid(logits, none, 0.1f).ToArray(), value => Assert.InRange(value, 0, 1));
        Assert.Equal([1f, 0f, 0f, 0f], context.GumbelSoftmax(logits, none, 0.1f).ToArray());
    }

    [Fact]
    public void Noise_has_its_distribution_and_depends_on_step_and_sample_alone()
    {
        Context context = new() { Step = 5 };
        RandomStream stream = Random.Stream("gate");
        Tensor gumbel = context.RentGumbel(new Shape(4, 5000), stream);
        Tensor logistic = context.RentLogistic(new Shape(4, 5000), stream);
        (double mean, double variance) = Moments(gumbel.Span);
        Assert.Equal(0.5772, mean, 0.03);
        Assert.Equal(Math.PI * Math.PI / 6, variance, 0.06);
        (mean, variance) = Moments(logistic.Span);
        Assert.Equal(0, mean, 0.04);
        Assert.Equal(Math.PI * Math.PI / 3, variance, 0.1);
        context.Samples = context.Workspace.Select(4, [2, 3]);
        Tensor some = context.RentGumbel(new Shape(2, 5000), stream);
        Assert.True(some.Span.SequenceEqual(gumbel.Rows(2, 2).Span));
        context.Step = 6;
        Assert.False(context.RentGumbel(new Shape(2, 5000), stream).Span.SequenceEqual(some.Span));
    }

    [Fact]
    public void Wrong_operands_are_refused()
    {
        Context context = new();
        Tensor logits = Tensor.Zeros(new Shape(2, 3));
        Assert.Throws<ArgumentException>(() => context.GumbelSigmoid(logits, Tensor.Zeros(new Shape(3, 2)), 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => context.GumbelSigmoid(logits, logits, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => context.GumbelSoftmax(logits, logits, float.NaN));
        Assert.Throws<ArgumentException>(() => context.StraightThroughArgMax(Tensor.Zeros(new Shape(2, 0))));
    }

    private static Tensor Watched(Shape shape, ReadOnlySpan<float> values)
    {
        Tensor tensor = Tensor.From(shape, values);
        Tape.Watch(tensor);
        return tensor;
    }

    private static (Tensor Output, float[] Gradient) Run(Context context, Tensor input, float[] weights, Func<Tensor, Tensor> function)
    {
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor output = function(input);
        tape.Backward(output, weights);
        context.Tape = null;
        return (output, Tape.GradientOf(input).ToArray());
    }

    private static void CheckDifferences(float[] values, float[] weights, float[] slopes, float[] output, Func<double[], double[]> reference)
    {
        const double Step = 1e-5;
        double[] point = Array.ConvertAll(values, value => (double)value);
        double[] expected = reference(point);
        for (int i = 0; i < point.Length; i++)
        {
            Assert.Equal(expected[i], output[i], 1e-6);
            double kept = point[i];
            point[i] = kept + Step;
            double above = Dot(reference(point), weights);
            point[i] = kept - Step;
            double below = Dot(reference(point), weights);
            point[i] = kept;
            Assert.Equal((above - below) / (2 * Step), slopes[i], 2e-5);
        }
    }

    private static double Dot(double[] values, float[] weights)
    {
        double sum = 0;
        for (int i = 0; i < values.Length; i++)
        {
            sum += values[i] * weights[i];
        }

        return sum;
    }

    private static double[] Sigmoid(double[] values, float[] noise, double temperature)
    {
        double[] result = new double[values.Length];
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = 1 / (1 + Math.Exp(-(values[i] + noise[i]) / temperature));
        }

        return result;
    }

    private static double[] Softmax(double[] values, float[] noise, double temperature, int length)
    {
        double[] result = new double[values.Length];
        for (int start = 0; start < result.Length; start += length)
        {
            double sum = 0;
            for (int i = start; i < start + length; i++)
            {
                result[i] = Math.Exp((values[i] + noise[i]) / temperature);
                sum += result[i];
            }

            for (int i = start; i < start + length; i++)
            {
                result[i] /= sum;
            }
        }

        return result;
    }

    private static (double Mean, double Variance) Moments(ReadOnlySpan<float> values)
    {
        double sum = 0;
        double squares = 0;
        foreach (float value in values)
        {
            sum += value;
            squares += (double)value * value;
        }

        double mean = sum / values.Length;
        return (mean, (squares / values.Length) - (mean * mean));
    }
}
