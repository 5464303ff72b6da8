using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.TemporalWise.Text;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.TemporalWise;

/// <summary>Recurrent layers that leave work out: with equal decisions the form that trains gives the bits of the one that skips, and padding changes nothing.</summary>
public class DynamicSequenceTests
{
    private const int Length = 13;
    private const int Width = 4;
    private const int Samples = 4;

    private static readonly int[] Lengths = [13, 5, 1, 9];

    private static readonly Dictionary<string, Func<Layer>> Makers = new(StringComparer.Ordinal)
    {
        ["skip lstm"] = () => new SkipRnn(RecurrentKind.Lstm, Width, 9, updateBias: -0.6f),
        ["skip gru"] = () => new SkipRnn(RecurrentKind.Gru, Width, 5, updateBias: -1),
        ["skip rnn"] = () => new SkipRnn(RecurrentKind.Tanh, Width, 5, updateBias: -1, bias: false),
        ["skim lstm"] = () => new SkimRnn(RecurrentKind.Lstm, Width, 9, 2),
        ["skim gru"] = () => new SkimRnn(RecurrentKind.Gru, Width, 5, 3),
        ["jump lstm"] = () => new JumpRnn(RecurrentKind.Lstm, Width, 9, 2, 4, 3),
        ["variable computation"] = () => new VariableComputationRnn(RecurrentKind.Gru, Width, 12, 3, openness: 0),
        ["hierarchical"] = () => new HierarchicalRnn(Width, 5),
        ["pondering lstm"] = () => new PonderRnn(RecurrentKind.Lstm, Width, 9, 5, start: -0.5f),
        ["pondering gru"] = () => new PonderRnn(RecurrentKind.Gru, Width, 5, 3, start: 0.3f),
    };

    public static TheoryData<string> Names() => new(Makers.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void What_trains_with_hard_decisions_gives_the_bits_of_what_skips(string name)
    {
        Layer layer = Make(name);
        foreach (bool isPadded in new[] { false, true })
        {
            Context plain = new();
            ComputeMeter meter = new();
            meter.Begin(Samples);
            plain.Meter = meter;
            float[] hard = Run(plain, layer, Inputs(), Samples, Length, isPadded);
            Context recording = new();
            using Tape tape = new(recording.Workspace);
            recording.Tape = tape;
            GradientCheck.SameBits(hard, Run(recording, layer, Inputs(), Samples, Length, isPadded), $"{name}, padded {isPadded}");
            long executed = 0;
            for (int n = 0; n < Samples; n++)
            {
                executed += meter.ExecutedMacs(n);
                Assert.Equal(layer.CountMacs(new Shape(1, Length, Width)), meter.DenseMacs(n));
            }

            // Something is skipped, and something is not.
            Assert.InRange(executed, 1, layer.CountMacs(new Shape(Samples, Length, Width)) - 1);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_padded_sample_has_the_bits_that_it_has_alone(string name)
    {
        Layer layer = Make(name);
        layer.Freeze(Limits.Default);
        Context context = new();
        float[] batch = Run(context, layer, Inputs(), Samples, Length, isPadded: true);
        int width = batch.Length / Samples;
        for (int n = 0; n < Samples; n++)
        {
            float[] alone = Run(context, layer, Inputs().AsSpan(n * Length * Width, Lengths[n] * Width), 1, Lengths[n], isPadded: false);
            GradientCheck.SameBits(batch.AsSpan(n * width, alone.Length), alone, $"{name}, sample {n}");
        }
    }

    [Fact]
    public void Drawn_jumps_tell_the_probability_of_what_was_drawn()
    {
        JumpRnn layer = (JumpRnn)Make("jump lstm");
        Context context = new() { Decisions = Engine.Execution.Decisions.Relaxed, Mode = Mode.Train, Ledger = new DecisionLedger(), Progress = 0 };
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor output = layer.Forward(context, context.Workspace.RentCopy(new Shape(Samples, Length, Width), Inputs()), default, out Tensor read);
        Assert.Equal(new Shape(Samples, 9), output.Shape);
        DecisionRecord record = Assert.Single(context.Ledger.Records.ToArray());
        Assert.Equal(DecisionKind.Steps, record.Kind);
        Assert.Equal(read.ToArray(), record.Scores.ToArray());
        Assert.All(record.LogProbabilities.ToArray(), value => Assert.True(value < 0));
        tape.Backward(record.LogProbabilities, [1, 1, 1, 1]);
        Assert.NotEqual(-1, layer.NamedParameters().Find(pair => pair.Key == "jump.weight").Value.Gradient.Span.IndexOfAnyExcept(0f));
    }

    [Fact]
    public void The_number_of_updates_is_a_term_of_the_loss()
    {
        SkipRnn layer = (SkipRnn)Make("skip lstm");
        Context context = new() { Decisions = Engine.Execution.Decisions.Relaxed, Ledger = new DecisionLedger() };
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        _ = layer.Forward(context, context.Workspace.RentCopy(new Shape(Samples, Length, Width), Inputs()), context.Workspace.SelectFirst(Length, Lengths), default, out _, out Tensor updates);
        float sum = 0;
        foreach (float update in updates.Span)
        {
            sum += update;
        }

        LossTerm term = Assert.Single(context.Ledger.Terms.ToArray());
        Assert.Equal(SkipRnn.UpdatesTerm, term.Name);
        Assert.Equal(sum / Samples, term.Value.Span[0], 1e-5);
        Assert.InRange(sum, Samples, (13 + 5 + 1 + 9) - 1);
    }

    private static Layer Make(string name)
    {
        Layer layer = Makers[name]();
        layer.Initialize(new RandomSource(8));
        foreach ((string path, Parameter parameter) in layer.NamedParameters())
        {
            // Decisions that differ from step to step.
            if (path is "update.weight" or "gate.weight" or "jump.weight" or "scheduler.weight" or "halt.weight")
            {
                foreach (ref float value in parameter.Value.Span)
                {
                    value *= 6;
                }
            }
        }

        layer.AssignNumbers();
        return layer;
    }

    private static float[] Inputs()
    {
        float[] values = new float[Samples * Length * Width];
        new RandomSource(4).Stream("inputs").FillNormal(values, 0, 0);
        return values;
    }

    private static float[] Run(Context context, Layer layer, ReadOnlySpan<float> inputs, int samples, int length, bool isPadded)
    {
        Tensor input = context.Workspace.RentCopy(new Shape(samples, length, Width), inputs);
        Selection steps = isPadded ? context.Workspace.SelectFirst(length, Lengths) : default;
        return (layer switch
        {
            SkipRnn skip => skip.Forward(context, input, steps, default, out _, out _),
            SkimRnn skim => skim.Forward(context, input, steps),
            JumpRnn jump => jump.Forward(context, input, steps, out _),
            VariableComputationRnn variable => variable.Forward(context, input, steps),
            HierarchicalRnn hierarchical => hierarchical.Forward(context, input, steps),
            PonderRnn ponder => ponder.Forward(context, input, steps),
            _ => layer.Forward(context, input),
        }).ToArray();
    }
}
