using System;
using System.Collections.Generic;
using System.Numerics;
using FsCheck.Xunit;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Tests.Kernels.MatrixMultiply;
using Xunit;

namespace ManagedDyn.Tests.Kernels.Convolution;

public sealed class IndirectConvolutionTests
{
    [Fact]
    public void EdgeShapesHaveTheBitsOfTheReference()
    {
        foreach ((ConvolutionGeometry geometry, int _) in ConvolutionCases.Edges())
        {
            MatchesTheReference(geometry, 1);
        }

        // Sums in several pieces: many channels, and few channels with many taps.
        MatchesTheReference(new ConvolutionGeometry(300, 20, 3, 3, 9, 9, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1), 2);
        MatchesTheReference(new ConvolutionGeometry(40, 20, 7, 7, 9, 9, padTop: 3, padLeft: 3, padBottom: 3, padRight: 3), 3);

        // Several sweeps of one tap, several panels at once and what is left of them.
        MatchesTheReference(new ConvolutionGeometry(16, 64, 1, 1, 17, 19), 4);
        MatchesTheReference(new ConvolutionGeometry(5, 130, 1, 1, 20, 15), 5);
        MatchesTheReference(new ConvolutionGeometry(9, 100, 3, 3, 14, 15, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1), 6);
        MatchesTheReference(new ConvolutionGeometry(1600, 68, 1, 1, 4, 5), 7);
    }

    [Property(MaxTest = 200, EndSize = 1000000)]
    public void RandomShapesHaveTheBitsOfTheReference(int seed) => MatchesTheReference(Geometry(seed), seed);

    // Few channels on wide maps: rows share their offsets.
    [Property(MaxTest = 100, EndSize = 1000000)]
    public void WideMapsOfFewChannelsHaveTheBitsOfTheReference(int seed)
    {
        var random = new ConvolutionCases.Numbers(seed + 5);
        int stride = random.Next(1, 4);
        var geometry = new ConvolutionGeometry(
            random.Next(1, 7), random.Next(1, 40), random.Next(1, 8), random.Next(2, 8), 16 + random.Next(6), (48 * stride) + random.Next(60 * stride),
            random.Next(1, 4), stride, random.Next(5), random.Next(9), random.Next(5), random.Next(9), random.Next(1, 3), 1);
        MatchesTheReference(geometry, seed);

        Sample sample = new(geometry, seed);
        Epilogue epilogue = sample.Epilogue(geometry.OutElements);
        float[] parts = MultiplyCases.Scratch(geometry.OutElements);
        int first = random.Next(geometry.OutPixels + 1);
        int second = first + random.Next(geometry.OutPixels + 1 - first);
        sample.Run(default, sample.Input, in epilogue, parts, first..second, ..);
        sample.Run(default, sample.Input, in epilogue, parts, second.., ..);
        sample.Run(default, sample.Input, in epilogue, parts, ..first, ..);
        MultiplyCases.Identical(sample.Run(default, sample.Input, in epilogue), parts, $"seed {seed}, {geometry}, split at pixels {first} and {second}");
    }

    [Property(MaxTest = 300, EndSize = 1000000)]
    public void SelectionsHaveTheBitsOfTheDenseConvolution(int seed)
    {
        ConvolutionGeometry geometry = Geometry(seed);
        var random = new ConvolutionCases.Numbers(seed + 9);
        HasTheBitsOfTheDense(geometry, Subset(geometry.InChannels, random), Subset(geometry.OutChannels, random), random, seed);
    }

