using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.Kernels.Convolution;
using ManagedDyn.Tests.Kernels.MatrixMultiply;
using Xunit;

namespace ManagedDyn.Tests.Operators;

/// <summary>Channels in whole vectors, selected for each sample, by minimal filtering.</summary>
public sealed class SelectedChannelsWinogradTests
{
    private const int Batch = 3;

    // Groups of vectors are moved side by side; panels and runs of input channels are taken where they lie.
    public static TheoryData<int, int, int, int, bool, int> Layers => new()
    {
        { 32, 48, 13, 18, false, 1 },
        { 35, 64, 8, 9, false, 1 },
        { 64, 41, 14, 14, false, 1 },
        { 32, 48, 5, 6, false, 7 },
        { 32, 48, 13, 18, true, 1 },
        { 67, 130, 8, 9, true, 1 },
        { 64, 160, 14, 14, true, 1 },
    };

    [Theory]
    [MemberData(nameof(Layers))]
    public void SelectedChannelsAreNearTheExactSumsWithTheSameBitsInAnyBatchAndOnAnyThreads(int ins, int outs, int height, int width, bool areLarge, int pad)
    {
        ConvolutionGeometry geometry = new(ins, outs, 3, 3, height, width, 1, 1, pad, pad, pad, pad);
        float[] weight = ConvolutionCases.Values(geometry.WeightElements, 2);
        Tensor scale = Tensor.From(new Shape(outs), ConvolutionCases.Values(outs, 3));
        Tensor shift = Tensor.From(new Shape(outs), ConvolutionCases.Values(outs, 4));
        PackedWeight packed = PackedWeight.ForConvolution(in geometry, weight);
        PackedWeight small = PackedWeight.ForConvolution(in geometry, weight, new PackedMemory(0));
        using Workers workers = new(3);
        foreach (bool listsIn in new[] { false, true })
        {
            foreach (bool listsOut in new[] { true, false })
            {
                if (!listsIn && !listsOut)
                {
                    continue;
                }

                Run exact = new(geometry, weight, scale, shift, packed, listsIn, listsOut, areLarge, new Context { Accuracy = Accuracy.Exact });
                Run fast = new(geometry, weight, scale, shift, packed, listsIn, listsOut, areLarge, new Context());
                Assert.NotNull(fast.Form);
                Assert.Null(exact.Form);
                float[] together = fast.Of(0, Batch);
                Near(exact.Of(0, Batch), together);
                MultiplyCases.Identical(together, (fast with { Context = new Context(workers) }).Of(0, Batch), "on threads");
                MultiplyCases.Identical(together, (fast with { Packed = small }).Of(0, Batch), "transformed at each call");
                for (int sample = 0; sample < Batch; sample++)
                {
                    float[] alone = fast.Of(sample, 1);
                    MultiplyCases.Identical(together.AsSpan(sample * alone.Length, alone.Length), alone, $"sample {sample} alone");
                }
            }
        }
    }

    [Fact]
    public void ChannelsThatAreNoWholeVectorsAndMapsOfFullWidthTakeDirectSums()
    {
        ConvolutionGeometry geometry = new(32, 48, 3, 3, 14, 14, 1, 1, 1, 1, 1, 1);
        Context context = new();
        int lanes = System.Numerics.Vector<float>.Count;
        Selection odd = context.Workspace.Select(48, [.. Places(1, lanes)]);
        Selection even = context.Workspace.Select(48, [.. Places(lanes, 2 * lanes)]);
        Assert.Null(SelectedChannelsWinograd.Choose(context, in geometry, new() { OutChannels = odd, CompactOutChannels = true }, 1, 0));
        Assert.Null(SelectedChannelsWinograd.Choose(context, in geometry, new() { OutChannels = even }, 1, 0));
        Assert.Null(SelectedChannelsWinograd.Choose(context, in geometry, default, 1, 0));
        Assert.NotNull(SelectedChannelsWinograd.Choose(context, in geometry, new() { OutChannels = even, CompactOutChannels = true }, 1, 0));
    }

