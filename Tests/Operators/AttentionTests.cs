using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.Kernels.Convolution;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public sealed class AttentionTests
{
    [Theory]
    [InlineData(1, 5, 5, 8, 1, false)]
    [InlineData(3, 7, 13, 12, 3, false)]
    [InlineData(2, 40, 40, 32, 4, true)]
    public void SelectedKeysHaveTheBitsOfAllKeysOfWhichTheOthersGetNoWeight(int samples, int length, int memory, int width, int heads, bool isCausal)
    {
        Tensor query = Values(1, samples, length, width);
        Tensor source = Values(2, samples, memory, width);
        Tensor inputWeight = Values(3, 3 * width, width);
        Tensor inputBias = Values(4, 3 * width);
        Tensor outputWeight = Values(5, width, width);
        Context context = new();
        bool[] mask = new bool[samples * memory];
        for (int i = 0; i < mask.Length; i++)
        {
            // The first key is always there, so that a causal query has one.
            mask[i] = i % memory == 0 || (i * 7 % 5) < 2;
        }

        Selection keys = context.Workspace.SelectMask(samples, memory, mask);
        Tensor found = context.MultiHeadAttention(
            query, source, inputWeight, inputBias, outputWeight, default, heads, out Tensor weights, keys, isCausal);
        Tape.Watch(query);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor expected = context.MultiHeadAttention(
            query, source, inputWeight, inputBias, outputWeight, default, heads, out Tensor expectedWeights, keys, isCausal);
        Assert.Equal(expectedWeights.ToArray(), weights.ToArray());
        Assert.Equal(expected.ToArray(), found.ToArray());
    }

    [Fact]
    public void OnlySelectedKeysAreCounted()
    {
        const int Memory = 10;
        Tensor query = Values(1, 1, 4, 8);
        Tensor source = Values(2, 1, Memory, 8);
        ComputeMeter meter = new();
        meter.Begin(1);
        Context context = new() { Meter = meter };
        Selection keys = context.Workspace.Select(Memory, [0, 3], [1, 4, 9]);
        context.MultiHeadAttention(query, source, Values(3, 24, 8), default, Values(4, 8, 8), default, 2, out _, keys);

        // Queries and outputs, keys and values, scores and mixing.
        long Macs(int count) => (2 * 4 * 64) + (2 * count * 64) + (2 * 4 * count * 8);
        Assert.Equal(Macs(3), meter.ExecutedMacs(0));
        Assert.Equal(Macs(Memory), meter.DenseMacs(0));
    }

    private static Tensor Values(int seed, params ReadOnlySpan<int> extents)
    {
        Shape shape = new(extents.ToArray());
        return Tensor.From(shape, ConvolutionCases.Values(shape.Count, seed));
    }
}