    // Weights that are multiplied where they lie.
    [Property(MaxTest = 200, EndSize = 1000000)]
    public void RunsAndPanelsHaveTheBitsOfTheDenseConvolution(int seed)
    {
        ConvolutionGeometry any = Geometry(seed);
        var random = new ConvolutionCases.Numbers(seed + 11);
        int run = random.Next(8, 20), width = 2 * Vector<float>.Count;
        ConvolutionGeometry geometry = new(
            (run * random.Next(1, 6)) + random.Next(2), (width * random.Next(1, 9)) + random.Next(2), any.KernelHeight, any.KernelWidth, any.InHeight, any.InWidth,
            any.StrideHeight, any.StrideWidth, any.PadTop, any.PadLeft, any.PadBottom, any.PadRight, any.DilationHeight, any.DilationWidth);
        HasTheBitsOfTheDense(geometry, Groups(geometry.InChannels, run, random), Groups(geometry.OutChannels, width, random), random, seed);
    }

    private static void HasTheBitsOfTheDense(ConvolutionGeometry geometry, int[] inputs, int[] outputs, ConvolutionCases.Numbers random, int seed)
    {
        int[] pixels = Subset(geometry.OutPixels, random);
        bool listsPixels = random.Next(4) > 0, listsInputs = random.Next(3) > 0, listsOutputs = random.Next(3) > 0;
        bool compactPixels = random.Next(2) == 0, compactInputs = random.Next(2) == 0, compactOutputs = random.Next(2) == 0;
        ConvolutionSelection selection = new()
        {
            Pixels = List(listsPixels, compactPixels, pixels),
            InChannels = List(listsInputs, compactInputs, inputs),
            OutChannels = List(listsOutputs, compactOutputs, outputs),
        };
        Sample sample = new(geometry, seed);
        float[] kept = listsInputs ? KeepColumns(sample.Input, geometry.InChannels, inputs) : sample.Input;
        float[] dense = sample.Run(default, kept, sample.Epilogue(geometry.OutElements));
        float[] input = listsInputs && compactInputs ? TakeColumns(sample.Input, geometry.InChannels, inputs) : sample.Input;

        // The output keeps its old value where nothing is active, and the residual is where the output is.
        int[] rows = listsPixels ? pixels : Everything(geometry.OutPixels);
        int[] columns = listsOutputs ? outputs : Everything(geometry.OutChannels);
        bool isCompactRows = listsPixels && compactPixels, isCompactColumns = listsOutputs && compactOutputs;
        int width = isCompactColumns ? columns.Length : geometry.OutChannels;
        float[] expected = MultiplyCases.Scratch(selection.OutputLength(in geometry));
        float[] residual = new float[expected.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            for (int j = 0; j < columns.Length; j++)
            {
                int at = ((isCompactRows ? i : rows[i]) * width) + (isCompactColumns ? j : columns[j]);
                int full = (rows[i] * geometry.OutChannels) + columns[j];
                expected[at] = dense[full];
                residual[at] = sample.Residual[full];
            }
        }

        string what = $"seed {seed}, {geometry}, {pixels.Length} pixels {listsPixels} {compactPixels}, {inputs.Length} in {listsInputs} {compactInputs}, {outputs.Length} out {listsOutputs} {compactOutputs}";
        Epilogue epilogue = sample.Epilogue(residual);
        float[] whole = sample.Run(in selection, input, in epilogue);
        MultiplyCases.Identical(expected, whole, what);

        // However the work is split.
        int pixel = random.Next(rows.Length + 1);
        int panel = random.Next(IndirectConvolution.PanelCount(in geometry, in selection) + 1);
        float[] parts = MultiplyCases.Scratch(expected.Length);
        sample.Run(in selection, input, in epilogue, parts, pixel.., ..panel);
        sample.Run(in selection, input, in epilogue, parts, pixel.., panel..);
        sample.Run(in selection, input, in epilogue, parts, ..pixel, ..);
        MultiplyCases.Identical(expected, parts, $"{what}, split at pixel {pixel}, panel {panel}");
        Assert.Equal(Macs(in geometry, rows, inputs, listsInputs, columns), selection.Macs(in geometry));
    }

