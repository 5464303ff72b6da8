using System;
using System.Collections.Generic;
using ManagedDyn.Bench.Peers;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.Training.Objectives;
using ManagedDyn.Layers.Training.Optimizers;

namespace ManagedDyn.Bench.Compare;

/// <summary>One training step of ours: forward, cross entropy, backward, stochastic gradient descent with momentum; one thread.</summary>
internal sealed class OurTraining
{
    private const float Rate = 0.01f;
    private const float Momentum = 0.9f;

    private readonly Context _context = new() { Mode = Mode.Train, Decisions = Decisions.Relaxed };
    private readonly StagedNetwork _network;
    private readonly Sgd _optimizer;
    private readonly MultiExitObjective _objective = new([1f]);
    private readonly Tensor _input;
    private readonly int[] _labels;
    private readonly float[] _losses = new float[1];
    private readonly StageState _state;

    private OurTraining(StagedNetwork network, int batch)
    {
        network.Initialize(new RandomSource(1));
        _network = network;
        _state = network.CreateState();
        _optimizer = new Sgd(network, Momentum);
        _input = Tensor.Zeros(network.BatchShape(batch));
        new RandomSource(2).Stream("input").FillNormal(_input.Span, 0, 0);
        _labels = new int[batch];
        for (int i = 0; i < batch; i++)
        {
            _labels[i] = i % network.ClassCount;
        }
    }

    public static OurTraining Cnn6(int batch)
    {
        List<Layer> layers = [];
        int inChannels = 3;
        foreach ((int outChannels, int stride) in TrainingShapes.Cnn6)
        {
            layers.Add(new ConvBlock(inChannels, outChannels, 3, stride));
            inChannels = outChannels;
        }

        layers.Add(new GlobalAveragePool());
        layers.Add(new Linear(inChannels, 10));
        return new OurTraining(new SingleStage(new Shape(32, 32, 3), new Sequential([.. layers])), batch);
    }

    public static OurTraining ResNet20(int batch)
    {
        int blocks = TrainingShapes.ResNet20Blocks;
        return new OurTraining(ResNet.Create(new ResNetOptions { Channels = TrainingShapes.ResNet20Channels, Blocks = [blocks, blocks, blocks] }), batch);
    }

    public static OurTraining Perceptron(int batch)
    {
        List<Layer> layers = [];
        ReadOnlySpan<int> sizes = TrainingShapes.Perceptron;
        for (int i = 0; i + 1 < sizes.Length; i++)
        {
            layers.Add(new Linear(sizes[i], sizes[i + 1]));
            if (i + 2 < sizes.Length)
            {
                layers.Add(new Activate(ActivationFunction.Relu));
            }
        }

        return new OurTraining(new SingleStage(new Shape(sizes[0]), new Sequential([.. layers])), batch);
    }

    public void Step()
    {
        _network.ClearGradients();
        using WorkspaceScope scope = _context.Workspace.Enter();
        using Tape tape = new(_context.Workspace);
        _context.Tape = tape;
        _network.Start(_context, _input, _state);
        Tensor loss = _objective.Compute(_context, [_network.Advance(_context, _state)], _labels, _losses);
        tape.Backward(loss);
        _context.Tape = null;
        _optimizer.Step(_context.Workers, Rate);
    }
}
