using System;
using System.Collections.Generic;
using FsCheck.Xunit;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using Xunit;

namespace ManagedDyn.Tests.Kernels.Convolution;

public sealed class ConvolutionInputGradientTests
{
    [Fact]
    public void EdgeShapesMatchTheReference()
    {
        foreach ((ConvolutionGeometry geometry, int _) in ConvolutionCases.Edges())
        {
            MatchesTheReference(geometry, 1);
        }

        // Several panels at once, in phases of one to four taps.
        MatchesTheReference(new ConvolutionGeometry(100, 9, 3, 3, 14, 15, 2, 2, 1, 1, 1, 1), 2);
        Laws(new ConvolutionGeometry(130, 20, 3, 3, 14, 15, 1, 1, 1, 1, 1, 1), 3);
        Laws(new ConvolutionGeometry(64, 5, 3, 5, 40, 33, 2, 1, 1, 2, 1, 2), 4);
    }

    [Property(MaxTest = 200)]
    public void RandomShapesMatchTheReference(int seed) => MatchesTheReference(ConvolutionCases.Random(seed).Geometry, seed);

    [Property(MaxTest = 100)]
    public void RandomTransposedShapesMatchTheReference(int seed)
    {
        ConvolutionGeometry g = ConvolutionCases.Random(seed).Geometry;
        var random = new ConvolutionCases.Numbers(seed + 9);
        int padHeight = Math.Min(g.PadTop, (g.KernelHeight - 1) * g.DilationHeight / 2);
        int padWidth = Math.Min(g.PadLeft, (g.KernelWidth - 1) * g.DilationWidth / 2);
        MatchesTheReference(
            ConvolutionGeometry.Transposed(
                g.InChannels, g.OutChannels, g.KernelHeight, g.KernelWidth, g.InHeight, g.InWidth, g.StrideHeight, g.StrideWidth, padHeight,
                padWidth, random.Next(Math.Max(g.StrideHeight, g.DilationHeight)), random.Next(Math.Max(g.StrideWidth, g.DilationWidth)),
                g.DilationHeight, g.DilationWidth, g.Groups),
            seed);
    }

    [Property(MaxTest = 150)]
    public void PartsListsAndEpilogueGiveTheSameBits(int seed) => Laws(ConvolutionCases.Random(seed).Geometry, seed);

    [Fact]
    public void PartsListsAndEpilogueGiveTheSameBitsOnEdgeShapes()
    {
        foreach ((ConvolutionGeometry geometry, int _) in ConvolutionCases.Edges())
        {
            Laws(geometry, 3);
        }
    }

    [Fact]
    public void RefusesShortSpans()
    {
        var geometry = new ConvolutionGeometry(4, 4, 3, 3, 8, 8);
        var dx = new float[geometry.InElements];
        Array.Fill(dx, 7f);
        Assert.Throws<ArgumentException>(() => Run(geometry, new float[3], new float[geometry.WeightElements], dx));
        Assert.Throws<ArgumentException>(() => Run(geometry, new float[geometry.OutElements], new float[3], dx));
        Assert.All(dx, value => Assert.Equal(7f, value));
    }

