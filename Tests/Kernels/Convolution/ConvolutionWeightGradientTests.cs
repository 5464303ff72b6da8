using System;
using System.Threading.Tasks;
using FsCheck.Xunit;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Kernels.Convolution;

public sealed class ConvolutionWeightGradientTests
{
    [Fact]
    public void EdgeShapesMatchTheReference()
    {
        foreach ((ConvolutionGeometry geometry, int batch) in ConvolutionCases.Edges())
        {
            MatchesTheReference(geometry, batch, 1);
        }
    }

    [Property(MaxTest = 150)]
    public void RandomShapesMatchTheReference(int seed)
    {
        (ConvolutionGeometry geometry, int batch) = ConvolutionCases.Random(seed);
        MatchesTheReference(geometry, batch, seed);
    }

    [Property(MaxTest = 100)]
    public void SelectionsGiveTheBitsOfZeroGradients(int seed)
    {
        (ConvolutionGeometry geometry, int batch) = ConvolutionCases.Random(seed);
        SelectionLaw(geometry, batch, seed);
    }

    [Fact]
    public void SelectionsGiveTheBitsOfZeroGradientsOnEdgeShapes()
    {
        foreach ((ConvolutionGeometry geometry, int batch) in ConvolutionCases.Edges())
        {
            SelectionLaw(geometry, batch, 5);
        }
    }

    [Fact]
    public void ThreadsAndOrderDoNotChangeABit()
    {
        foreach ((ConvolutionGeometry geometry, int batch) in ConvolutionCases.Edges())
        {
            float[] x = ConvolutionCases.Values(batch * geometry.InElements, 3);
            float[] dy = ConvolutionCases.Values(batch * geometry.OutElements, 4);
            float[] expected = Compute(geometry, batch, x, dy, default, false);
            int chunks = ConvolutionWeightGradient.ChunkCount(geometry, batch);
            int size = ConvolutionWeightGradient.PartialElements(geometry);
            var partials = new float[chunks * size];
            Parallel.For(0, chunks, new ParallelOptions { MaxDegreeOfParallelism = 3 }, i =>
            {
                int chunk = chunks - 1 - i;
                ConvolutionWeightGradient.ComputeChunk(
                    geometry, batch, chunk, x, dy, default, false, partials.AsSpan(chunk * size, size),
                    new float[ConvolutionWeightGradient.ScratchElements(geometry)], new int[ConvolutionWeightGradient.ScratchIndices(geometry)]);
            });
            var found = new float[geometry.WeightElements];
            ConvolutionWeightGradient.Reduce(geometry, batch, partials, found, accumulate: false);
            Assert.Equal(expected, found);
        }
    }

    [Fact]
    public void EveryTileHeightAndPanelWidthMatchesTheReferenceWhateverThePiecesThatPanelsAreComputedIn()
    {
        for (int channels = 3; channels <= 31; channels++)
        {
            foreach (int outChannels in (int[])[3, 16, 20, 40])
            {
                int stride = 1 + (channels % 2);
                var geometry = new ConvolutionGeometry(channels, outChannels, 3, 3, 13, 11, stride, stride, 1, 1, 1, 1);
                MatchesTheReference(geometry, 3, channels);
                InPieces(geometry, 3, channels);
            }
        }

        // Groups that together are as wide as a panel.
        MatchesTheReference(new ConvolutionGeometry(26, 16, 3, 3, 9, 9, groups: 2), 2, 4);

        // Crowded channels; maps that share a block; a map too large for lists of all its blocks.
        InPieces(new ConvolutionGeometry(66, 24, 3, 3, 8, 8, padTop: 1, padLeft: 1), 5, 1);
        InPieces(new ConvolutionGeometry(8, 36, 3, 3, 70, 60, padTop: 1, padLeft: 1), 1, 2);
        InPieces(new ConvolutionGeometry(24, 72, 3, 3, 9, 9, groups: 2), 2, 3);
    }

    [Fact]
    public void LargeWorkIsCutIntoChunksThatDependOnGeometryAndBatchOnly()
    {
        var geometry = new ConvolutionGeometry(64, 64, 3, 3, 28, 28, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1);
        Assert.Equal(16, ConvolutionWeightGradient.ChunkCount(geometry, 32));
        Assert.Equal(1, ConvolutionWeightGradient.ChunkCount(new ConvolutionGeometry(4, 4, 3, 3, 8, 8), 1));
        Assert.True(ConvolutionWeightGradient.ChunkCount(geometry, 3) > 1);

        // A batch of few rows beside a large weight: adding up partial sums would take longer than computing them.
        Assert.Equal(1, ConvolutionWeightGradient.ChunkCount(new ConvolutionGeometry(784, 512, 1, 1, 1, 1), 64));
    }

    [Fact]
    public void AccumulatesWhenAsked()
    {
        (ConvolutionGeometry geometry, int batch) = ConvolutionCases.Random(11);
        float[] x = ConvolutionCases.Values(batch * geometry.InElements, 3);
        float[] dy = ConvolutionCases.Values(batch * geometry.OutElements, 4);
        float[] once = Compute(geometry, batch, x, dy, default, false);
        float[] twice = Compute(geometry, batch, x, dy, default, false, (float[])once.Clone());
        for (int i = 0; i < once.Length; i++)
        {
            Assert.Equal(once[i] + once[i], twice[i]);
        }
    }

