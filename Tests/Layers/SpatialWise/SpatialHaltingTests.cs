using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.SpatialWise.PixelLevel;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.SpatialWise;

/// <summary>Pixels that halt, against the form in which everything runs.</summary>
public class SpatialHaltingTests
{
    [Fact]
    public void What_a_sample_costs_does_not_depend_on_who_goes_on_beside_it()
    {
        SpatialHalting group = new(6, 8, 4, 1, start: 0);
        group.Initialize(new RandomSource(5));
        group.AssignNumbers();
        Tensor input = Tensor.Zeros(new Shape(12, 3, 3, 6));
        RandomStream stream = new RandomSource(8).Stream("x");
        for (int sample = 0; sample < 12; sample++)
        {
            // From dull to loud: some halt at once, others never.
            stream.FillNormal(input.Rows(sample, 1).Span, 0, sample);
            foreach (ref float value in input.Rows(sample, 1).Span)
            {
                value *= sample;
            }
        }

        ComputeMeter meter = new();
        meter.Begin(12);
        _ = group.Forward(new Context { Accuracy = Accuracy.Exact, Meter = meter }, input);
        HashSet<long> costs = [];
        for (int sample = 0; sample < 12; sample++)
        {
            ComputeMeter own = new();
            own.Begin(1);
            _ = group.Forward(new Context { Accuracy = Accuracy.Exact, Meter = own }, input.Rows(sample, 1));
            Assert.Equal((own.ExecutedMacs(0), own.DenseMacs(0)), (meter.ExecutedMacs(sample), meter.DenseMacs(sample)));
            Assert.Equal(group.CountMacs(new Shape(1, 3, 3, 6)), own.DenseMacs(0));
            costs.Add(own.ExecutedMacs(0));
        }

        Assert.True(costs.Count > 1);
    }

    [Theory]
    [InlineData(1, 4, -0.5f)]
    [InlineData(2, 3, 0f)]
    [InlineData(1, 5, -2f)]
    [InlineData(1, 3, 6f)]
    public void Halting_for_real_gives_the_bits_of_the_training_form(int stride, int units, float start)
    {
        foreach (bool isFrozen in new[] { false, true })
        {
            SpatialHalting group = new(6, 8, units, stride, start: start);
            group.Initialize(new RandomSource(5));
            group.AssignNumbers();
            Tensor input = Tensor.Zeros(new Shape(3, 9, 10, 6));
            new RandomSource(8).Stream("x").FillNormal(input.Span, 0, 0);
            float[] relaxed = group.Forward(new Context { Accuracy = Accuracy.Exact, Decisions = Engine.Execution.Decisions.Relaxed }, input).ToArray();
            if (isFrozen)
            {
                group.Freeze(Limits.Default);
                relaxed = group.Forward(new Context { Accuracy = Accuracy.Exact, Decisions = Engine.Execution.Decisions.Relaxed }, input).ToArray();
            }

            ComputeMeter meter = new();
            meter.Begin(3);
            float[] hard = group.Forward(new Context { Accuracy = Accuracy.Exact, Meter = meter }, input).ToArray();
            GradientCheck.SameBits(relaxed, hard, $"frozen {isFrozen}");
            for (int sample = 0; sample < 3; sample++)
            {
                Assert.InRange(meter.ExecutedMacs(sample), 1, group.CountMacs(new Shape(1, 9, 10, 6)));
                if (start > 5)
                {
                    // Everything halts after the first unit: what the others would cost is not spent.
                    Assert.True(meter.ExecutedMacs(sample) < group.CountMacs(new Shape(1, 9, 10, 6)) * 2 / 3);
                }
            }
        }
    }

    [Fact]
    public void The_ponder_cost_is_a_term_of_the_loss()
    {
        SpatialHalting group = new(3, 3, 3, start: -20);
        group.Initialize(new RandomSource(5));
        Context context = new() { Decisions = Engine.Execution.Decisions.Relaxed, Ledger = new DecisionLedger() };
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        _ = group.Forward(context, Tensor.Zeros(new Shape(1, 4, 4, 3)));
        Assert.Equal(1, context.Ledger.Terms.Length);
        Assert.Equal("ponder", context.Ledger.Terms[0].Name);
        Assert.Equal(4f, context.Ledger.Terms[0].Value.Span[0], 4);
    }
}
