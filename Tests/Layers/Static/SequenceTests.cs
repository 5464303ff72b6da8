using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.Static;

/// <summary>Layers over sequences of unequal lengths: what is padded answers as it does alone, in inference bit for bit and in training up to rounding.</summary>
public class SequenceTests
{
    private const int Longest = 7;
    private const int Width = 6;

    private static readonly int[] Lengths = [7, 1, 4, 6, 2];

    private static readonly Dictionary<string, Func<Layer>> Makers = new(StringComparer.Ordinal)
    {
        ["rnn"] = () => new Rnn(Width, 5, isRelu: true),
        ["gru in both directions"] = () => new Gru(Width, 5, isBidirectional: true),
        ["lstm, two layers"] = () => new Lstm(Width, 9, layers: 2),
        ["lstm in both directions"] = () => new Lstm(Width, 3, layers: 2, isBidirectional: true),
        ["mean"] = () => new SequencePooling(SequencePoolingKind.Mean),
        ["maximum"] = () => new SequencePooling(SequencePoolingKind.Maximum),
        ["first"] = () => new SequencePooling(SequencePoolingKind.First),
        ["last"] = () => new SequencePooling(SequencePoolingKind.Last),
        ["transformer layer"] = () => new TransformerEncoderLayer(Width, 2, 11),
    };

