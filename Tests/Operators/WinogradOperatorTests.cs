using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Convolution.Winograd;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.Kernels.Convolution;
using ManagedDyn.Tests.Kernels.MatrixMultiply;
using Xunit;

namespace ManagedDyn.Tests.Operators;

/// <summary>The two contracts of exactness at a layer that the fast one computes by minimal filtering.</summary>
public sealed class WinogradOperatorTests
{
    private const int Batch = 3;
    private static readonly ConvolutionGeometry Layer = new(24, 40, 3, 3, 13, 18, 1, 1, 1, 1, 1, 1);

    private readonly float[] _input = ConvolutionCases.Values(Batch * Layer.InElements, 1);
    private readonly float[] _weight = ConvolutionCases.Values(Layer.WeightElements, 2);
    private readonly float[] _bias = ConvolutionCases.Values(Layer.OutChannels, 3);

    [Fact]
    public void FastIsNearTheExactSumsAndExactHasTheirBits()
    {
        Context context = new();
        Assert.NotNull(WinogradWork.Choose(context, in Layer, default));
        float[] fast = Run(context);
        context.Accuracy = Accuracy.Exact;
        Assert.Null(WinogradWork.Choose(context, in Layer, default));
        float[] exact = Run(context);
        float[] expected = new float[Layer.OutElements];
        ConvolutionReference.Forward<float>(in Layer, _input.AsSpan(0, Layer.InElements), _weight, expected);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(BitConverter.SingleToInt32Bits(expected[i] + _bias[i % Layer.OutChannels]), BitConverter.SingleToInt32Bits(exact[i]));
        }

