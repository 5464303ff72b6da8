using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Operators;

/// <summary>Warm inference allocates nothing on any thread.</summary>
[Collection(AloneCollection.Name)]
public sealed class ElementAllocationTests
{
    private static readonly int[] Few = [1, 2];
    private readonly Tensor _images = Tensor.From(new Shape(4, 40, 40, 16), OperatorCheck.Values(4 * 40 * 40 * 16, 1));
    private readonly Tensor _channels = Tensor.From(new Shape(4, 1, 1, 16), OperatorCheck.Values(64, 2));

    [Fact]
    public void Of_elementwise_operators() => Check(context => context.Gelu(context.Add(context.Relu(_images), context.Multiply(_images, _channels))));

    [Fact]
    public void Of_joining() => Check(context => context.Concat(-1, _images, _images));

    [Fact]
    public void Of_cutting() => Check(context => context.Slice(_images, 3, 4, 8));

    [Fact]
    public void Of_changing_layout() => Check(context => context.Flatten(_images));

    [Fact]
    public void Of_resizing() => Check(context => context.Resize(_images, 20, 20));

    [Fact]
    public void Of_samples() => Check(context =>
    {
        Selection few = context.Workspace.Select(4, Few);
        context.ScatterSamples(context.GatherSamples(_images, few), few, _images);
    });

    [Fact]
    public void Of_pixels()
    {
        bool[] mask = new bool[4 * 1600];
        for (int i = 0; i < mask.Length; i += 3)
        {
            mask[i] = true;
        }

        Check(context =>
        {
            Selection pixels = context.Workspace.SelectMask(4, 1600, mask);
            context.ScatterPixels(context.GatherPixels(_images, pixels), pixels, 40, 40);
            context.MaskPixels(_images, context.Workspace.Complement(context.Workspace.DilatePixels(pixels, 40, 40, 40, 40)));
        });
    }

    [Fact]
    public void Of_channels() => Check(context => context.MaskChannels(_images, context.Workspace.SelectTop(4, 16, _channels.Span, 3)));

    [Fact]
    public void Of_recurrent_layers()
    {
        Tensor weight = Tensor.From(new Shape(24, 6), OperatorCheck.Values(144, 3));
        Tensor sequence = Tensor.From(new Shape(2, 5, 6), OperatorCheck.Values(60, 4));
        Check(context => context.Lstm(sequence, default, default, weight, weight, default, default, out _, out _));
    }

    [Fact]
    public void Of_attention()
    {
        Tensor weight = Tensor.From(new Shape(18, 6), OperatorCheck.Values(108, 3));
        Tensor sequence = Tensor.From(new Shape(2, 5, 6), OperatorCheck.Values(60, 4));
        Check(context => context.MultiHeadAttention(sequence, sequence, weight, default, weight.Rows(0, 6), default, 2, out _, isCausal: true));
    }

    private static void Check(Action<Context> action)
    {
        using Workers workers = new(2);
        Context context = new(workers);
        AllocationAssert.NoneOnAnyThread(() =>
        {
            using WorkspaceScope scope = context.Workspace.Enter();
            action(context);
        });
    }
}