    private static void Laws(in ConvolutionGeometry geometry, int seed)
    {
        int channels = geometry.InChannels;
        var random = new ConvolutionCases.Numbers(seed);
        int[] targets = Some(random, geometry.InPixels);
        int[] sources = Some(random, geometry.OutPixels);
        float[] dy = ConvolutionCases.Values(geometry.OutElements, seed + 1);
        float[] weight = ConvolutionCases.Values(geometry.WeightElements, seed + 2);
        float[] shift = ConvolutionCases.Values(channels, seed + 3);
        float[] start = ConvolutionCases.Values(geometry.InElements, seed + 4);
        var epilogue = new Epilogue { Shift = shift, Scale = shift, Residual = start, Activation = Activation.Relu };
        float[] plain = Run(geometry, dy, weight, new float[geometry.InElements]);

        var expected = (float[])plain.Clone();
        epilogue.ApplyTo(expected, channels);
        var found = new float[geometry.InElements];
        int cutPixel = random.Next(geometry.InPixels + 1);
        int cutPanel = random.Next(ConvolutionInputGradient.PanelCount(geometry) + 1);
        Run(geometry, dy, weight, found, epilogue: epilogue, pixels: cutPixel.., panels: ..cutPanel);
        Run(geometry, dy, weight, found, epilogue: epilogue, pixels: cutPixel.., panels: cutPanel..);
        Run(geometry, dy, weight, found, epilogue: epilogue, pixels: ..cutPixel);
        Assert.Equal(expected, found);

        float[] compact = Run(geometry, dy, weight, new float[targets.Length * channels], ActiveList.CompactOf(targets));
        Assert.Equal(ConvolutionCases.GatherRows(plain, channels, targets), compact);

        // Added in place; pixels that are not listed stay.
        var place = (float[])start.Clone();
        Run(geometry, dy, weight, place, ActiveList.Of(targets), epilogue: new Epilogue { Residual = place });
        for (int i = 0; i < place.Length; i++)
        {
            Assert.Equal(Array.BinarySearch(targets, i / channels) >= 0 ? plain[i] + start[i] : start[i], place[i]);
        }

        // Output pixels that are not listed count as zero gradients.
        float[] masked = Run(geometry, ConvolutionCases.KeepRows(dy, geometry.OutChannels, sources), weight, new float[geometry.InElements]);
        ConvolutionCases.SameBits(
            masked, Run(geometry, dy, weight, new float[geometry.InElements], default, ActiveList.Of(sources)), $"sources of {geometry}");
        float[] rows = ConvolutionCases.GatherRows(dy, geometry.OutChannels, sources);
        ConvolutionCases.SameBits(
            masked, Run(geometry, rows, weight, new float[geometry.InElements], default, ActiveList.CompactOf(sources)), $"rows of {geometry}");

        // However the work is split, whatever was there.
        Array.Fill(found, float.NaN);
        Run(geometry, rows, weight, found, default, ActiveList.CompactOf(sources), pixels: cutPixel.., panels: cutPanel..);
        Run(geometry, rows, weight, found, default, ActiveList.CompactOf(sources), pixels: cutPixel.., panels: ..cutPanel);
        Run(geometry, rows, weight, found, default, ActiveList.CompactOf(sources), pixels: ..cutPixel);
        ConvolutionCases.SameBits(masked, found, $"parts of {geometry}");
    }

    private static int[] Some(ConvolutionCases.Numbers random, int count)
    {
        var list = new List<int>();
        for (int i = 0; i < count; i++)
        {
            if (random.Next(3) == 0)
            {
                list.Add(i);
            }
        }
        return list.ToArray();
    }

    private static void MatchesTheReference(in ConvolutionGeometry geometry, int seed)
    {
        float[] dy = ConvolutionCases.Values(geometry.OutElements, seed + 1);
        float[] weight = ConvolutionCases.Values(geometry.WeightElements, seed + 2);
        var dx = new double[geometry.InElements];
        ConvolutionGradientReference.AddInputGradient<double>(geometry, 1, ConvolutionCases.Doubles(dy), ConvolutionCases.Doubles(weight), dx);
        var found = new float[geometry.InElements];
        Array.Fill(found, float.NaN);
        Run(geometry, dy, weight, found);
        ConvolutionCases.Close(dx, found, geometry.Taps * geometry.OutChannelsPerGroup, geometry.ToString());
    }

    private static float[] Run(
        in ConvolutionGeometry geometry, float[] dy, float[] weight, float[] dx, ActiveList targets = default, ActiveList sources = default,
        in Epilogue epilogue = default, Range? pixels = null, Range? panels = null)
    {
        var packed = new float[ConvolutionInputGradient.PackedLength(geometry)];
        Array.Fill(packed, float.NaN);
        ConvolutionInputGradient.Pack(geometry, weight, packed);
        var scratch = new float[ConvolutionInputGradient.ScratchLength(geometry)];
        Array.Fill(scratch, float.NaN);
        ConvolutionInputGradient.Compute(
            geometry, dy, packed, dx, targets, sources, epilogue, scratch, pixels ?? Range.All, panels ?? Range.All);
        return dx;
    }
}