    [Fact]
    public void ListsThatDoNotFitAreRefusedBeforeAnythingIsWritten()
    {
        var geometry = new ConvolutionGeometry(4, 5, 3, 3, 6, 6);
        Sample sample = new(geometry, 1);
        foreach (int[] list in (int[][])[[1, 1], [2, 1], [-1, 3], [0, 16]])
        {
            Assert.Throws<ArgumentException>(() => sample.Run(new ConvolutionSelection { Pixels = ActiveList.Of(list) }, sample.Input, default));
        }

        Assert.Throws<ArgumentException>(() => sample.Run(new ConvolutionSelection { InChannels = ActiveList.Of([4]) }, sample.Input, default));
        Assert.Throws<ArgumentException>(() => sample.Run(new ConvolutionSelection { OutChannels = ActiveList.Of([5]) }, sample.Input, default));
        Assert.Throws<ArgumentException>(() => sample.Run(default, new float[143], default));
        Assert.Throws<ArgumentException>(() => sample.Run(default, sample.Input, new Epilogue { Scale = new float[4] }));
        Assert.Throws<ArgumentException>(() => sample.Run(default, sample.Input, default, new float[79], .., ..));
        Assert.Throws<ArgumentOutOfRangeException>(() => sample.Run(default, sample.Input, default, new float[80], ..17, ..));
    }

    private static void MatchesTheReference(ConvolutionGeometry geometry, int seed)
    {
        Sample sample = new(geometry, seed);
        var expected = new float[geometry.OutElements];
        ConvolutionReference.Forward<float>(in geometry, sample.Input, sample.Weights, expected);
        MultiplyCases.Identical(expected, sample.Run(default, sample.Input, default), $"seed {seed}, {geometry}");
        sample.Epilogue(expected.Length).ApplyTo(expected, geometry.OutChannels);
        MultiplyCases.Identical(expected, sample.Run(default, sample.Input, sample.Epilogue(expected.Length)), $"seed {seed}, {geometry}, with epilogue");
    }

    // Kernels up to 7, and asymmetric in everything.
    private static ConvolutionGeometry Geometry(int seed)
    {
        var random = new ConvolutionCases.Numbers(seed + 1234);
        int groups = random.Next(3) == 0 ? random.Next(2, 5) : 1;
        int kernelHeight = random.Next(1, 8), kernelWidth = random.Next(1, 8);
        int dilationHeight = random.Next(1, 4), dilationWidth = random.Next(3) > 0 ? 1 : random.Next(1, 4);
        int padTop = random.Next(5), padLeft = random.Next(5), padBottom = random.Next(5), padRight = random.Next(5);
        int leastHeight = Math.Max(1, ((kernelHeight - 1) * dilationHeight) + 1 - padTop - padBottom);
        int leastWidth = Math.Max(1, ((kernelWidth - 1) * dilationWidth) + 1 - padLeft - padRight);
        return new ConvolutionGeometry(
            groups * random.Next(1, 24), groups * random.Next(1, groups == 1 && random.Next(3) == 0 ? 150 : 50), kernelHeight, kernelWidth,
            leastHeight + random.Next(12), leastWidth + random.Next(12), random.Next(1, 4), random.Next(1, 4),
            padTop, padLeft, padBottom, padRight, dilationHeight, dilationWidth, groups);
    }

    private static long Macs(in ConvolutionGeometry geometry, int[] rows, int[] inputs, bool listsInputs, int[] columns)
    {
        long macs = 0;
        foreach (int column in columns)
        {
            int group = column / geometry.OutChannelsPerGroup;
            long seen = geometry.InChannelsPerGroup;
            if (listsInputs)
            {
                seen = 0;
                foreach (int channel in inputs)
                {
                    seen += channel / geometry.InChannelsPerGroup == group ? 1 : 0;
                }
            }

            macs += seen * geometry.Taps * rows.Length;
        }

        return macs;
    }