    public static TheoryData<string> Names() => new(Makers.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void A_padded_sample_has_the_bits_that_it_has_alone(string name)
    {
        foreach (bool isFrozen in new[] { false, true })
        {
            Layer layer = Make(name, isFrozen);
            Context context = new();
            float[] batch = Run(context, layer, Inputs(), Lengths.Length, Longest, Steps(context));
            int width = batch.Length / Lengths.Length;
            for (int n = 0; n < Lengths.Length; n++)
            {
                float[] alone = Run(context, layer, Inputs().AsSpan(n * Longest * Width, Lengths[n] * Width), 1, Lengths[n], default);
                GradientCheck.SameBits(batch.AsSpan(n * width, alone.Length), alone, $"{name}, sample {n}, frozen {isFrozen}");
                Assert.Equal(-1, batch.AsSpan((n * width) + alone.Length, width - alone.Length).IndexOfAnyExcept(0f));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_padded_sample_has_the_gradients_that_it_has_alone(string name)
    {
        Layer layer = Make(name, false);
        Context context = new();
        (float[] output, float[] gradient, float[] weights) = Differentiate(context, layer, Inputs(), Lengths.Length, Longest, Lengths);
        float[] sum = new float[weights.Length];
        for (int n = 0; n < Lengths.Length; n++)
        {
            int length = Lengths[n];
            (float[] own, float[] ownGradient, float[] ownWeights) = Differentiate(context, layer, Inputs().AsSpan(n * Longest * Width, length * Width).ToArray(), 1, length, [length]);
            Near(own, output.AsSpan(n * (output.Length / Lengths.Length), own.Length), $"{name}: sample {n}");
            Near(ownGradient, gradient.AsSpan(n * Longest * Width, length * Width), $"{name}: gradient of sample {n}");
            Assert.Equal(-1, gradient.AsSpan(((n * Longest) + length) * Width, (Longest - length) * Width).IndexOfAnyExcept(0f));
            for (int i = 0; i < sum.Length; i++)
            {
                sum[i] += ownWeights[i];
            }
        }

        Near(sum, weights, $"{name}: gradients of parameters");
    }

    [Fact]
    public void A_sequence_in_two_parts_equals_the_whole()
    {
        Lstm layer = new(Width, 5, layers: 2);
        layer.Initialize(new RandomSource(3));
        Context context = new();
        Tensor whole = context.Workspace.RentCopy(new Shape(1, Longest, Width), Inputs().AsSpan(0, Longest * Width));
        Tensor expected = layer.Forward(context, whole, default, default, out Tensor end);
        Tensor first = layer.Forward(context, whole.Reshape(new Shape(Longest, Width)).Rows(0, 3).Reshape(new Shape(1, 3, Width)), default, default, out Tensor state);
        Tensor second = layer.Forward(context, whole.Reshape(new Shape(Longest, Width)).Rows(3, 4).Reshape(new Shape(1, 4, Width)), default, state, out Tensor last);
        GradientCheck.SameBits(expected.ToArray(), [.. first.ToArray(), .. second.ToArray()], "the states");
        GradientCheck.SameBits(end.ToArray(), last.ToArray(), "the last state");
    }

    [Fact]
    public void Padding_is_not_paid_for()
    {
        Lstm layer = new(Width, 5);
        layer.Initialize(new RandomSource(3));
        layer.AssignNumbers();
        ComputeMeter meter = new();
        meter.Begin(Lengths.Length);
        Context context = new() { Meter = meter };
        _ = layer.Forward(context, context.Workspace.RentCopy(new Shape(Lengths.Length, Longest, Width), Inputs()), Steps(context));
        for (int n = 0; n < Lengths.Length; n++)
        {
            Assert.Equal(layer.CountMacs(new Shape(1, Lengths[n], Width)), meter.ExecutedMacs(n));
            Assert.Equal(layer.CountMacs(new Shape(1, Longest, Width)), meter.DenseMacs(n));
        }
    }

    [Fact]
    public void Lengths_end_at_the_last_token_and_are_at_least_one()
    {
        Context context = new();
        Selection steps = context.LengthsOf(context.Workspace.RentCopy(new Shape(3, 4), [5, 0, 2, 0, 0, 0, 0, 0, 1, 2, 3, 4]));
        Assert.Equal([0, 1, 2], steps.Row(0).ToArray());
        Assert.Equal([0], steps.Row(1).ToArray());
        Assert.Equal([0, 1, 2, 3], steps.Row(2).ToArray());
        Assert.True(context.LengthsOf(context.Workspace.RentCopy(new Shape(1, 2), [1, 2])).IsAll);
        Assert.Throws<ArgumentException>(() => context.LengthsOf(context.Workspace.Rent(new Shape(2, 0))));
    }

    [Fact]
    public void Tokens_are_looked_up_and_padding_stays_zero()
    {
        Embedding layer = new(5, 3, padding: 0);
        layer.Initialize(new RandomSource(1));
        Context context = new();
        float[] plain = layer.Forward(context, context.Workspace.RentCopy(new Shape(1, 4), [2, 0, 4, 2])).ToArray();
        Assert.Equal(layer.Weight.Value.Rows(2, 1).ToArray(), plain[..3]);
        Assert.Equal([0f, 0f, 0f], plain[3..6]);
        layer.Weight.Value.Rows(0, 1).Span.Fill(9);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor output = layer.Forward(context, context.Workspace.RentCopy(new Shape(1, 4), [2, 0, 4, 2]));
        Assert.Equal(plain, output.ToArray());
        tape.Backward(output, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
        Assert.Equal([0f, 0f, 0f, 0f, 0f, 0f, 2f, 2f, 2f, 0f, 0f, 0f, 1f, 1f, 1f], layer.Weight.Gradient.ToArray());
    }

    [Theory]
    [InlineData(5)]
    [InlineData(-1)]
    [InlineData(1.5f)]
    [InlineData(float.NaN)]
    public void What_is_no_token_is_refused_or_unknown(float value)
    {
        Context context = new();
        Tensor tokens = context.Workspace.RentCopy(new Shape(1, 1), [value]);
        Embedding strict = new(5, 3);
        Assert.Throws<ArgumentException>(() => strict.Forward(context, tokens));
        Embedding lenient = new(5, 3, unknown: 1);
        lenient.Initialize(new RandomSource(1));
        Assert.Equal(lenient.Weight.Value.Rows(1, 1).ToArray(), lenient.Forward(context, tokens).ToArray());
    }

    private static void Near(ReadOnlySpan<float> expected, ReadOnlySpan<float> found, string what)
    {
        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(MathF.Abs(expected[i] - found[i]) <= 2e-5f * (1 + MathF.Abs(expected[i])), $"{what}: element {i} is {found[i]:R}; expected {expected[i]:R}.");
        }
    }

    private static Layer Make(string name, bool isFrozen)
    {
        Layer layer = Makers[name]();
        layer.Initialize(new RandomSource(2));
        layer.AssignNumbers();
        if (isFrozen)
        {
            layer.Freeze(Limits.Default);
        }

        return layer;
    }

    private static float[] Inputs()
    {
        float[] values = new float[Lengths.Length * Longest * Width];
        new RandomSource(4).Stream("inputs").FillNormal(values, 0, 0);
        return values;
    }

    private static Selection Steps(Context context) => context.Workspace.SelectFirst(Longest, Lengths);

    private static Tensor Forward(Context context, Layer layer, Tensor input, Selection steps) => layer switch
    {
        RecurrentLayer recurrent => recurrent.Forward(context, input, steps),
        SequencePooling pooling => pooling.Forward(context, input, steps),
        TransformerEncoderLayer transformer => transformer.Forward(context, input, steps, out _),
        _ => throw new InvalidOperationException(),
    };

    private static float[] Run(Context context, Layer layer, ReadOnlySpan<float> inputs, int samples, int length, Selection steps) =>
        Forward(context, layer, context.Workspace.RentCopy(new Shape(samples, length, Width), inputs), steps).ToArray();

    private static (float[] Output, float[] Gradient, float[] Weights) Differentiate(Context context, Layer layer, float[] inputs, int samples, int length, int[] lengths)
    {
        layer.ClearGradients();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor input = context.Workspace.RentCopy(new Shape(samples, length, Width), inputs);
        Tape.Watch(input);
        Tensor output = Forward(context, layer, input, context.Workspace.SelectFirst(length, lengths));
        float[] coVector = new float[output.Count];
        for (int i = 0; i < coVector.Length; i++)
        {
            // The same for a step of a sample whatever the padding; nothing where there is no step.
            int width = output.Shape[-1];
            int time = output.Shape.Rank == 3 ? i / width % length : 0;
            int sample = i / (output.Count / samples);
            coVector[i] = time < lengths[sample] ? MathF.Sin(1 + (i % width) + (3 * time)) : 0;
        }

        tape.Backward(output, coVector);
        List<float> weights = [];
        foreach ((_, Parameter parameter) in layer.NamedParameters())
        {
            weights.AddRange(parameter.Gradient.ToArray());
        }

        context.Tape = null;
        return (output.ToArray(), Tape.GradientOf(input).ToArray(), [.. weights]);
    }
}
