using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicDepth;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.Training.Objectives;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.Mechanisms;

public sealed class ExitGradientsTests
{
    private const int Exits = 3;
    private const int Samples = 5;
    private const int Classes = 4;
    private static readonly int[] Labels = [0, 1, 2, 3, 1];

    // With r exits behind a segment, itself included, equilibrium gives it the mean of their gradients: the sum over r.
    [Fact]
    public void Equilibrium_gives_each_segment_the_mean_of_the_exits_behind_it()
    {
        IntermediateClassifiers network = Make(0);
        float[][] sums = Gradients(network, ExitGradients.Sum, [1, 1, 1]);
        float[][] means = Gradients(network, ExitGradients.Equilibrium, [1, 1, 1]);
        int index = 0;
        foreach ((string path, Parameter _) in network.NamedParameters())
        {
            float factor = path.StartsWith("segment", StringComparison.Ordinal) ? 1f / (Exits - (path[7] - '0')) : 1;
            GradientCheck.Near(Array.ConvertAll(sums[index], value => (double)value * factor), means[index], 1e-5, path);
            index++;
        }
    }

    [Fact]
    public void The_last_exit_alone_trains_the_trunk_when_asked_for()
    {
        IntermediateClassifiers network = Make(0);
        float[][] sums = Gradients(network, ExitGradients.Sum, [1, 1, 1]);
        float[][] last = Gradients(network, ExitGradients.Sum, [0, 0, 1]);
        float[][] found = Gradients(network, ExitGradients.LastOnly, [1, 1, 1]);
        int index = 0;
        foreach ((string path, Parameter _) in network.NamedParameters())
        {
            float[] expected = path.StartsWith("segment", StringComparison.Ordinal) ? last[index] : sums[index];
            GradientCheck.Near(Array.ConvertAll(expected, value => (double)value), found[index], 1e-6, path);
            index++;
        }
    }

    [Fact]
    public void Carried_answers_are_added_up_and_take_no_gradient()
    {
        const float Carry = 0.5f;
        IntermediateClassifiers plain = Make(0);
        IntermediateClassifiers boosted = Make(Carry);
        Tensor[] alone = Answers(plain, new Context());
        Tensor[] added = Answers(boosted, new Context());
        float[] carried = new float[Samples * Classes];
        for (int exit = 0; exit < Exits; exit++)
        {
            for (int i = 0; i < carried.Length; i++)
            {
                carried[i] = alone[exit].Span[i] + (Carry * carried[i]);
                Assert.Equal(carried[i], added[exit].Span[i], 1e-6f);
            }
        }

        // The loss of the last exit alone: the exits before it have no part in its gradient.
        float[][] gradients = Gradients(boosted, ExitGradients.Sum, [0, 0, 1]);
        int index = 0;
        foreach ((string path, Parameter _) in boosted.NamedParameters())
        {
            bool isEarlier = path.StartsWith("exit0", StringComparison.Ordinal) || path.StartsWith("exit1", StringComparison.Ordinal);
            Assert.Equal(isEarlier, Array.TrueForAll(gradients[index], value => value == 0));
            index++;
        }
    }

    private static Tensor[] Answers(IntermediateClassifiers network, Context context)
    {
        StageState state = network.CreateState();
        network.Start(context, Tensor.From(new Shape(Samples, 6), GradientCheck.Values(Samples * 6, 3)), state);
        Tensor[] answers = new Tensor[Exits];
        for (int exit = 0; exit < Exits; exit++)
        {
            answers[exit] = network.Advance(context, state);
        }

        return answers;
    }

    private static float[][] Gradients(IntermediateClassifiers network, ExitGradients mode, float[] weights)
    {
        network.ClearGradients();
        network.ExitGradients = mode;
        Context context = new();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        tape.Backward(new MultiExitObjective(weights).Compute(context, Answers(network, context), Labels, new float[Exits]));
        return network.NamedParameters().ConvertAll(pair => pair.Value.Gradient.Exists ? pair.Value.Gradient.ToArray() : new float[pair.Value.Shape.Count]).ToArray();
    }

    private static IntermediateClassifiers Make(float carry)
    {
        Layer[] segments = new Layer[Exits];
        Layer[] exits = new Layer[Exits];
        for (int i = 0; i < Exits; i++)
        {
            segments[i] = new Sequential(new Linear(6, 6), new Activate(ActivationFunction.Tanh));
            exits[i] = new Linear(6, Classes);
        }

        IntermediateClassifiers network = new(new Shape(6), segments, exits) { ExitCarry = carry };
        network.Initialize(new RandomSource(4));
        return network;
    }
}