    private static ActiveList List(bool isListed, bool isCompact, int[] indices) =>
        !isListed ? ActiveList.All : isCompact ? ActiveList.CompactOf(indices) : ActiveList.Of(indices);

    // Random indices, or whole panels of them, or none, or all.
    // Whole groups of neighbours.
    private static int[] Groups(int count, int size, ConvolutionCases.Numbers random)
    {
        var chosen = new List<int>();
        for (int start = 0; start + size <= count; start += size)
        {
            for (int i = 0; i < size; i++)
            {
                chosen.Add(start + i);
            }

            if (random.Next(3) == 0)
            {
                chosen.RemoveRange(chosen.Count - size, size);
            }
        }

        return [.. chosen];
    }

    private static int[] Subset(int universe, ConvolutionCases.Numbers random)
    {
        int tenths = random.Next(11);
        int run = random.Next(2) == 0 ? 1 : 16;
        List<int> list = [];
        bool isActive = false;
        for (int i = 0; i < universe; i++)
        {
            isActive = i % run == 0 ? random.Next(10) < tenths : isActive;
            if (isActive)
            {
                list.Add(i);
            }
        }

        return [.. list];
    }

    private static int[] Everything(int universe)
    {
        var list = new int[universe];
        for (int i = 0; i < universe; i++)
        {
            list[i] = i;
        }

        return list;
    }

    private static float[] KeepColumns(float[] values, int width, int[] columns)
    {
        var kept = new float[values.Length];
        for (int row = 0; row < values.Length; row += width)
        {
            foreach (int column in columns)
            {
                kept[row + column] = values[row + column];
            }
        }

        return kept;
    }

    private static float[] TakeColumns(float[] values, int width, int[] columns)
    {
        List<float> taken = [];
        for (int row = 0; row < values.Length; row += width)
        {
            foreach (int column in columns)
            {
                taken.Add(values[row + column]);
            }
        }

        return [.. taken];
    }

    private sealed class Sample
    {
        private readonly ConvolutionGeometry _geometry;
        private readonly float[] _packed;
        private readonly float[] _scale;
        private readonly float[] _shift;

        public Sample(ConvolutionGeometry geometry, int seed)
        {
            _geometry = geometry;
            Input = ConvolutionCases.Values(geometry.InElements, seed);
            Weights = ConvolutionCases.Values(geometry.WeightElements, seed + 1);
            Residual = ConvolutionCases.Values(geometry.OutElements, seed + 2);
            _scale = ConvolutionCases.Values(geometry.OutChannels, seed + 3);
            _shift = ConvolutionCases.Values(geometry.OutChannels, seed + 4);
            _packed = MultiplyCases.Scratch(ConvolutionWeights.PackedLength(in geometry));
            ConvolutionWeights.Pack(in geometry, Weights, _packed);
        }

        public float[] Input { get; }

        public float[] Weights { get; }

        public float[] Residual { get; }

        public Epilogue Epilogue(int length) => Epilogue(Residual.AsSpan(0, length));

        public Epilogue Epilogue(ReadOnlySpan<float> residual) =>
            new() { Scale = _scale, Shift = _shift, Residual = residual, Activation = Activation.Relu };

        public float[] Run(in ConvolutionSelection selection, ReadOnlySpan<float> input, in Epilogue epilogue)
        {
            float[] output = MultiplyCases.Scratch(selection.OutputLength(in _geometry));
            Run(in selection, input, in epilogue, output, .., ..);
            return output;
        }

        public void Run(in ConvolutionSelection selection, ReadOnlySpan<float> input, in Epilogue epilogue, float[] output, Range pixels, Range panels)
        {
            float[] scratch = MultiplyCases.Scratch(IndirectConvolution.ScratchLength(in _geometry, selection.InChannels.IsListed || selection.OutChannels.IsListed));
            IndirectConvolution.Forward(in _geometry, input, _packed, output, in selection, in epilogue, scratch, pixels, panels);
        }
    }
}
