using System;
using System.Linq;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Tests.Laws;
using Xunit;

namespace ManagedDyn.Tests.Layers.Models;

/// <summary>What holds for every staged model: costs as metered, and the frozen form equal to the one that is trained.</summary>
public class StagedModelTests
{
    public static TheoryData<string> Names() => StagedNetworks.Names();

    [Theory]
    [MemberData(nameof(Names))]
    public void Metered_macs_are_those_that_the_network_tells(string name)
    {
        StagedNetwork network = StagedNetworks.Make(name);
        Context context = new() { Meter = new ComputeMeter(), Ledger = new DecisionLedger { KeepsChoices = true } };
        Tensor input = Input(network, 3);
        StageState state = network.CreateState();
        context.Meter.Begin(3);
        network.Start(context, input, state);
        for (int stage = 0; stage < network.StageCount; stage++)
        {
            network.Advance(context, state);
            for (int sample = 0; sample < 3; sample++)
            {
                // A network that decides may leave some out, and then it has told what; its rules' own work may be counted beside.
                DecisionChoice[] choices = [.. context.Ledger.Choices.ToArray().Where(choice => choice.Sample == sample)];
                bool skips = choices.Any(choice => choice.Count < choice.Universe);
                long executed = context.Meter.ExecutedMacs(sample);
                Assert.True(executed == network.CumulativeMacs(stage) || (skips && executed < network.CumulativeMacs(stage)), $"{executed} of {network.CumulativeMacs(stage)} MACs, skips {skips}.");
                long dense = context.Meter.DenseMacs(sample);
                Assert.True(dense == network.CumulativeMacs(stage) || (choices.Length > 0 && dense > network.CumulativeMacs(stage)), $"{dense} dense MACs; expected {network.CumulativeMacs(stage)}.");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Freezing_changes_no_bit(string name)
    {
        StagedNetwork network = StagedNetworks.Make(name);
        float[][] before = Run(network, 2);
        network.Freeze(Limits.Default);
        float[][] after = Run(network, 2);
        for (int stage = 0; stage < before.Length; stage++)
        {
            Assert.Equal(before[stage], after[stage]);
        }
    }

    [Fact]
    public void A_frozen_network_cannot_be_trained_or_initialised()
    {
        StagedNetwork network = StagedNetworks.Make("msdnet");
        network.Freeze(Limits.Default);
        Assert.Throws<InvalidOperationException>(() => network.Initialize(new RandomSource(1)));
        Context context = new() { Mode = Mode.Train };
        StageState state = network.CreateState();
        network.Start(context, Input(network, 2), state);
        Assert.Throws<InvalidOperationException>(() => network.Advance(context, state));
    }

    // The tiny networks of the laws compute without operators, so no tape can follow them.
    [Theory]
    [InlineData("msdnet")]
    [InlineData("resnet with intermediate classifiers")]
    [InlineData("cascade of resnets")]
    public void Every_trained_parameter_gets_a_gradient(string name)
    {
        StagedNetwork network = StagedNetworks.Make(name);
        Context context = new() { Mode = Mode.Train };
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        StageState state = network.CreateState();
        network.Start(context, Input(network, 4), state);
        Tensor[] logits = new Tensor[network.StageCount];
        for (int stage = 0; stage < logits.Length; stage++)
        {
            logits[stage] = network.Advance(context, state).Reshape(new Shape(4, network.ClassCount));
        }

        Tensor all = context.Concat(0, logits);
        float[] weights = new float[all.Count];
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = ((i * 7) % 11) - 4.7f;
        }

        tape.Backward(all, weights);
        foreach ((string path, Parameter parameter) in network.NamedParameters())
        {
            if (!parameter.IsState)
            {
                Assert.True(parameter.Gradient.Exists, path);
                Assert.Contains(parameter.Gradient.ToArray(), value => value != 0);
            }
        }
    }

    private static float[][] Run(StagedNetwork network, int samples)
    {
        Context context = new();
        StageState state = network.CreateState();
        network.Start(context, Input(network, samples), state);
        float[][] logits = new float[network.StageCount][];
        for (int stage = 0; stage < logits.Length; stage++)
        {
            logits[stage] = network.Advance(context, state).ToArray();
        }

        return logits;
    }

    private static Tensor Input(StagedNetwork network, int samples)
    {
        Tensor input = Tensor.Zeros(network.BatchShape(samples));
        new RandomSource(5).Stream("input").FillNormal(input.Span, 0, 0);
        return input;
    }
}
