using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.TemporalWise.Text;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.TemporalWise;

/// <summary>Layers that update a state as often as they need.</summary>
public class PonderTests
{
    private const int Width = 8;
    private const int Length = 7;
    private static readonly int[] Lengths = [7, 3, 1];

    [Fact]
    public void One_update_a_step_is_a_recurrent_layer_with_a_mark()
    {
        PonderRnn ponder = new(RecurrentKind.Gru, 3, 5, updates: 1);
        ponder.Initialize(new RandomSource(3));
        Gru plain = new(4, 5);
        foreach ((string name, Parameter parameter) in ponder.NamedParameters())
        {
            if (!name.StartsWith("halt", StringComparison.Ordinal))
            {
                parameter.Value.Span.CopyTo(plain.NamedParameters().Find(pair => pair.Key == name + "_l0").Value.Value.Span);
            }
        }

        Context context = new();
        float[] values = GradientCheck.Values(2 * 6 * 3, 5);
        Tensor input = context.Workspace.RentCopy(new Shape(2, 6, 3), values);
        Tensor marks = context.Workspace.Rent(new Shape(2, 6, 1));
        marks.Span.Fill(1);
        float[] expected = plain.Forward(context, context.Concat(2, input, marks)).ToArray();
        GradientCheck.SameBits(expected, ponder.Forward(context, input).ToArray(), "one update");
    }

    [Fact]
    public void The_state_is_the_mean_by_scores_and_the_cost_counts_updates()
    {
        // Scores that do not depend on the state: σ(b) = 0.4, so that 0.4, 0.4 and the rest, 0.2, weigh three updates.
        PonderRnn ponder = new(RecurrentKind.Tanh, 2, 3, updates: 5);
        ponder.Initialize(new RandomSource(3));
        Parameter weight = ponder.NamedParameters().Find(pair => pair.Key == "halt.weight").Value;
        weight.Value.Span.Clear();
        ponder.NamedParameters().Find(pair => pair.Key == "halt.bias").Value.Value.Span.Fill(MathF.Log(0.4f / 0.6f));
        Context context = new() { Decisions = Engine.Execution.Decisions.Relaxed, Ledger = new DecisionLedger() };
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor input = context.Workspace.RentCopy(new Shape(1, 1, 2), [0.3f, -0.7f]);
        float[] actual = ponder.Forward(context, input).ToArray();
        LossTerm term = Assert.Single(context.Ledger.Terms.ToArray());
        Assert.Equal(Halting.PonderTerm, term.Name);
        Assert.Equal(3 + 0.2, term.Value.Span[0], 1e-5);

        double[] state = new double[3];
        double[] mean = new double[3];
        double[] weights = [0.4, 0.4, 0.2];
        for (int n = 0; n < 3; n++)
        {
            double[] next = new double[3];
            for (int unit = 0; unit < 3; unit++)
            {
                double sum = Get(ponder, "bias_ih", unit) + Get(ponder, "bias_hh", unit);
                sum += (Get(ponder, "weight_ih", unit * 3) * 0.3f) + (Get(ponder, "weight_ih", (unit * 3) + 1) * -0.7f) + (n == 0 ? Get(ponder, "weight_ih", (unit * 3) + 2) : 0);
                for (int other = 0; other < 3; other++)
                {
                    sum += Get(ponder, "weight_hh", (unit * 3) + other) * state[other];
                }

                next[unit] = Math.Tanh(sum);
                mean[unit] += weights[n] * next[unit];
            }

            state = next;
        }

        GradientCheck.Near(mean, actual, 1e-5, "the mean state");
    }

    [Fact]
    public void Tokens_that_have_halted_cost_nothing_and_change_no_bits()
    {
        PonderEncoder encoder = new(new TransformerEncoderLayer(Width, 2, 10, ActivationFunction.Gelu, 0, hasNormsFirst: true), Width, 5, start: -0.8f);
        encoder.Initialize(new RandomSource(6));
        foreach (ref float value in encoder.NamedParameters().Find(pair => pair.Key == "halt.weight").Value.Value.Span)
        {
            value *= 4;
        }

        encoder.AssignNumbers();
        foreach (bool isPadded in new[] { false, true })
        {
            Context plain = new() { Meter = new ComputeMeter(), Ledger = new DecisionLedger { KeepsChoices = true } };
            plain.Meter.Begin(3);
            float[] hard = Run(plain, encoder, isPadded);
            long executed = 0;
            for (int n = 0; n < 3; n++)
            {
                executed += plain.Meter.ExecutedMacs(n);
                Assert.Equal(encoder.CountMacs(new Shape(1, Length, Width)), plain.Meter.DenseMacs(n));
            }

            Assert.InRange(executed, 1, encoder.CountMacs(new Shape(3, Length, Width)) - 1);
            Assert.Equal(12, plain.Ledger.Choices.Length);
            int runs = 0;
            foreach (DecisionChoice choice in plain.Ledger.Choices)
            {
                runs += choice.Count;
            }

            Assert.InRange(runs, 1, 83);
            Context recording = new();
            using Tape tape = new(recording.Workspace);
            recording.Tape = tape;
            float[] recorded = Run(recording, encoder, isPadded);
            for (int n = 0; n < 3; n++)
            {
                int count = (isPadded ? Lengths[n] : Length) * Width;
                GradientCheck.Near(Array.ConvertAll(recorded[(n * Length * Width)..((n * Length * Width) + count)], value => (double)value), hard.AsSpan(n * Length * Width, count), 2e-6, $"sample {n}, padded {isPadded}");
            }
        }
    }

    private static double Get(PonderRnn layer, string name, int index) => layer.NamedParameters().Find(pair => pair.Key == name).Value.Value.Span[index];

    private static float[] Run(Context context, PonderEncoder encoder, bool isPadded)
    {
        Tensor input = context.Workspace.RentCopy(new Shape(3, Length, Width), GradientCheck.Values(3 * Length * Width, 9));
        return encoder.Forward(context, input, isPadded ? context.Workspace.SelectFirst(Length, Lengths) : default).ToArray();
    }
}
