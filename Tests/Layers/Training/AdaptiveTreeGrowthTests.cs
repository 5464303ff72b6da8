using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.InstanceWise.DynamicRouting;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Training;
using Xunit;

namespace ManagedDyn.Tests.Layers.Training;

public sealed class AdaptiveTreeGrowthTests
{
    [Fact]
    public void A_tree_grows_while_validation_gains_and_is_the_same_again()
    {
        List<(int Leaves, double Loss)> steps = [];
        SingleStage grown = Grow((options, loss) => steps.Add((TreeNodeShape.Parse(options.Nodes).LeafCount, loss)));
        for (int i = 1; i < steps.Count - 1; i++)
        {
            Assert.True(steps[i].Loss <= steps[i - 1].Loss, $"Step {i} went from a loss of {steps[i - 1].Loss} to {steps[i].Loss}.");
            Assert.InRange(steps[i].Leaves, steps[i - 1].Leaves, Math.Min(3, steps[i - 1].Leaves + 1));
        }

        AdaptiveTreeOptions options = Assert.IsType<AdaptiveTreeOptions>(grown.Recipe);
        Assert.True(options.Nodes.Length > 1 || options.Nodes[0] > 1, "Nothing grew.");
        Assert.Equal(TrainingRig.Weights(grown), TrainingRig.Weights(Grow(null)));
        foreach ((string path, Engine.Autograd.Parameter parameter) in grown.NamedParameters())
        {
            Assert.True(parameter.IsTrainable != parameter.IsState, $"{path} was left held fast.");
        }
    }

    private static SingleStage Grow(Action<AdaptiveTreeOptions, double>? progress)
    {
        AdaptiveTreeGrowthOptions options = new() { MostLeaves = 3, MostSteps = 4, LocalEpochs = 2, RefinementEpochs = 2 };
        AdaptiveTreeOptions start = new() { Height = 8, Width = 8, InputChannels = 1, Classes = 4, Channels = 4, RouterChannels = 4, Reductions = 1, Nodes = [1] };
        return new AdaptiveTreeGrowth(new Stripes(96, 1), new Stripes(48, 2), options).Grow(start, progress, TestContext.Current.CancellationToken);
    }

    // Lines in four directions, in noise.
    private sealed class Stripes(int count, ulong seed) : IBatchSource
    {
        private const int Batch = 24;

        public Shape SampleShape => new(8, 8, 1);

        public int ClassCount => 4;

        public int BatchCount => count / Batch;

        public int CountOf(int batch) => Batch;

        public void Fill(long epoch, int batch, Span<float> samples, Span<int> labels, Span<int> sampleIds = default)
        {
            RandomStream noise = new RandomSource(seed).Stream("stripes");
            for (int row = 0; row < labels.Length; row++)
            {
                int sample = (batch * Batch) + row;
                labels[row] = sample % 4;
                for (int i = 0; i < 64; i++)
                {
                    int along = labels[row] switch { 0 => i / 8, 1 => i % 8, 2 => (i / 8) + (i % 8), _ => 8 + (i / 8) - (i % 8) };
                    samples[(row * 64) + i] = (((along + sample) / 2) % 2) + (0.3f * noise.Normal(0, sample, i));
                }
            }
        }
    }
}
