using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicDepth;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.Mechanisms;

/// <summary>Adaptive computation time: formula, gradients, and that who has halted costs nothing and changes no bit.</summary>
public class HaltingTests
{
    private const int Samples = 7;
    private const int Channels = 6;
    private static readonly Shape Batch = new(Samples, 5, 4, Channels);

    [Theory]
    [InlineData(1, 3, 4)]
    [InlineData(2, 5, 1)]
    [InlineData(4, 1, 9)]
    [InlineData(5, 6, 17)]
    public void The_output_is_the_weighted_mean_of_the_formula(int steps, int units, int width)
    {
        // Scores stay away from 1 − ε, where the number of steps jumps.
        float[] scores = new float[Math.Max(0, steps - 1) * units];
        float[] states = GradientCheck.Values(steps * units * width, 3);
        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = 0.11f + (0.17f * (i % 5));
        }

        GradientCheck check = new() { MostElements = 60 };
        check.Run(
            (context, inputs) => Halt(context, inputs, steps, units, width),
            inputs => Reference(inputs, steps, units, width),
            5,
            [new Shape(Math.Max(1, steps - 1), units), new Shape(steps, units, width)],
            scores.Length == 0 ? new float[units] : scores,
            states);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Who_has_halted_leaves_the_batch_and_no_bit_changes(int seed)
    {
        HaltingSequence layer = Layer((ulong)seed);
        Context context = new() { Decisions = ManagedDyn.Engine.Execution.Decisions.Relaxed };
        Tensor input = Input(seed);
        float[] dense = layer.Forward(context, input).ToArray();
        context.Decisions = ManagedDyn.Engine.Execution.Decisions.Hard;
        context.Meter = new ComputeMeter();
        context.Meter.Begin(Samples);
        DecisionLedger ledger = new() { KeepsChoices = true };
        context.Ledger = ledger;
        Assert.Equal(dense, layer.Forward(context, input).ToArray());
        long full = layer.CountMacs(Batch.With(0, 1));
        long least = long.MaxValue;
        for (int n = 0; n < Samples; n++)
        {
            least = Math.Min(least, context.Meter.ExecutedMacs(n));
            Assert.Equal(full, context.Meter.DenseMacs(n));
            long chosen = 0;
            foreach (DecisionChoice choice in ledger.Choices)
            {
                chosen += choice.Sample == n ? choice.ChosenMacs : 0;
            }

            // What the scores cost comes on top of the steps that ran.
            Assert.InRange(context.Meter.ExecutedMacs(n) - chosen, 1, 10 * Channels);
        }

        Assert.True(least < full, "Nobody halted early: the test shows nothing.");
        Assert.False(context.Samples.Exists);
    }

    [Fact]
    public void The_ponder_cost_is_a_term_of_the_loss()
    {
        HaltingSequence layer = Layer(1);
        DecisionLedger ledger = new();
        Context context = new() { Decisions = ManagedDyn.Engine.Execution.Decisions.Relaxed, Ledger = ledger };
        ledger.Begin();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        layer.Forward(context, Input(1));
        Assert.Equal(1, ledger.Terms.Length);
        LossTerm term = ledger.Terms[0];
        Assert.Equal("ponder", term.Name);
        double steps = 0;
        foreach (DecisionRecord record in ledger.Records)
        {
            steps += context.Mean(record.Scores).Span[0];
        }

        // N < ρ = N + R ≤ N + 1.
        Assert.InRange(term.Value.Span[0], steps, steps + 1.0001);
        Assert.Equal(4, ledger.Records.Length);
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        Context context = new();
        Tensor state = Tensor.Zeros(new Shape(2, 3));
        Assert.Throws<ArgumentException>(() => context.Halt([], [], 0.01f, out _, out _, out _));
        Assert.Throws<ArgumentException>(() => context.Halt([Tensor.Zeros(new Shape(3))], [state, state], 0.01f, out _, out _, out _));
        Assert.Throws<ArgumentException>(() => context.Halt([Tensor.Zeros(new Shape(2))], [state, Tensor.Zeros(new Shape(2, 4))], 0.01f, out _, out _, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => context.Halt([Tensor.Zeros(new Shape(2))], [state, state], 1f, out _, out _, out _));
        Assert.Throws<ArgumentException>(() => new HaltingSequence(3, [new Conv2d(3, 3, 3), new Conv2d(3, 5, 3)]).OutputShape(new Shape(1, 4, 4, 3)));
    }

    private static Tensor Halt(Context context, Tensor[] inputs, int steps, int units, int width)
    {
        Tensor[] scores = new Tensor[steps - 1];
        Tensor[] states = new Tensor[steps];
        for (int t = 0; t < steps; t++)
        {
            states[t] = inputs[1].Rows(t, 1).Reshape(new Shape(units, width));
            if (t < scores.Length)
            {
                scores[t] = inputs[0].Rows(t, 1).Reshape(new Shape(units));
            }
        }

        Tensor output = context.Halt(scores, states, 0.01f, out Tensor ponder, out _, out _);

        // One result of both: the ponder cost of each unit beside its output. With a single step scores must count for something too.
        Tensor both = context.Concat(1, output, context.Scale(ponder, 0.3f).Reshape(new Shape(units, 1)));
        return context.Add(both, context.Scale(context.Mean(inputs[0]), steps == 1 ? 1 : 0).Reshape(new Shape(1, 1)));
    }

    private static double[] Reference(double[][] inputs, int steps, int units, int width)
    {
        double[] both = new double[units * (width + 1)];
        double mean = 0;
        foreach (double value in inputs[0])
        {
            mean += steps == 1 ? value / inputs[0].Length : 0;
        }

        for (int u = 0; u < units; u++)
        {
            double sum = 0;
            for (int t = 0; t < steps; t++)
            {
                double h = t == steps - 1 ? 1 : inputs[0][(t * units) + u];
                bool halts = t == steps - 1 || sum + h >= 0.99;
                double weight = halts ? 1 - sum : h;
                for (int i = 0; i < width; i++)
                {
                    both[(u * (width + 1)) + i] += weight * inputs[1][(((t * units) + u) * width) + i];
                }

                if (halts)
                {
                    both[(u * (width + 1)) + width] = 0.3 * (t + 1 + weight);
                    break;
                }

                sum += h;
            }
        }

        return Array.ConvertAll(both, value => value + mean);
    }

    private static HaltingSequence Layer(ulong seed)
    {
        HaltingSequence layer = new(Channels, [new ConvBlock(Channels, Channels, 3), new ResidualBlock(Channels, Channels), new ResidualBlock(Channels, Channels), new ResidualBlock(Channels, Channels)], start: 0.3f);
        layer.Initialize(new RandomSource(seed));
        foreach ((string path, var parameter) in layer.NamedParameters())
        {
            if (path.Contains("score", StringComparison.Ordinal) && path.EndsWith("weight", StringComparison.Ordinal))
            {
                new RandomSource(seed).Stream(path).FillNormal(parameter.Value.Span, 0, 0);
                foreach (ref float value in parameter.Value.Span)
                {
                    value *= 3;
                }
            }
        }

        layer.AssignNumbers();
        return layer;
    }

    private static Tensor Input(int seed)
    {
        Tensor input = Tensor.Zeros(Batch);
        new RandomSource((ulong)seed).Stream("input").FillNormal(input.Span, 0, 0);
        return input;
    }
}
