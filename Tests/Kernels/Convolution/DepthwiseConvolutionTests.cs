using System;
using System.Collections.Generic;
using FsCheck.Xunit;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Kernels.Convolution;

public sealed class DepthwiseConvolutionTests
{
    [Property(MaxTest = 200)]
    public void RandomShapesMatchTheReference(int seed)
    {
        (ConvolutionGeometry geometry, int _) = ConvolutionCases.RandomDepthwise(seed);
        MatchesTheReference(geometry, seed);
    }

    [Fact]
    public void EdgeShapesMatchTheReference()
    {
        foreach (ConvolutionGeometry geometry in Edges())
        {
            MatchesTheReference(geometry, 3);
        }
    }

    [Property(MaxTest = 100)]
    public void PartsAndListsGiveTheSameBits(int seed)
    {
        (ConvolutionGeometry geometry, int _) = ConvolutionCases.RandomDepthwise(seed);
        foreach (bool reverse in new[] { false, true })
        {
            int pixels = reverse ? geometry.InPixels : geometry.OutPixels;
            int channels = geometry.InChannels;
            var random = new ConvolutionCases.Numbers(seed);
            var list = new List<int>();
            for (int i = 0; i < pixels; i++)
            {
                if (random.Next(3) > 0)
                {
                    list.Add(i);
                }
            }
            int[] indices = list.ToArray();
            float[] source = ConvolutionCases.Values(reverse ? geometry.OutElements : geometry.InElements, seed + 1);
            float[] weight = ConvolutionCases.Values(geometry.WeightElements, seed + 2);
            float[] shift = ConvolutionCases.Values(channels, seed + 3);
            float[] scale = ConvolutionCases.Values(channels, seed + 4);
            float[] start = ConvolutionCases.Values(pixels * channels, seed + 5);
            var epilogue = new Epilogue { Shift = shift, Scale = scale, Residual = start, Activation = Activation.Relu };

            float[] plain = Run(geometry, reverse, source, weight, ActiveList.All, 0, pixels, new float[pixels * channels], default);
            var expected = (float[])plain.Clone();
            epilogue.ApplyTo(expected, channels);
            float[] fused = Run(geometry, reverse, source, weight, ActiveList.All, 0, pixels, new float[pixels * channels], epilogue);
            Assert.Equal(expected, fused);

            int cut = random.Next(pixels + 1);
            var halves = new float[pixels * channels];
            Run(geometry, reverse, source, weight, ActiveList.All, cut, pixels, halves, epilogue);
            Run(geometry, reverse, source, weight, ActiveList.All, 0, cut, halves, epilogue);
            Assert.Equal(expected, halves);

            float[] compact = Run(
                geometry, reverse, source, weight, ActiveList.CompactOf(indices), 0, indices.Length, new float[indices.Length * channels], default);
            Assert.Equal(ConvolutionCases.GatherRows(plain, channels, indices), compact);

            // In place: what the output holds is added, and pixels that are not listed stay.
            var place = (float[])start.Clone();
            Run(geometry, reverse, source, weight, ActiveList.Of(indices), 0, indices.Length, place, new Epilogue { Residual = place });
            for (int i = 0; i < place.Length; i++)
            {
                Assert.Equal(list.BinarySearch(i / channels) >= 0 ? plain[i] + start[i] : start[i], place[i]);
            }
        }
    }

    [Property(MaxTest = 100)]
    public void WeightGradientMatchesTheReference(int seed)
    {
        (ConvolutionGeometry geometry, int batch) = ConvolutionCases.RandomDepthwise(seed);
        WeightGradient(geometry, batch, seed);
    }

    [Fact]
    public void WeightGradientMatchesTheReferenceOnEdgeShapes()
    {
        foreach (ConvolutionGeometry geometry in Edges())
        {
            WeightGradient(geometry, 3, 4);
            WeightGradient(geometry, 40, 4);
        }
    }

