using System;
using System.Collections.Generic;
using FsCheck.Xunit;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Convolution.Winograd;
using ManagedDyn.Tests.Kernels.MatrixMultiply;
using Xunit;

namespace ManagedDyn.Tests.Kernels.Convolution;

public sealed class WinogradTests
{
    private static readonly WinogradForm[] Forms = [WinogradForm.F2, WinogradForm.F4];

    [Fact]
    public void EdgeShapesStayWithinTheBoundOfTheReference()
    {
        foreach ((int channels, int outputs, int height, int width, int pad) in new[]
                 {
                     (1, 1, 3, 3, 0), (1, 1, 1, 1, 1), (3, 5, 4, 4, 1), (8, 16, 6, 6, 1), (7, 9, 7, 5, 1), (16, 17, 13, 14, 1), (9, 33, 2, 30, 2), (40, 24, 9, 9, 0),
                     (300, 20, 5, 6, 1), (8, 8, 3, 3, 2), (1, 40, 11, 3, 1), (8, 9, 2, 3, 5), (7, 8, 3, 2, 7), (16, 3, 1, 1, 13),
                 })
        {
            StaysWithinTheBound(Geometry(channels, outputs, height, width, pad, pad, pad, pad), 2, channels + height);
        }
    }

    [Property(MaxTest = 100, EndSize = 1000000)]
    public void RandomShapesStayWithinTheBoundOfTheReference(int seed) => StaysWithinTheBound(Random(seed, out int batch), batch, seed);

    [Property(MaxTest = 60, EndSize = 1000000)]
    public void SamplesSplitsAndListsHaveTheBitsOfTheWholeBatch(int seed)
    {
        ConvolutionGeometry geometry = Random(seed, out int batch);
        var random = new ConvolutionCases.Numbers(seed + 5);
        foreach (WinogradForm form in Forms)
        {
            Case whole = new(geometry, form, batch, seed);
            float[] expected = whole.Run(WinogradTiles.All, Range.All, Range.All);
            for (int sample = 0; sample < batch; sample++)
            {
                Case alone = whole.Sample(sample);
                MultiplyCases.Identical(
                    expected.AsSpan(sample * geometry.OutElements, geometry.OutElements).ToArray(), alone.Run(WinogradTiles.All, Range.All, Range.All), $"seed {seed}, {form}, sample {sample}");
            }

            int tiles = batch * WinogradConvolution.TileCount(in geometry, form);
            int tile = random.Next(tiles + 1), panel = random.Next(WinogradConvolution.PanelCount(in geometry) + 1);
            float[] parts = MultiplyCases.Scratch(expected.Length);
            whole.Run(WinogradTiles.All, ..tile, ..panel, parts);
            whole.Run(WinogradTiles.All, tile.., ..panel, parts);
            whole.Run(WinogradTiles.All, .., panel.., parts);
            MultiplyCases.Identical(expected, parts, $"seed {seed}, {form}, split at tile {tile}, panel {panel}");

            // Some tiles, each with some of its pixels, to rows in reversed order.
            int rows = batch * geometry.OutPixels;
            List<int> indices = [], targets = [];
            for (int i = 0; i < tiles; i++)
            {
                if (random.Next(2) == 0)
                {
                    indices.Add(i);
                    AddRows(in geometry, form, i, rows, random, targets);
                }
            }

            float[] listed = MultiplyCases.Scratch(expected.Length);
            float[] wanted = MultiplyCases.Scratch(expected.Length);
            Case plain = whole.WithoutResidual();
            float[] dense = plain.Run(WinogradTiles.All, Range.All, Range.All);
            foreach (int target in targets)
            {
                if (target >= 0)
                {
                    dense.AsSpan((rows - 1 - target) * geometry.OutChannels, geometry.OutChannels).CopyTo(wanted.AsSpan(target * geometry.OutChannels));
                }
            }

            plain.Run(new WinogradTiles(indices.ToArray(), targets.ToArray()), Range.All, Range.All, listed);
            MultiplyCases.Identical(wanted, listed, $"seed {seed}, {form}, {indices.Count} of {tiles} tiles");
        }
    }