    [Fact]
    public void ASampleOfScatteredChannelsLeavesItsNeighboursTheirArithmetic()
    {
        ConvolutionGeometry geometry = new(32, 48, 3, 3, 14, 14, 1, 1, 1, 1, 1, 1);
        PackedWeight packed = PackedWeight.ForConvolution(in geometry, ConvolutionCases.Values(geometry.WeightElements, 2));
        Context context = new();
        int count = 2 * System.Numerics.Vector<float>.Count;
        int[][] rows = [[.. Places(0, count)], [.. Places(1, count)], [.. Places(count, count)], [.. Places(3, count)], [.. Places(5, count)]];
        Tensor input = Tensor.From(new Shape(rows.Length, 14, 14, 32), ConvolutionCases.Values(rows.Length * geometry.InPixels * 32, 1));
        float[] mask = new float[rows.Length * 48];
        for (int sample = 0; sample < rows.Length; sample++)
        {
            foreach (int channel in rows[sample])
            {
                mask[(sample * 48) + channel] = 1;
            }
        }

        FusedSteps steps = default;
        Conv2dSelection all = new() { OutChannels = context.Workspace.SelectAtLeast(rows.Length, 48, mask, 0.5f), CompactOutChannels = true };
        Assert.NotNull(SelectedChannelsWinograd.Choose(context, in geometry, in all, rows.Length, 0));
        Assert.Null(SelectedChannelsWinograd.Choose(context, in geometry, in all, rows.Length, 1));
        float[] together = context.Conv2dFused(input, packed, in geometry, in steps, in all).ToArray();
        for (int sample = 0; sample < rows.Length; sample++)
        {
            Conv2dSelection own = new() { OutChannels = context.Workspace.Select(48, rows[sample]), CompactOutChannels = true };
            float[] alone = context.Conv2dFused(input.Rows(sample, 1), packed, in geometry, in steps, in own).ToArray();
            MultiplyCases.Identical(together.AsSpan(sample * alone.Length, alone.Length), alone, $"sample {sample} alone");
        }
    }

    private static void Near(float[] expected, float[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        float most = 0;
        foreach (float value in expected)
        {
            most = Math.Max(most, Math.Abs(value));
        }

        Assert.NotEqual(0, most);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - found[i]) <= 1e-4f * most, $"{found[i]} at {i}; expected {expected[i]}, of at most {most}");
        }
    }

    private static IEnumerable<int> Places(int start, int count)
    {
        for (int i = 0; i < count; i++)
        {
            yield return start + i;
        }
    }

    private sealed record Run(
        ConvolutionGeometry Geometry, float[] Weight, Tensor Scale, Tensor Shift, PackedWeight Packed, bool ListsIn, bool ListsOut, bool AreLarge, Context Context)
    {
        public object? Form
        {
            get
            {
                ConvolutionGeometry geometry = Geometry;
                return SelectedChannelsWinograd.Choose(Context, in geometry, Selected(0, Batch), Batch, 0);
            }
        }

        // Each sample has channels of its own: outputs in whole vectors, inputs of any kind.
        public float[] Of(int first, int count)
        {
            ConvolutionGeometry geometry = Geometry;
            Conv2dSelection selection = Selected(first, count);
            int width = selection.InWidth(in geometry);
            float[] values = ConvolutionCases.Values(Batch * geometry.InPixels * width, 1);
            int length = geometry.InPixels * width;
            Tensor input = Tensor.From(new Shape(count, geometry.InHeight, geometry.InWidth, width), values.AsSpan(first * length, count * length));
            Shape shape = new(count, geometry.OutHeight, geometry.OutWidth, selection.OutWidth(in geometry));
            int each = shape.ProductFrom(1);
            Tensor residual = Tensor.From(shape, ConvolutionCases.Values(Batch * each, 5).AsSpan(first * each, count * each));
            FusedSteps steps = new() { Scale = Scale, Shift = Shift, Residual = residual, Activation = Activation.Relu };
            return Context.Conv2dFused(input, Packed, in geometry, in steps, in selection).ToArray();
        }

        private Conv2dSelection Selected(int first, int count)
        {
            int lanes = System.Numerics.Vector<float>.Count * (AreLarge ? 2 : 1);
            int run = AreLarge ? 8 : 1;
            return new()
            {
                InChannels = ListsIn ? Rows(Geometry.InChannels, first, count, run, ((Geometry.InChannels / 2) + 3) / run * run) : default,
                CompactInChannels = ListsIn,
                OutChannels = ListsOut ? Rows(Geometry.OutChannels, first, count, lanes, Geometry.OutChannels / lanes / 2 * lanes) : default,
                CompactOutChannels = ListsOut,
            };
        }

        private Selection Rows(int universe, int first, int count, int group, int chosen)
        {
            int groups = universe / group;
            List<int> indices = [];
            int[] offsets = new int[count + 1];
            for (int sample = first; sample < first + count; sample++)
            {
                List<int> own = [];
                for (int i = 0; own.Count < chosen; i++)
                {
                    own.AddRange(Places(((i * 2) + sample + (2 * i >= groups && groups % 2 == 0 ? 1 : 0)) % groups * group, group));
                }

                own.Sort();
                Assert.Equal(own.Count, new HashSet<int>(own).Count);
                indices.AddRange(own);
                offsets[sample - first + 1] = indices.Count;
            }

            return Context.Workspace.Select(universe, offsets, indices.ToArray());
        }
    }
}
