using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Gating;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public class BlendTests
{
    private static readonly RandomStream Noise = new RandomSource(41).Stream("blend");

    [Fact]
    public void With_a_gate_of_0_or_1_the_other_is_not_looked_at()
    {
        Tensor on = Tensor.From(new Shape(2, 3), [1, -0f, 3, float.PositiveInfinity, float.NaN, 6]);
        Tensor off = Tensor.From(new Shape(2, 3), [float.NaN, float.NegativeInfinity, 0, 4, 5, -0f]);
        float[] output = new Context().Blend(Tensor.From(new Shape(2), [1, 0]), on, off).ToArray();
        Assert.Equal(Array.ConvertAll<float, int>([1, -0f, 3, 4, 5, -0f], BitConverter.SingleToInt32Bits), Array.ConvertAll(output, BitConverter.SingleToInt32Bits));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(129)]
    public void It_mixes_forward_and_backward_as_the_reference_does(int length)
    {
        Shape shape = new(3, length);
        float[] gates = [0.25f, 0, 0.9f];
        Tensor gate = Watched(new Shape(3), gates);
        Tensor on = Watched(shape, Normal(shape, 0));
        Tensor off = Watched(shape, Normal(shape, 1));
        float[] weights = Normal(shape, 2);
        Context context = new();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor output = context.Blend(gate, on, off);
        float[] actual = output.ToArray();
        tape.Backward(output, weights);
        for (int n = 0; n < 3; n++)
        {
            double[] expected = new double[length];
            BlendKernel.Reference<double>(gates[n], Wide(on, n), Wide(off, n), expected);
            double slope = 0;
            for (int i = 0; i < length; i++)
            {
                int at = (n * length) + i;
                Assert.Equal(expected[i], actual[at], 1e-6 * (1 + Math.Abs(expected[i])));
                Assert.Equal((double)gates[n] * weights[at], Tape.GradientOf(on).Span[at], 1e-6);
                Assert.Equal((1.0 - gates[n]) * weights[at], Tape.GradientOf(off).Span[at], 1e-6);
                slope += weights[at] * ((double)on.Span[at] - off.Span[at]);
            }

            Assert.Equal(slope, Tape.GradientOf(gate).Span[n], 1e-5 * (1 + Math.Abs(slope)));
        }
    }

    [Fact]
    public void Gates_of_one_and_zero_give_the_bits_of_their_side()
    {
        Shape shape = new(2, 37);
        Tensor on = Tensor.From(shape, Normal(shape, 3));
        Tensor off = Tensor.From(shape, Normal(shape, 4));
        Tensor output = new Context().Blend(Tensor.From(new Shape(2), [1, 0]), on, off);
        Assert.Equal(on.Rows(0, 1).ToArray(), output.Rows(0, 1).ToArray());
        Assert.Equal(off.Rows(1, 1).ToArray(), output.Rows(1, 1).ToArray());
    }

    [Fact]
    public void One_tensor_on_both_sides_gets_both_gradients()
    {
        Shape shape = new(2, 5);
        Tensor both = Watched(shape, Normal(shape, 5));
        float[] weights = Normal(shape, 6);
        Context context = new();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        tape.Backward(context.Blend(Tensor.From(new Shape(2), [0.25f, 0.75f]), both, both), weights);
        for (int i = 0; i < weights.Length; i++)
        {
            Assert.Equal(weights[i], Tape.GradientOf(both).Span[i], 1e-6f);
        }
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        Context context = new();
        Tensor batch = Tensor.Zeros(new Shape(2, 3));
        Assert.Throws<ArgumentException>(() => context.Blend(Tensor.Zeros(new Shape(3)), batch, batch));
        Assert.Throws<ArgumentException>(() => context.Blend(Tensor.Zeros(new Shape(2)), batch, Tensor.Zeros(new Shape(3, 2))));
    }

    private static Tensor Watched(Shape shape, ReadOnlySpan<float> values)
    {
        Tensor tensor = Tensor.From(shape, values);
        Tape.Watch(tensor);
        return tensor;
    }

    private static float[] Normal(Shape shape, int sample)
    {
        float[] values = new float[shape.Count];
        Noise.FillNormal(values, 0, sample);
        return values;
    }

    private static double[] Wide(Tensor tensor, int row) => Array.ConvertAll(tensor.Rows(row, 1).ToArray(), value => (double)value);
}