    [Fact]
    public void RefusesWhatIsNotDepthwise()
    {
        var geometry = new ConvolutionGeometry(4, 4, 3, 3, 8, 8, groups: 2);
        Assert.Contains(
            "2 groups",
            Assert.Throws<ArgumentException>(() => DepthwiseConvolution.Pack(geometry, new float[100], new float[100])).Message,
            StringComparison.Ordinal);
        var depthwise = new ConvolutionGeometry(4, 4, 3, 3, 8, 8, groups: 4);
        Assert.Throws<ArgumentException>(() => Run(
            depthwise, false, new float[5], new float[36], ActiveList.All, 0, 36, new float[depthwise.OutElements], default));
        Assert.Throws<ArgumentException>(() => Run(
            depthwise, false, new float[depthwise.InElements], new float[36], ActiveList.All, 0, 37, new float[depthwise.OutElements], default));
    }

    private static IEnumerable<ConvolutionGeometry> Edges()
    {
        yield return new ConvolutionGeometry(1, 1, 1, 1, 1, 1);
        yield return new ConvolutionGeometry(3, 3, 3, 3, 5, 4, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1, groups: 3);
        yield return new ConvolutionGeometry(7, 7, 3, 3, 2, 2, 1, 1, 2, 2, 2, 2, groups: 7);
        yield return new ConvolutionGeometry(8, 8, 5, 5, 9, 9, 2, 2, 2, 2, 2, 2, groups: 8);
        yield return new ConvolutionGeometry(16, 16, 3, 3, 28, 28, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1, groups: 16);
        yield return new ConvolutionGeometry(33, 33, 3, 3, 14, 14, 2, 2, 1, 1, 1, 1, groups: 33);
        yield return new ConvolutionGeometry(40, 40, 3, 3, 7, 9, 2, 3, 2, 2, 2, 2, 2, 2, 40);
        yield return new ConvolutionGeometry(64, 64, 1, 7, 4, 30, 1, 4, 0, 3, 0, 3, 1, 1, 64);
        yield return new ConvolutionGeometry(12, 12, 2, 2, 11, 11, 3, 3, 0, 0, 0, 0, 1, 1, 12);
        yield return new ConvolutionGeometry(16, 16, 3, 3, 6, 23, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1, groups: 16);
        yield return new ConvolutionGeometry(9, 9, 5, 5, 5, 4, padTop: 2, padLeft: 2, padBottom: 2, padRight: 2, groups: 9);
        yield return new ConvolutionGeometry(17, 17, 7, 7, 6, 5, padTop: 6, padLeft: 6, padBottom: 6, padRight: 6, groups: 17);
        yield return new ConvolutionGeometry(24, 24, 7, 7, 15, 31, 2, 2, 3, 3, 3, 3, groups: 24);
        yield return new ConvolutionGeometry(40, 40, 5, 5, 3, 60, 2, 2, 2, 9, 2, 9, groups: 40);
        yield return new ConvolutionGeometry(31, 31, 3, 3, 4, 9, padTop: 5, padLeft: 11, padBottom: 5, padRight: 11, groups: 31);
        yield return new ConvolutionGeometry(230, 230, 5, 5, 9, 14, padTop: 2, padLeft: 2, padBottom: 2, padRight: 2, groups: 230);
        yield return new ConvolutionGeometry(9, 9, 3, 3, 12, 12, 4, 4, 1, 1, 1, 1, 3, 2, 9);
        yield return new ConvolutionGeometry(9, 9, 2, 2, 3, 4, padTop: 1 << 20, dilationHeight: 1 << 20, groups: 9);
        yield return new ConvolutionGeometry(9, 9, 1, 1, 3, 4, 1, 1 << 20, 0, 1 << 20, groups: 9);
    }