    [Fact]
    public void AnEmptyBatchGivesZeros()
    {
        var geometry = new ConvolutionGeometry(4, 4, 3, 3, 8, 8);
        Assert.All(Compute(geometry, 0, [], [], default, false), value => Assert.Equal(0f, value));
    }

    [Fact]
    public void RefusesShortSpans()
    {
        var geometry = new ConvolutionGeometry(4, 4, 3, 3, 8, 8);
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => Compute(geometry, 1, new float[10], new float[geometry.OutElements], default, false));
        Assert.Contains("input holds 10 elements; expected 256", error.Message, StringComparison.Ordinal);
    }

    private static void MatchesTheReference(in ConvolutionGeometry geometry, int batch, int seed)
    {
        float[] x = ConvolutionCases.Values(batch * geometry.InElements, seed);
        float[] dy = ConvolutionCases.Values(batch * geometry.OutElements, seed + 1);
        var expected = new double[geometry.WeightElements];
        ConvolutionGradientReference.AddWeightGradient<double>(
            geometry, batch, ConvolutionCases.Doubles(x), ConvolutionCases.Doubles(dy), expected);
        ConvolutionCases.Close(expected, Compute(geometry, batch, x, dy, default, false), batch * geometry.OutPixels, geometry.ToString());
    }

    private static void InPieces(in ConvolutionGeometry geometry, int batch, int seed)
    {
        float[] x = ConvolutionCases.Values(batch * geometry.InElements, seed);
        float[] dy = ConvolutionCases.Values(batch * geometry.OutElements, seed + 1);
        float[] expected = Compute(geometry, batch, x, dy, default, false);
        int chunks = ConvolutionWeightGradient.ChunkCount(geometry, batch);
        int size = ConvolutionWeightGradient.PartialElements(geometry);
        int panels = ConvolutionWeightGradient.PanelCount(geometry);
        var partials = new float[chunks * size];
        Array.Fill(partials, float.NaN);
        var scratch = new float[ConvolutionWeightGradient.ScratchElements(geometry)];
        Array.Fill(scratch, float.NaN);
        var lists = new int[ConvolutionWeightGradient.SharedIndices(geometry)];
        ConvolutionWeightGradient.List(geometry, batch, lists);
        for (int part = 0; part < chunks * panels; part++)
        {
            int chunk = part / panels;
            int panel = part % panels;
            ConvolutionWeightGradient.ComputeChunk(
                geometry, batch, chunk, panel, panel + 1, x, dy, default, false, lists, partials.AsSpan(chunk * size, size), scratch,
                new int[ConvolutionWeightGradient.OwnIndices(geometry)]);
        }

        var found = new float[geometry.WeightElements];
        ConvolutionWeightGradient.Reduce(geometry, batch, partials, found, accumulate: false);
        ConvolutionCases.SameBits(expected, found, $"pieces of {geometry}");
    }

    private static void SelectionLaw(in ConvolutionGeometry geometry, int batch, int seed)
    {
        var workspace = new Workspace();
        float[] x = ConvolutionCases.Values(batch * geometry.InElements, seed);
        float[] dy = ConvolutionCases.Values(batch * geometry.OutElements, seed + 1);
        foreach (int tenths in new[] { 0, 3, 10 })
        {
            Selection selection = ConvolutionCases.Select(workspace, geometry, batch, tenths, seed + 2);
            int[] rows = ConvolutionCases.Rows(geometry, batch, selection);
            float[] expected = Compute(geometry, batch, x, ConvolutionCases.KeepRows(dy, geometry.OutChannels, rows), default, false);
            ConvolutionCases.SameBits(expected, Compute(geometry, batch, x, dy, selection, false), $"full width, {tenths}/10 of {geometry}");
            float[] compact = ConvolutionCases.GatherRows(dy, geometry.OutChannels, rows);
            ConvolutionCases.SameBits(expected, Compute(geometry, batch, x, compact, selection, true), $"compact, {tenths}/10 of {geometry}");
        }
    }

    private static float[] Compute(
        ConvolutionGeometry geometry, int batch, float[] x, float[] dy, Selection selection, bool compact, float[]? into = null)
    {
        int chunks = ConvolutionWeightGradient.ChunkCount(geometry, batch);
        int size = ConvolutionWeightGradient.PartialElements(geometry);
        var partials = new float[chunks * size];
        var scratch = new float[ConvolutionWeightGradient.ScratchElements(geometry)];
        var indices = new int[ConvolutionWeightGradient.ScratchIndices(geometry)];
        Array.Fill(partials, float.NaN);
        Array.Fill(scratch, float.NaN);
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            ConvolutionWeightGradient.ComputeChunk(
                geometry, batch, chunk, x, dy, selection, compact, partials.AsSpan(chunk * size, size), scratch, indices);
        }
        float[] result = into ?? new float[geometry.WeightElements];
        if (into is null)
        {
            Array.Fill(result, float.NaN);
        }
        ConvolutionWeightGradient.Reduce(geometry, batch, partials, result, accumulate: into is not null);
        return result;
    }
}
