using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicRouting;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.InstanceWise.DynamicRouting;

public sealed class ScaleRoutingTests
{
    private const int Samples = 12;
    private static readonly Shape Batch = new(Samples, 6, 7, 4);

    [Fact]
    public void Open_gates_run_everything()
    {
        ScaleRoutingGrid grid = Make(3);
        ComputeMeter meter = Run(grid, Input(1), out _, out _);
        long dense = grid.CountMacs(Batch.With(0, 1));
        for (int sample = 0; sample < Samples; sample++)
        {
            Assert.Equal(dense, meter.ExecutedMacs(sample));
            Assert.Equal(dense, meter.DenseMacs(sample));
        }
    }

    [Fact]
    public void Closed_gates_let_inputs_pass_at_their_scale()
    {
        const int Channels = 4;
        ScaleRoutingGrid grid = Make(-30);
        Tensor input = Input(2);
        ComputeMeter meter = Run(grid, input, out float[] output, out _);
        int width = output.Length / Samples;
        for (int i = 0; i < output.Length; i++)
        {
            Assert.Equal(i % width >= Channels, output[i] == 0);
        }

        // The gates of the two layers that decide, and the cell of the last.
        Assert.Equal((2 * ((4 * 4) + (4 * 3))) + new ResidualBlock(Channels, Channels).CountMacs(Batch.With(0, 1)), meter.ExecutedMacs(0));
        Assert.Equal(grid.CountMacs(Batch.With(0, 1)), meter.DenseMacs(0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Samples_that_part_ways_are_the_same_alone_and_cost_what_their_records_say(int seed)
    {
        ScaleRoutingGrid grid = Make(0, seed);
        Tensor input = Input(seed);
        ComputeMeter meter = Run(grid, input, out float[] output, out DecisionLedger ledger);
        bool differs = false;
        long dense = grid.CountMacs(Batch.With(0, 1));
        int length = Batch.ProductFrom(1);
        int width = output.Length / Samples;
        for (int sample = 0; sample < Samples; sample++)
        {
            Tensor alone = Tensor.From(Batch.With(0, 1), input.Span.Slice(sample * length, length).ToArray());
            ComputeMeter single = Run(grid, alone, out float[] one, out _);
            GradientCheck.SameBits(output.AsSpan(sample * width, width), one, $"sample {sample}");
            Assert.Equal(single.ExecutedMacs(0), meter.ExecutedMacs(sample));
            Assert.Equal(dense, meter.DenseMacs(sample));
            Assert.InRange(meter.ExecutedMacs(sample), 1, dense);
            differs |= meter.ExecutedMacs(sample) != meter.ExecutedMacs(0);
        }

        Assert.True(differs, "All samples went the same way; the test says nothing.");
        foreach (DecisionChoice choice in ledger.Choices)
        {
            Assert.True(choice.Kind != DecisionKind.Branches || choice.Score >= 0, $"Layer {choice.Layer} has score {choice.Score}.");
        }
    }

    [Fact]
    public void Warm_inference_with_parted_samples_allocates_nothing()
    {
        ScaleRoutingGrid grid = Make(0, 2);
        grid.Freeze(Limits.Default);
        Context context = new() { Meter = new ComputeMeter() };
        Tensor input = Input(2);
        AllocationAssert.None(() =>
        {
            context.Meter!.Begin(Samples);
            using WorkspaceScope scope = context.Workspace.Enter();
            _ = grid.Forward(context, input);
        });
    }

    [Fact]
    public void The_finest_scale_comes_first_and_scales_that_cannot_be_reached_are_not_there()
    {
        Assert.Equal(new Shape(2, 4), new ScaleRoutingGrid(1, 4, 6, 8).OutputShape(new Shape(2, 5, 5, 4)));
        Assert.Equal(new Shape(2, 18), new ScaleRoutingGrid(3, 4, 6, 8).OutputShape(new Shape(2, 5, 5, 4)));
        Assert.Throws<ArgumentException>(() => new ScaleRoutingGrid(3, 4).OutputShape(new Shape(2, 5, 5, 3)));
        Assert.Throws<ArgumentException>(() => new ScaleRoutingGrid(3));
    }

    private static ScaleRoutingGrid Make(float bias, int seed = 1)
    {
        ScaleRoutingGrid grid = new(3, 4, 6);
        grid.Initialize(new RandomSource((ulong)seed));
        foreach ((string path, Parameter parameter) in grid.NamedParameters())
        {
            if (path.EndsWith("gate_bias", StringComparison.Ordinal))
            {
                parameter.Value.Span.Fill(bias);
            }
            else if (path.EndsWith("gate.weight", StringComparison.Ordinal))
            {
                foreach (ref float value in parameter.Value.Span)
                {
                    value *= 4;
                }
            }
        }

        grid.AssignNumbers();
        return grid;
    }

    private static Tensor Input(int seed)
    {
        float[] values = GradientCheck.Values(Batch.Count, seed, 1);
        int length = Batch.ProductFrom(1);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] += MathF.Sin((i / length) + (i % 4));
        }

        return Tensor.From(Batch, values);
    }

    private static ComputeMeter Run(ScaleRoutingGrid grid, Tensor input, out float[] output, out DecisionLedger ledger)
    {
        ComputeMeter meter = new();
        meter.Begin(input.Shape[0]);
        ledger = new DecisionLedger { KeepsChoices = true };
        ledger.Begin();
        Context context = new() { Meter = meter, Ledger = ledger };
        output = grid.Forward(context, input).ToArray();
        return meter;
    }
}