        Near(exact, fast);
        Assert.NotEqual(exact, fast);
    }

    [Theory]
    [InlineData(10, false)]
    [InlineData(8, false)]
    [InlineData(8, true)]
    [InlineData(5, true)]
    [InlineData(2, false)]
    [InlineData(0, false)]
    [InlineData(0, true)]
    public void SelectedPixelsAreNearTheDenseOnesWithTheSameBitsInAnyBatchAndOnAnyThreads(int tenths, bool isCompact)
    {
        using Workers workers = new(3);
        float[] dense = Run(new Context());
        (float[] together, int[] offsets, int[] pixels) = Selected(new Context(), 0, Batch, tenths, isCompact);
        MultiplyCases.Identical(together, Selected(new Context(workers), 0, Batch, tenths, isCompact).Output, $"{tenths} tenths on threads");
        float[] active = isCompact ? new float[together.Length] : new float[dense.Length];
        for (int sample = 0; sample < Batch; sample++)
        {
            float[] alone = Selected(new Context(), sample, 1, tenths, isCompact).Output;
            int start = (isCompact ? offsets[sample] : sample * Layer.OutPixels) * Layer.OutChannels;
            MultiplyCases.Identical(together.AsSpan(start, alone.Length), alone, $"{tenths} tenths, sample {sample} alone");
            for (int i = offsets[sample]; i < offsets[sample + 1]; i++)
            {
                int row = (sample * Layer.OutPixels) + pixels[i];
                dense.AsSpan(row * Layer.OutChannels, Layer.OutChannels).CopyTo(active.AsSpan((isCompact ? i : row) * Layer.OutChannels));
            }
        }

        Near(active, together);
        if (tenths == 10)
        {
            MultiplyCases.Identical(dense, together, "everything selected");
        }
    }

    [Fact]
    public void TransformedWeightsThatThereIsNoMemoryForChangeNoBit()
    {
        float[] expected = Run(new Context());
        foreach (long limit in new[] { 0L, long.MaxValue })
        {
            PackedMemory memory = new(limit);
            PackedWeight packed = PackedWeight.ForConvolution(in Layer, _weight, memory);
            long before = packed.Bytes;
            MultiplyCases.Identical(expected, Run(new Context(), packed), $"limit {limit}");
            Assert.Equal(limit > 0, packed.Bytes > before);
            Assert.Equal(limit > 0 ? packed.Bytes : 0, memory.Bytes);
        }
    }

    [Fact]
    public void GradientsAreNearTheExactOnesAndAddToWhatIsThere()
    {
        using Workers workers = new(3);
        (float[] input, float[] weight) = Gradients(new Context { Accuracy = Accuracy.Exact });
        (float[] fastInput, float[] fastWeight) = Gradients(new Context());
        Near(input, fastInput);
        Near(weight, fastWeight);
        Assert.NotEqual(input, fastInput);
        (float[] threadedInput, float[] threadedWeight) = Gradients(new Context(workers));
        MultiplyCases.Identical(fastInput, threadedInput, "input gradient on threads");
        MultiplyCases.Identical(fastWeight, threadedWeight, "weight gradient on threads");
    }

    [Theory]
    [InlineData(0, 0, 1, 2)]
    [InlineData(2, 1, 0, 1)]
    [InlineData(3, 3, 3, 3)]
    public void InputGradientsOfUnequalPaddingAreNearTheExactOnes(int top, int left, int bottom, int right)
    {
        ConvolutionGeometry layer = new(32, 24, 3, 3, 14, 15, 1, 1, top, left, bottom, right);
        float[][] results = new float[2][];
        for (int i = 0; i < 2; i++)
        {
            Context context = new() { Accuracy = i == 0 ? Accuracy.Fast : Accuracy.Exact };
            Assert.Equal(i == 0 && top < 3, WinogradGradient.Choose(context, in layer, default) is not null);
            using Tape tape = new(context.Workspace);
            context.Tape = tape;
            Tensor input = Tensor.From(new Shape(1, 14, 15, 32), ConvolutionCases.Values(layer.InElements, 4));
            Tape.Watch(input);
            Tensor output = context.Conv2d(
                input, Tensor.From(new Shape(24, 32, 3, 3), ConvolutionCases.Values(layer.WeightElements, 5)), default, in layer);
            tape.Backward(output, ConvolutionCases.Values(output.Count, 6));
            results[i] = Tape.GradientOf(input).Span.ToArray();
        }

        Near(results[1], results[0]);
    }

    [Theory]
    [InlineData(64, 6, 7, 7)]
    [InlineData(24, 3, 5, 12)]
    public void TilesThatLieInAWidePaddingAreNearTheExactSums(int channels, int height, int width, int pad)
    {
        ConvolutionGeometry layer = new(channels, 32, 3, 3, height, width, 1, 1, pad, pad, pad, pad);
        Tensor input = Tensor.From(new Shape(1, height, width, channels), ConvolutionCases.Values(layer.InElements, 4));
        Tensor weight = Tensor.From(new Shape(32, channels, 3, 3), ConvolutionCases.Values(layer.WeightElements, 5));
        Context fast = new();
        Context exact = new() { Accuracy = Accuracy.Exact };
        Assert.NotNull(WinogradWork.Choose(fast, in layer, default));
        Near(exact.Conv2d(input, weight, default, in layer).Span, fast.Conv2d(input, weight, default, in layer).Span);
        Conv2dSelection some = new() { Pixels = ConvolutionCases.Select(exact.Workspace, in layer, 1, 7, 3) };
        Conv2dSelection same = new() { Pixels = ConvolutionCases.Select(fast.Workspace, in layer, 1, 7, 3) };
        Assert.NotNull(WinogradWork.Choose(fast, in layer, in same));
        Near(exact.Conv2d(input, weight, default, in layer, in some).Span, fast.Conv2d(input, weight, default, in layer, in same).Span);
    }

    [Fact]
    public void FewTilesOfManyChannelsDoNotReadTransformedWeightsForThem()
    {
        ConvolutionGeometry wide = new(512, 512, 3, 3, 28, 28, 1, 1, 1, 1, 1, 1);
        int[] memory = new int[WinogradSelection.MemoryLength(in wide, WinogradForm.F4, 16, 1)];
        WinogradSelection one = new(in wide, WinogradForm.F4, 16, 1, memory);
        int[] tile = new int[16];
        for (int i = 0; i < 16; i++)
        {
            tile[i] = (i / 4 * 28) + (i % 4);
        }

        one.Add(0, tile, 0, isCompact: false);
        Assert.Equal(0, one.TileCount);
        Assert.Equal(tile, one.Pixels.ToArray());
        Assert.Equal(tile, one.PixelRows.ToArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void LayersOfOneSelectionAndGeometryShareTheirLists(bool isCompact)
    {
        Context context = new();
        using WorkspaceScope scope = context.Workspace.Enter();
        Conv2dSelection selection = new() { Pixels = ConvolutionCases.Select(context.Workspace, in Layer, Batch, 6, 7), CompactPixels = isCompact };
        float[][] outputs = new float[3][];
        long[] growth = new long[3];
        for (int i = 0; i < 3; i++)
        {
            // The last one is not the same size, so it cannot take the lists of the others.
            ConvolutionGeometry layer = i < 2 ? Layer : new(24, 24, 3, 3, 13, 18, 1, 1, 1, 1, 1, 1);
            Tensor weight = Tensor.From(new Shape(layer.OutChannels, 24, 3, 3), ConvolutionCases.Values(layer.WeightElements, 20 + i));
            long before = context.Workspace.LiveBytes;
            outputs[i] = context.Conv2d(Input(0, Batch), weight, default, in layer, in selection).Span.ToArray();
            growth[i] = context.Workspace.LiveBytes - before;

            Context other = new();
            Conv2dSelection own = selection with { Pixels = ConvolutionCases.Select(other.Workspace, in Layer, Batch, 6, 7) };
            MultiplyCases.Identical(other.Conv2d(Input(0, Batch), weight, default, in layer, in own).Span, outputs[i], $"layer {i}");
        }

        Assert.True(growth[1] < growth[0], $"The second layer took {growth[1]} bytes; expected less than the {growth[0]} of the first, its output alone.");
        Assert.True(growth[2] > outputs[2].Length * sizeof(float), $"The third layer took {growth[2]} bytes; expected more than its output.");
    }

    private static void Near(ReadOnlySpan<float> expected, ReadOnlySpan<float> found)
    {
        float largest = 0;
        foreach (float value in expected)
        {
            largest = Math.Max(largest, Math.Abs(value));
        }

        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - found[i]) <= 3e-5f * largest, $"{i}: {found[i]}; expected {expected[i]}, the largest being {largest}");
        }
    }

    private float[] Run(Context context, PackedWeight? packed = null) =>
        context.Conv2d(Input(0, Batch), Weight(), Bias(), in Layer, packed: packed).Span.ToArray();

    private (float[] Output, int[] Offsets, int[] Pixels) Selected(Context context, int first, int count, int tenths, bool isCompact)
    {
        Selection all = ConvolutionCases.Select(context.Workspace, in Layer, Batch, tenths, 7);
        int start = all.Offsets[first];
        int[] pixels = all.Indices[start..all.Offsets[first + count]].ToArray();
        int[] offsets = new int[count + 1];
        for (int i = 0; i <= count; i++)
        {
            offsets[i] = all.Offsets[first + i] - start;
        }

        Conv2dSelection selection = new() { Pixels = context.Workspace.Select(Layer.OutPixels, offsets, pixels), CompactPixels = isCompact };
        return (context.Conv2d(Input(first, count), Weight(), Bias(), in Layer, in selection).Span.ToArray(), offsets, pixels);
    }

    private (float[] Input, float[] Weight) Gradients(Context context)
    {
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        (Tensor input, Tensor weight) = (Input(0, Batch), Weight());
        Tape.Watch(input);
        Tape.Watch(weight);
        Tensor output = context.Add(
            context.Conv2d(input, weight, default, in Layer),
            context.Conv2d(input, Tensor.From(weight.Shape, ConvolutionCases.Values(_weight.Length, 8)), default, in Layer));
        tape.Backward(output, ConvolutionCases.Values(output.Count, 9));
        return (Tape.GradientOf(input).Span.ToArray(), Tape.GradientOf(weight).Span.ToArray());
    }

    private Tensor Input(int first, int count) => Tensor.From(
        new Shape(count, Layer.InHeight, Layer.InWidth, Layer.InChannels), _input.AsSpan(first * Layer.InElements, count * Layer.InElements));

    private Tensor Weight() => Tensor.From(new Shape(Layer.OutChannels, Layer.InChannels, 3, 3), _weight);

    private Tensor Bias() => Tensor.From(new Shape(Layer.OutChannels), _bias);
}
