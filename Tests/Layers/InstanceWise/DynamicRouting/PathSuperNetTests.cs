using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicRouting;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.InstanceWise.DynamicRouting;

public sealed class PathSuperNetTests
{
    private static readonly int[][] Candidates = [[0, 2, 4], [0, 3], [3, 6]];

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(2, 1, 1)]
    [InlineData(1, 0, 1)]
    public void Sure_choices_give_the_same_mixed_and_alone_and_cost_what_is_picked(int first, int second, int third)
    {
        PathSuperNet network = new(2, 3, [4, 4, 6], Candidates, controllerChannels: 4);
        network.Initialize(new RandomSource(4));
        network.AssignNumbers();
        int[] picked = [first, second, third];
        PickForAll(network, picked);

        Tensor input = Tensor.From(new Shape(3, 9, 8, 2), GradientCheck.Values(432, 5));
        double[] mixed = Array.ConvertAll(network.Forward(new Context { Decisions = Engine.Execution.Decisions.Relaxed }, input).ToArray(), value => (double)value);
        Context context = new() { Meter = new ComputeMeter() };
        context.Meter.Begin(3);
        GradientCheck.Near(mixed, network.Forward(context, input).Span, 1e-4, "one path");

        long most = 0;
        long own = 0;
        Shape shape = new(1, 9, 8, 4);
        for (int cell = 0; cell < picked.Length; cell++)
        {
            long costliest = 0;
            for (int j = 0; j < Candidates[cell].Length; j++)
            {
                costliest = Math.Max(costliest, Candidate(network, cell, j).CountMacs(shape));
            }

            most += costliest;
            own += Candidate(network, cell, picked[cell]).CountMacs(shape);
            shape = Candidate(network, cell, 0).OutputShape(shape);
        }

        long whole = network.CountMacs(input.Shape.With(0, 1));
        Assert.Equal(whole, context.Meter.DenseMacs(1));
        Assert.Equal(whole - most + own, context.Meter.ExecutedMacs(1));
    }

    [Fact]
    public void Training_begins_with_random_paths_that_the_controller_learns_nothing_from()
    {
        PathSuperNet network = new(2, 3, [4, 4, 6], Candidates, controllerChannels: 4, oneShotShare: 0.5);
        network.Initialize(new RandomSource(4));
        network.AssignNumbers();
        Assert.False(Teaches(network, 0.4));
        Assert.True(Teaches(network, 0.6));
    }

    [Fact]
    public void Statistics_of_a_candidate_are_those_of_the_samples_that_took_it()
    {
        PathSuperNet network = new(2, 3, [4, 4, 6], Candidates, controllerChannels: 4, oneShotShare: 0.5);
        network.Initialize(new RandomSource(4));
        network.AssignNumbers();
        PickForAll(network, [1, 1, 0]);
        Context context = new() { Decisions = Engine.Execution.Decisions.Relaxed, Mode = Mode.Train, Progress = 0.9 };
        network.Forward(context, Tensor.From(new Shape(4, 9, 8, 2), GradientCheck.Values(576, 6)));
        Assert.True(context.ActiveSamples.IsAll);
        Assert.True(HasSeen(network, "layer0_candidate1.first"));
        Assert.False(HasSeen(network, "layer0_candidate2.first"));
        Assert.True(HasSeen(network, "layer2_candidate0.first"));
        Assert.False(HasSeen(network, "layer2_candidate1.first"));
    }

    private static bool HasSeen(PathSuperNet network, string block) => Find(network, block + ".norm.running_mean").Value.Span.IndexOfAnyExcept(0f) >= 0;

    private static void PickForAll(PathSuperNet network, int[] picked)
    {
        Span<float> bias = Find(network, "controller.output.bias").Value.Span;
        Find(network, "controller.output.weight").Value.Span.Clear();
        int place = 0;
        for (int cell = 0; cell < picked.Length; cell++)
        {
            bias[place + picked[cell]] = 60;
            place += Candidates[cell].Length;
        }
    }

    private static bool Teaches(PathSuperNet network, double progress)
    {
        network.ClearGradients();
        Context context = new() { Decisions = Engine.Execution.Decisions.Relaxed, Mode = Mode.Train, Progress = progress };
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor output = network.Forward(context, Tensor.From(new Shape(4, 9, 8, 2), GradientCheck.Values(576, 6)));
        tape.Backward(output, GradientCheck.Values(output.Count, 7));
        Tensor gradient = Find(network, "controller.output.bias").Gradient;
        return gradient.Exists && gradient.Span.IndexOfAnyExcept(0f) >= 0;
    }

    private static Layer Candidate(PathSuperNet network, int cell, int candidate)
    {
        foreach ((string name, Module module) in network.Children)
        {
            if (name == $"layer{cell}_candidate{candidate}")
            {
                return (Layer)module;
            }
        }

        throw new ArgumentException($"There is no candidate {candidate} in layer {cell}.");
    }

    private static Parameter Find(Module module, string path) => module.NamedParameters().Find(pair => pair.Key == path).Value;
}