    private static void MatchesTheReference(in ConvolutionGeometry geometry, int seed)
    {
        float[] x = ConvolutionCases.Values(geometry.InElements, seed);
        float[] dy = ConvolutionCases.Values(geometry.OutElements, seed + 1);
        float[] weight = ConvolutionCases.Values(geometry.WeightElements, seed + 2);
        var y = new double[geometry.OutElements];
        ConvolutionGradientReference.AddForward<double>(geometry, 1, ConvolutionCases.Doubles(x), ConvolutionCases.Doubles(weight), y);
        float[] found = Run(geometry, false, x, weight, ActiveList.All, 0, geometry.OutPixels, new float[geometry.OutElements], default);
        ConvolutionCases.Close(y, found, geometry.Taps, $"forward {geometry}");
        var dx = new double[geometry.InElements];
        ConvolutionGradientReference.AddInputGradient<double>(geometry, 1, ConvolutionCases.Doubles(dy), ConvolutionCases.Doubles(weight), dx);
        found = Run(geometry, true, dy, weight, ActiveList.All, 0, geometry.InPixels, new float[geometry.InElements], default);
        ConvolutionCases.Close(dx, found, geometry.Taps, $"input gradient {geometry}");
    }

    private static float[] Run(
        in ConvolutionGeometry geometry, bool reverse, float[] source, float[] weight, ActiveList pixels, int from, int to, float[] output,
        in Epilogue epilogue)
    {
        var packed = new float[DepthwiseConvolution.PackedElements(geometry)];
        DepthwiseConvolution.Pack(geometry, weight, packed);
        var indices = new int[DepthwiseConvolution.ScratchIndices(geometry)];
        if (reverse)
        {
            DepthwiseConvolution.InputGradient(geometry, source, packed, pixels, from, to, output, epilogue, indices);
        }
        else
        {
            DepthwiseConvolution.Forward(geometry, source, packed, pixels, from, to, output, epilogue, indices);
        }
        return output;
    }

    private static void WeightGradient(in ConvolutionGeometry geometry, int batch, int seed)
    {
        float[] x = ConvolutionCases.Values(batch * geometry.InElements, seed);
        float[] dy = ConvolutionCases.Values(batch * geometry.OutElements, seed + 1);
        var expected = new double[geometry.WeightElements];
        ConvolutionGradientReference.AddWeightGradient<double>(
            geometry, batch, ConvolutionCases.Doubles(x), ConvolutionCases.Doubles(dy), expected);
        ConvolutionCases.Close(expected, Compute(geometry, batch, x, dy, default, false), batch * geometry.OutPixels, geometry.ToString());

        Selection selection = ConvolutionCases.Select(new Workspace(), geometry, batch, 4, seed);
        int[] rows = ConvolutionCases.Rows(geometry, batch, selection);
        float[] masked = Compute(geometry, batch, x, ConvolutionCases.KeepRows(dy, geometry.OutChannels, rows), default, false);
        ConvolutionCases.SameBits(masked, Compute(geometry, batch, x, dy, selection, false), $"full width {geometry}");
        float[] compact = ConvolutionCases.GatherRows(dy, geometry.OutChannels, rows);
        ConvolutionCases.SameBits(masked, Compute(geometry, batch, x, compact, selection, true), $"compact {geometry}");
    }

    private static float[] Compute(in ConvolutionGeometry geometry, int batch, float[] x, float[] dy, Selection selection, bool compact)
    {
        int chunks = DepthwiseWeightGradient.ChunkCount(geometry, batch);
        int size = DepthwiseWeightGradient.PartialElements(geometry);
        var partials = new float[chunks * size];
        var scratch = new float[DepthwiseWeightGradient.ScratchElements(geometry)];
        var indices = new int[DepthwiseWeightGradient.ScratchIndices(geometry)];
        for (int chunk = chunks - 1; chunk >= 0; chunk--)
        {
            DepthwiseWeightGradient.ComputeChunk(
                geometry, batch, chunk, x, dy, selection, compact, partials.AsSpan(chunk * size, size), scratch, indices);
        }
        var result = new float[geometry.WeightElements];
        DepthwiseWeightGradient.Reduce(geometry, batch, partials, result, accumulate: false);
        return result;
    }
}
