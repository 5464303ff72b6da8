using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.InstanceWise.DynamicDepth;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Static;
using Xunit;

namespace ManagedDyn.Tests.Layers.InstanceWise.DynamicDepth;

/// <summary>Networks that skip blocks: both forms agree bit for bit, and open or closed they are what they should be.</summary>
public class GatedResNetTests
{
    private const int Samples = 8;
    private static readonly ResNetOptions Backbone = new() { Height = 10, Width = 12, InputChannels = 2, Classes = 4, Channels = [5, 8], Blocks = [3, 3] };

    public static TheoryData<SkippingMethod> Methods() => [.. Enum.GetValues<SkippingMethod>()];

    [Theory]
    [MemberData(nameof(Methods))]
    public void Relaxed_with_hard_weights_equals_inference_bit_for_bit(SkippingMethod method)
    {
        StagedNetwork network = Make(method, 0.02f, new SigmoidRelaxation());
        Context context = new() { Decisions = ManagedDyn.Engine.Execution.Decisions.Relaxed };
        float[] relaxed = Run(context, network);
        context.Decisions = ManagedDyn.Engine.Execution.Decisions.Hard;
        context.Meter = new ComputeMeter();
        context.Meter.Begin(Samples);
        Assert.Equal(relaxed, Run(context, network));
        long least = long.MaxValue;
        long most = 0;
        for (int n = 0; n < Samples; n++)
        {
            least = Math.Min(least, context.Meter.ExecutedMacs(n));
            most = Math.Max(most, context.Meter.ExecutedMacs(n));
            Assert.Equal(network.CumulativeMacs(0), context.Meter.DenseMacs(n));
        }

        Assert.True(least < network.CumulativeMacs(0), "Nothing was skipped: the test shows nothing.");
        Assert.True(least < most || method is not (SkippingMethod.FeedForward or SkippingMethod.Policy), "All samples ran the same blocks.");
    }

    [Theory]
    [InlineData(SkippingMethod.FeedForward)]
    [InlineData(SkippingMethod.Recurrent)]
    [InlineData(SkippingMethod.Pooled)]
    [InlineData(SkippingMethod.Policy)]
    public void Open_it_is_the_static_network_and_closed_what_remains_of_it(SkippingMethod method)
    {
        IntermediateClassifiers whole = ResNet.Create(Backbone);
        whole.Initialize(new RandomSource(4));
        float[] expected = Run(new Context(), whole);
        Assert.Equal(expected, Run(new Context(), Make(method, 60, null)));

        // Blocks that change size or width are all that runs: one in the second group.
        Context context = new() { Meter = new ComputeMeter() };
        context.Meter.Begin(Samples);
        StagedNetwork closed = Make(method, -60, null);
        float[] skipped = Run(context, closed);
        Sequential least = new(Block(whole, 0), Block(whole, 4));
        Tensor rest = whole.Exits[0].Forward(context, least.Forward(new Context(), Input(closed)));
        Assert.Equal(rest.ToArray(), skipped);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void The_same_step_draws_the_same_decisions_and_another_step_others(SkippingMethod method)
    {
        StagedNetwork network = Make(method, 0, new BernoulliActionRelaxation());
        Context context = new(null, new RandomSource(5)) { Mode = Mode.Evaluate, Decisions = ManagedDyn.Engine.Execution.Decisions.Relaxed, Step = 41, Progress = 0.9 };
        float[] first = Run(context, network);
        Context resumed = new(null, new RandomSource(5)) { Mode = Mode.Evaluate, Decisions = ManagedDyn.Engine.Execution.Decisions.Relaxed, Step = 41, Progress = 0.9 };
        Assert.Equal(first, Run(resumed, network));
        resumed.Step = 42;
        bool isRandom = method != SkippingMethod.Halting;
        Assert.Equal(isRandom, !first.AsSpan().SequenceEqual(Run(resumed, network)));
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Every_decision_is_in_the_ledger_with_its_cost(SkippingMethod method)
    {
        StagedNetwork network = Make(method, 0.5f, new BernoulliActionRelaxation(0.9f));
        DecisionLedger ledger = new();
        Context context = new() { Ledger = ledger, Mode = Mode.Train, Decisions = ManagedDyn.Engine.Execution.Decisions.Relaxed, Step = 2 };
        ledger.Begin();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Run(context, network);
        Assert.Equal(method == SkippingMethod.Halting ? 6 : 5, ledger.Records.Length);
        foreach (DecisionRecord record in ledger.Records)
        {
            Assert.Equal(Samples, record.Rows);
            Assert.Equal(new Shape(Samples), record.Scores.Shape);
            Assert.True(record.UnitMacs > 0);
            Assert.Equal(method != SkippingMethod.Halting, record.LogProbabilities.Exists);
        }
    }

    [Fact]
    public void Options_that_make_no_network_are_refused()
    {
        Assert.Throws<ArgumentException>(() => GatedResNet.Create(new GatedResNetOptions { Backbone = Backbone with { HasIntermediateClassifiers = true } }));
        Assert.Throws<ArgumentException>(() => GatedResNet.Create(new GatedResNetOptions { Backbone = Backbone, GateConvolutions = 3 }));
        Assert.Throws<ArgumentException>(() => GatedResNet.Create(new GatedResNetOptions { Backbone = Backbone, Openness = float.NaN }));
        Assert.Throws<ArgumentException>(() => SdnResNet.Create(new SdnResNetOptions { Backbone = Backbone, After = [2, 2] }));
        Assert.Throws<ArgumentException>(() => SdnResNet.Create(new SdnResNetOptions { Backbone = Backbone, After = [6] }));
        Assert.Throws<ArgumentException>(() => new GatedSequence([new Conv2d(2, 2, 3)], [true], new ManagedDyn.Layers.Decisions.Gates.SeparateGates()));
    }

    private static Layer Block(IntermediateClassifiers network, int index) => ((Sequential)network.Segments[0])[index];

    private static IntermediateClassifiers Make(SkippingMethod method, float openness, BinaryRelaxation? relaxation)
    {
        IntermediateClassifiers network = GatedResNet.Create(new GatedResNetOptions { Backbone = Backbone, Method = method, Openness = openness, HaltingStart = 0.6f }, relaxation);
        network.Initialize(new RandomSource(4));
        return network;
    }

    private static float[] Run(Context context, StagedNetwork network)
    {
        StageState state = network.CreateState();
        network.Start(context, Input(network), state);
        return network.Advance(context, state).ToArray();
    }

    private static Tensor Input(StagedNetwork network)
    {
        Tensor input = Tensor.Zeros(network.BatchShape(Samples));
        new RandomSource(5).Stream("input").FillNormal(input.Span, 0, 0);
        return input;
    }
}
