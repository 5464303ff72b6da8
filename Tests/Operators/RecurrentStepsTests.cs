using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Operators;

/// <summary>What inference does in one piece has the bits of the operators one after another.</summary>
public sealed class RecurrentStepsTests
{
    public static TheoryData<int, int, bool, bool> Cases()
    {
        TheoryData<int, int, bool, bool> cases = [];
        foreach (int units in new[] { 1, 7, 8, 19, 40 })
        {
            foreach (int samples in new[] { 1, 3 })
            {
                cases.Add(units, samples, true, false);
                cases.Add(units, samples, false, true);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void An_lstm_has_the_bits_of_its_steps(int units, int samples, bool hasBias, bool isReverse)
    {
        Context context = new();
        Tensor input = Values(1, samples, 5, 9), inputWeight = Values(2, 4 * units, 9), hiddenWeight = Values(3, 4 * units, units);
        Tensor bias = hasBias ? Values(4, 4 * units) : default;
        Tensor hidden = Values(5, samples, units), cell = Values(6, samples, units);
        Tensor expected = context.Lstm(input, hidden, cell, inputWeight, hiddenWeight, bias, bias, out Tensor lastHidden, out Tensor lastCell, isReverse);
        Tensor state = context.Concat(1, hidden, cell);
        Tensor output = Tensor.Zeros(expected.Shape);
        PackedWeight packed = PackedWeight.ForLinear(units, 4 * units, hiddenWeight.Span);
        context.LstmSteps(context.Linear(input, inputWeight, bias), packed, bias, state, output, isReverse);
        GradientCheck.SameBits(output.Span, expected.Span, "output");
        GradientCheck.SameBits(state.Span, context.Concat(1, lastHidden, lastCell).Span, "state");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_gru_has_the_bits_of_its_steps(int units, int samples, bool hasBias, bool isReverse)
    {
        Context context = new();
        Tensor input = Values(1, samples, 5, 9), inputWeight = Values(2, 3 * units, 9), hiddenWeight = Values(3, 3 * units, units);
        Tensor bias = hasBias ? Values(4, 3 * units) : default;
        Tensor hidden = Values(5, samples, units);
        Tensor expected = context.Gru(input, hidden, inputWeight, hiddenWeight, bias, bias, out Tensor last, isReverse);
        Tensor state = Tensor.From(hidden.Shape, hidden.ToArray());
        Tensor output = Tensor.Zeros(expected.Shape);
        PackedWeight packed = PackedWeight.ForLinear(units, 3 * units, hiddenWeight.Span);
        context.GruSteps(context.Linear(input, inputWeight, bias), packed, bias, state, output, isReverse);
        GradientCheck.SameBits(output.Span, expected.Span, "output");
        GradientCheck.SameBits(state.Span, last.Span, "state");
    }

    [Theory]
    [InlineData(1, 1, 8, 2)]
    [InlineData(2, 5, 12, 3)]
    [InlineData(3, 33, 40, 1)]
    [InlineData(1, 50, 64, 4)]
    public void Attention_between_its_projections_has_the_bits_of_the_operator(int samples, int length, int width, int heads)
    {
        Context context = new();
        Tensor input = Values(1, samples, length, width), inputWeight = Values(2, 3 * width, width), bias = Values(3, 3 * width), outputWeight = Values(4, width, width);
        Tensor expected = context.MultiHeadAttention(input, input, inputWeight, bias, outputWeight, default, heads, out Tensor weights);
        Tensor mixed = context.MixHeads(context.Linear(input, inputWeight, bias), heads, out Tensor attention);
        GradientCheck.SameBits(attention.Span, weights.Span, "weights");
        GradientCheck.SameBits(context.Linear(mixed, outputWeight).Span, expected.Span, "output");
    }

    [Fact]
    public void Wrong_operands_are_refused()
    {
        Context context = new();
        Tensor gates = Tensor.Zeros(new Shape(2, 3, 16)), state = Tensor.Zeros(new Shape(2, 8)), output = Tensor.Zeros(new Shape(2, 3, 4));
        PackedWeight packed = PackedWeight.ForLinear(4, 16, new float[64]);
        Assert.Throws<ArgumentException>(() => context.GruSteps(gates, packed, default, state, output));
        Assert.Throws<ArgumentException>(() => context.LstmSteps(gates, packed, Tensor.Zeros(new Shape(15)), state, output));
        Assert.Throws<ArgumentException>(() => context.LstmSteps(gates, packed, default, output, output));
        Assert.Throws<ArgumentException>(() => context.LstmSteps(gates, PackedWeight.ForLinear(5, 16, new float[80]), default, state, output));
        Assert.Throws<ArgumentException>(() => context.MixHeads(gates, 5, out _));
        Context training = new();
        training.Tape = new Tape(training.Workspace);
        Assert.Throws<InvalidOperationException>(() => training.LstmSteps(gates, packed, default, state, output));
        Assert.Throws<InvalidOperationException>(() => training.MixHeads(Tensor.Zeros(new Shape(2, 3, 12)), 2, out _));
    }

    private static Tensor Values(int seed, params ReadOnlySpan<int> extents)
    {
        Shape shape = new(extents);
        Random random = new(seed);
        float[] values = new float[shape.Count];
        foreach (ref float value in values.AsSpan())
        {
            value = (2 * random.NextSingle()) - 1;
        }

        return Tensor.From(shape, values);
    }
}
