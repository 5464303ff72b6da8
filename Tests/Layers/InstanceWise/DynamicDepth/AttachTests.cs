using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicDepth;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.Training.Objectives;
using Xunit;

namespace ManagedDyn.Tests.Layers.InstanceWise.DynamicDepth;

/// <summary>Classifiers attached to a network that is there already.</summary>
public class AttachTests
{
    private static readonly ResNetOptions Options = new() { Height = 8, Width = 8, InputChannels = 2, Classes = 3, Channels = [4, 6], Blocks = [2, 2] };

    [Fact]
    public void The_network_keeps_its_answer_bit_for_bit_and_gets_earlier_ones()
    {
        IntermediateClassifiers network = Trained();
        IntermediateClassifiers attached = IntermediateClassifiers.Attach(network, ["segment0.0", "segment0.2"]);
        attached.InitializeExits(new RandomSource(3));
        Assert.Equal(3, attached.StageCount);
        float[] before = Run(network)[0];
        float[][] after = Run(attached);
        Assert.Equal(before, after[2]);
        Assert.NotEqual(after[0], after[1]);
        Assert.Equal(network.StageMacs(0), attached.CumulativeMacs(2) - attached.Exits[0].CountMacs(new Shape(1, 8, 8, 4)) - attached.Exits[1].CountMacs(new Shape(1, 8, 8, 4)));
    }

    [Fact]
    public void A_frozen_trunk_keeps_weights_and_statistics_and_only_the_new_classifiers_learn()
    {
        IntermediateClassifiers attached = IntermediateClassifiers.Attach(Trained(), ["segment0.1"], freezesTrunk: true);
        attached.InitializeExits(new RandomSource(3));
        Dictionary<string, float[]> before = Values(attached);
        Context context = new() { Mode = Mode.Train, Decisions = ManagedDyn.Engine.Execution.Decisions.Relaxed };
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        StageState state = attached.CreateState();
        attached.Start(context, Input(attached), state);
        Tensor[] logits = [attached.Advance(context, state), attached.Advance(context, state)];
        Assert.Same(tape, context.Tape);
        tape.Backward(new MultiExitObjective().Compute(context, logits, [0, 2], new float[2]));
        foreach ((string path, Parameter parameter) in attached.NamedParameters())
        {
            Assert.Equal(before[path], parameter.Value.ToArray());
            Assert.Equal(path.StartsWith("exit0", StringComparison.Ordinal), parameter.Gradient.Exists);
        }

        // As inference computes them, also while training.
        Assert.Equal(Run(attached)[1], logits[1].ToArray());
    }

    [Fact]
    public void Paths_lead_through_sequences()
    {
        Sequential network = new(new Sequential(new Conv2d(2, 4, 3), new Conv2d(4, 4, 3)), new Conv2d(4, 5, 3, 2), new GlobalAveragePool(), new Linear(5, 3));
        IntermediateClassifiers attached = IntermediateClassifiers.Attach(new Shape(8, 8, 2), network, ["0.0", "0", "1"], pooledSize: 2);
        Assert.Equal(4, attached.StageCount);
        Assert.Equal(4 * 4 * 3, attached.Exits[0].CountMacs(new Shape(1, 8, 8, 4)));
        Assert.Equal(2 * 2 * 5 * 3, attached.Exits[2].CountMacs(new Shape(1, 4, 4, 5)));
    }

    [Theory]
    [InlineData("segment0.9")]
    [InlineData("segment0.2", "segment0.1")]
    [InlineData("segment0.4")]
    [InlineData("segment0.1", "segment0.1")]
    public void Paths_that_lead_nowhere_are_refused(params string[] paths)
    {
        ArgumentException exception = Assert.Throws<ArgumentException>(() => IntermediateClassifiers.Attach(Trained(), paths));
        Assert.Contains(paths[^1], exception.Message, StringComparison.Ordinal);
    }

    private static IntermediateClassifiers Trained()
    {
        IntermediateClassifiers network = ResNet.Create(Options);
        network.Initialize(new RandomSource(8));
        return network;
    }

    private static Dictionary<string, float[]> Values(Module module)
    {
        Dictionary<string, float[]> values = [];
        foreach ((string path, Parameter parameter) in module.NamedParameters())
        {
            values.Add(path, parameter.Value.ToArray());
        }

        return values;
    }

    private static float[][] Run(StagedNetwork network)
    {
        Context context = new();
        StageState state = network.CreateState();
        network.Start(context, Input(network), state);
        float[][] answers = new float[network.StageCount][];
        for (int stage = 0; stage < answers.Length; stage++)
        {
            answers[stage] = network.Advance(context, state).ToArray();
        }

        return answers;
    }

    private static Tensor Input(StagedNetwork network)
    {
        Tensor input = Tensor.Zeros(network.BatchShape(2));
        new RandomSource(5).Stream("input").FillNormal(input.Span, 0, 0);
        return input;
    }
}