    [Fact]
    public void WhatDoesNotFitIsRefusedBeforeAnythingIsWritten()
    {
        ConvolutionGeometry geometry = Geometry(4, 5, 6, 6, 1, 1, 1, 1);
        Case sample = new(geometry, WinogradForm.F4, 1, 1);
        float[] output = MultiplyCases.Scratch(geometry.OutElements);
        float[] before = (float[])output.Clone();
        foreach (int[] list in (int[][])[[0, 0], [1, 0], [-1, 0], [0, 4]])
        {
            Assert.Throws<ArgumentException>(() => sample.Run(new WinogradTiles(list, new int[32]), .., .., output));
        }

        Assert.Throws<ArgumentException>(() => sample.Run(new WinogradTiles(new[] { 0 }, new int[15]), .., .., output));
        int[] outside = new int[16];
        outside[7] = 36;
        Assert.Throws<ArgumentException>(() => sample.Run(new WinogradTiles(new[] { 0 }, outside), .., .., output));
        Assert.Throws<ArgumentException>(() => sample.Run(WinogradTiles.All, .., .., new float[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => sample.Run(WinogradTiles.All, ..5, .., output));
        Assert.Equal(before, output);

        foreach (ConvolutionGeometry other in new[]
                 {
                     new ConvolutionGeometry(4, 4, 5, 5, 8, 8), new ConvolutionGeometry(4, 4, 3, 3, 8, 8, 2, 2), new ConvolutionGeometry(4, 4, 3, 3, 8, 8, dilationWidth: 2),
                     new ConvolutionGeometry(4, 4, 3, 3, 8, 8, groups: 2),
                 })
        {
            Assert.False(WinogradConvolution.Supports(in other));
            Assert.Throws<ArgumentException>(() => WinogradWeights.PackedLength(in other, WinogradForm.F4));
        }
    }

    // The numbers that strain it: all of one sign, alternating signs as the transforms add them, one huge value beside small ones.
    [Theory]
    [InlineData("ones")]
    [InlineData("alternating")]
    [InlineData("huge")]
    [InlineData("wide")]
    public void AdversarialNumbersStayWithinTheBound(string kind)
    {
        ConvolutionGeometry geometry = Geometry(96, 16, 18, 18, 1, 1, 1, 1);
        var random = new ConvolutionCases.Numbers(3);
        float Value(int index, int x, int y) => kind switch
        {
            "ones" => 1f,
            "alternating" => ((x + y) & 1) == 0 ? 1f : -1f,
            "huge" => index % 257 == 0 ? 1e6f : random.NextFloat(),
            _ => random.NextFloat() * MathF.Pow(10, random.Next(9) - 4),
        };
        float[] input = new float[geometry.InElements];
        float[] weights = new float[geometry.WeightElements];
        for (int i = 0; i < input.Length; i++)
        {
            input[i] = Value(i, i / geometry.InChannels % geometry.InWidth, i / geometry.InChannels / geometry.InWidth);
        }

        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = Value(i, i % 3, i / 3 % 3);
        }

        foreach (WinogradForm form in Forms)
        {
            new Case(geometry, form, 1, input, weights).CheckBound(kind);
        }
    }

    [Fact]
    public void OnNumbersOfRandomSignTheErrorIsSmall()
    {
        ConvolutionGeometry geometry = Geometry(256, 32, 14, 14, 1, 1, 1, 1);
        foreach (WinogradForm form in Forms)
        {
            double error = new Case(geometry, form, 1, 11).WithoutResidual().RelativeError();
            Assert.InRange(error, 0, form == WinogradForm.F4 ? 3e-5 : 5e-6);
        }
    }

    private static void AddRows(in ConvolutionGeometry geometry, WinogradForm form, int tile, int rows, ConvolutionCases.Numbers random, List<int> targets)
    {
        int size = form == WinogradForm.F4 ? 4 : 2;
        int across = (geometry.OutWidth + size - 1) / size;
        int tiles = WinogradConvolution.TileCount(in geometry, form);
        for (int i = 0; i < size * size; i++)
        {
            int y = (tile % tiles / across * size) + (i / size), x = (tile % tiles % across * size) + (i % size);
            bool exists = y < geometry.OutHeight && x < geometry.OutWidth && random.Next(3) > 0;
            targets.Add(exists ? rows - 1 - ((tile / tiles * geometry.OutPixels) + (y * geometry.OutWidth) + x) : -1);
        }
    }

    private static void StaysWithinTheBound(ConvolutionGeometry geometry, int batch, int seed)
    {
        foreach (WinogradForm form in Forms)
        {
            new Case(geometry, form, batch, seed).CheckBound($"seed {seed}, {form}");
        }
    }

    private static ConvolutionGeometry Geometry(int channels, int outputs, int height, int width, int top, int left, int bottom, int right) =>
        new(channels, outputs, 3, 3, height, width, 1, 1, top, left, bottom, right);

    private static ConvolutionGeometry Random(int seed, out int batch)
    {
        var random = new ConvolutionCases.Numbers(seed);
        batch = random.Next(1, 4);

        // Sometimes wider than a tile, so that tiles lie in the padding whole.
        int widest = random.Next(4) == 0 ? 16 : 3;
        int top = random.Next(widest), left = random.Next(widest), bottom = random.Next(widest), right = random.Next(widest);
        int height = Math.Max(1, 3 - top - bottom) + random.Next(14), width = Math.Max(1, 3 - left - right) + random.Next(14);
        return Geometry(random.Next(1, 40), random.Next(1, 50), height, width, top, left, bottom, right);
    }

    private sealed class Case
    {
        private readonly ConvolutionGeometry _geometry;
        private readonly WinogradForm _form;
        private readonly int _batch;
        private readonly float[] _input;
        private readonly float[] _weights;
        private readonly float[] _packed;
        private readonly float[] _scale;
        private readonly float[] _shift;
        private readonly float[] _residual;

        public Case(ConvolutionGeometry geometry, WinogradForm form, int batch, int seed)
            : this(
                geometry, form, batch, ConvolutionCases.Values(batch * geometry.InElements, seed), ConvolutionCases.Values(geometry.WeightElements, seed + 1),
                ConvolutionCases.Values(geometry.OutChannels, seed + 2), ConvolutionCases.Values(geometry.OutChannels, seed + 3),
                ConvolutionCases.Values(batch * geometry.OutElements, seed + 4))
        {
        }

        public Case(ConvolutionGeometry geometry, WinogradForm form, int batch, float[] input, float[] weights)
            : this(geometry, form, batch, input, weights, [], [], [])
        {
        }

        private Case(ConvolutionGeometry geometry, WinogradForm form, int batch, float[] input, float[] weights, float[] scale, float[] shift, float[] residual)
        {
            (_geometry, _form, _batch, _input, _weights, _scale, _shift, _residual) = (geometry, form, batch, input, weights, scale, shift, residual);
            float[] panels = new float[ConvolutionWeights.PackedLength(in geometry)];
            ConvolutionWeights.Pack(in geometry, weights, panels);
            _packed = MultiplyCases.Scratch(WinogradWeights.PackedLength(in geometry, form));
            WinogradWeights.Pack(in geometry, form, panels, _packed);
        }

        public Case Sample(int sample) => new(
            _geometry, _form, 1, _input.AsSpan(sample * _geometry.InElements, _geometry.InElements).ToArray(), _weights, _scale, _shift,
            _residual.AsSpan(sample * _geometry.OutElements, _geometry.OutElements).ToArray());

        public Case WithoutResidual() => new(_geometry, _form, _batch, _input, _weights, _scale, _shift, []);

        public float[] Run(WinogradTiles tiles, Range part, Range panels)
        {
            float[] output = MultiplyCases.Scratch(_batch * _geometry.OutElements);
            Run(tiles, part, panels, output);
            return output;
        }

        public void Run(WinogradTiles tiles, Range part, Range panels, float[] output)
        {
            Epilogue epilogue = new() { Scale = _scale, Shift = _shift, Residual = _residual, Activation = _scale.Length > 0 ? Activation.Relu : Activation.None };
            float[] scratch = MultiplyCases.Scratch(WinogradConvolution.ScratchLength(in _geometry, _form));
            WinogradConvolution.Forward(in _geometry, _form, _batch, _input, _packed, output, in tiles, in epilogue, scratch, part, panels);
        }

        /// <summary>Compares with the sums in double; the bound is the one that the kernel states.</summary>
        public void CheckBound(string what)
        {
            float[] found = new Case(_geometry, _form, _batch, _input, _weights).Run(WinogradTiles.All, Range.All, Range.All);
            double[] weights = ConvolutionCases.Doubles(_weights), absolute = Array.ConvertAll(weights, Math.Abs);
            double largest = 0;
            foreach (double weight in absolute)
            {
                largest = Math.Max(largest, weight);
            }

            for (int sample = 0; sample < _batch; sample++)
            {
                double[] input = ConvolutionCases.Doubles(_input.AsSpan(sample * _geometry.InElements, _geometry.InElements));
                double[] expected = new double[_geometry.OutElements];
                ConvolutionReference.Forward<double>(in _geometry, input, weights, expected);
                for (int i = 0; i < expected.Length; i++)
                {
                    int pixel = i / _geometry.OutChannels;
                    double bound = WinogradConvolution.ErrorFactor(_geometry.InChannels, _form)
                        * TileSum(input, absolute, pixel / _geometry.OutWidth, pixel % _geometry.OutWidth, i % _geometry.OutChannels);
                    double error = Math.Abs(found[(sample * _geometry.OutElements) + i] - expected[i]);
                    Assert.True(error <= bound, $"{what}, {_form}, {_geometry}: output {i} is {error} off; expected at most {bound}");
                }
            }
        }

        /// <summary>The largest error as a part of the largest output.</summary>
        public double RelativeError()
        {
            float[] found = new Case(_geometry, _form, _batch, _input, _weights).Run(WinogradTiles.All, Range.All, Range.All);
            double[] expected = new double[_geometry.OutElements];
            ConvolutionReference.Forward<double>(in _geometry, ConvolutionCases.Doubles(_input), ConvolutionCases.Doubles(_weights), expected);
            double error = 0, largest = 0;
            for (int i = 0; i < expected.Length; i++)
            {
                error = Math.Max(error, Math.Abs(found[i] - expected[i]));
                largest = Math.Max(largest, Math.Abs(expected[i]));
            }

            return error / largest;
        }

        // Σ over channels of (the largest |x| in the tile's inputs) · (the sum of |w| over the taps).
        private double TileSum(double[] input, double[] absolute, int y, int x, int channel)
        {
            int size = _form == WinogradForm.F4 ? 4 : 2;
            int top = (y / size * size) - _geometry.PadTop, left = (x / size * size) - _geometry.PadLeft;
            double sum = 0;
            for (int c = 0; c < _geometry.InChannels; c++)
            {
                double largest = 0;
                for (int i = Math.Max(0, top); i < Math.Min(_geometry.InHeight, top + size + 2); i++)
                {
                    for (int j = Math.Max(0, left); j < Math.Min(_geometry.InWidth, left + size + 2); j++)
                    {
                        largest = Math.Max(largest, Math.Abs(input[(((i * _geometry.InWidth) + j) * _geometry.InChannels) + c]));
                    }
                }

                double taps = 0;
                for (int tap = 0; tap < 9; tap++)
                {
                    taps += absolute[(((channel * _geometry.InChannels) + c) * 9) + tap];
                }

                sum += largest * taps;
            }

            return sum;
        }
    }
}
