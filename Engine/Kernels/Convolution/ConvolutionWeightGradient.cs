using System;
using ManagedDyn.Engine.Kernels.Reduction;
using ManagedDyn.Engine.Selections;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// The gradient of a convolution with respect to its weight:
/// dW[o, c, ky, kx] = Σ over samples n and output pixels (oy, ox) of dy[n, oy, ox, o] · x[n, iy, ix, c], where (iy, ix) is the input pixel
/// that tap (ky, kx) of the output pixel meets. Taps in the padding and output pixels that are not selected are not visited.
/// </summary>
/// <remarks>
/// The sum goes in fixed chunks along a fixed tree: compute every chunk (in any order, on any threads, each into its own partial sums),
/// then <see cref="Reduce"/>. Chunks depend on geometry and batch alone, so the bits do not depend on threads or timing, and pixels
/// that are not selected give the same bits as zero gradients would (if the input is finite). A matrix product's gradient
/// dB = Aᵀ · dC is the case of one pixel a sample.
/// </remarks>
public static class ConvolutionWeightGradient
{
    /// <summary>The number of chunks, a pure function of its arguments.</summary>
    /// <param name="geometry">The convolution.</param>
    /// <param name="batch">Samples.</param>
    public static int ChunkCount(in ConvolutionGeometry geometry, int batch) => new WeightGradientPlan(geometry, batch).Chunks.Count;

    /// <summary>Floats of one chunk's partial sums.</summary>
    /// <param name="geometry">The convolution.</param>
    public static int PartialElements(in ConvolutionGeometry geometry) => new WeightGradientPlan(geometry, 1).PartialElements;

    /// <summary>Floats that a thread needs as scratch.</summary>
    /// <param name="geometry">The convolution.</param>
    public static int ScratchElements(in ConvolutionGeometry geometry) => new WeightGradientPlan(geometry, 1).ScratchElements;

    /// <summary>Integers that a thread needs as scratch.</summary>
    /// <param name="geometry">The convolution.</param>
    public static int ScratchIndices(in ConvolutionGeometry geometry)
    {
        var plan = new WeightGradientPlan(geometry, 1);
        return checked(plan.ListElements + plan.SharedIndices);
    }

    /// <summary>Computes one chunk's partial sums.</summary>
    /// <param name="geometry">The convolution.</param>
    /// <param name="batch">Samples.</param>
    /// <param name="chunk">Which chunk, from 0 to <see cref="ChunkCount"/>, exclusive.</param>
    /// <param name="input">x, shape [batch, InHeight, InWidth, InChannels].</param>
    /// <param name="outputGradient">
    /// dy, shape [batch, OutHeight, OutWidth, OutChannels], or [selected pixels, OutChannels] when <paramref name="compact"/>.
    /// </param>
    /// <param name="selection">The output pixels that count, one row a sample; default: all.</param>
    /// <param name="compact">Whether the output gradient has rows for the selected pixels only.</param>
    /// <param name="partial">The chunk's partial sums, <see cref="PartialElements"/>; overwritten. Their layout is this class's own.</param>
    /// <param name="scratch">At least <see cref="ScratchElements"/>, of this thread.</param>
    /// <param name="indices">At least <see cref="ScratchIndices"/>, of this thread.</param>
    /// <exception cref="ArgumentException">A span is too short, or the selection does not fit.</exception>
    public static void ComputeChunk(
        in ConvolutionGeometry geometry, int batch, int chunk, ReadOnlySpan<float> input, ReadOnlySpan<float> outputGradient,
        Selection selection, bool compact, Span<float> partial, Span<float> scratch, Span<int> indices)
    {
        var plan = new WeightGradientPlan(geometry, batch);
        if ((uint)chunk >= (uint)plan.Chunks.Count)
        {
            throw new ArgumentOutOfRangeException(nameof(chunk), chunk, $"Chunk {chunk} of {plan.Chunks.Count} was asked for.");
        }
        OperandCheck.Length(nameof(indices), indices.Length, plan.ListElements + plan.SharedIndices);
        Span<int> lists = indices.Slice(plan.ListElements, selection.IsAll ? plan.SharedIndices : 0);
        List(geometry, batch, lists);
        ComputeChunk(
            geometry, batch, chunk, 0, PanelCount(geometry), input, outputGradient, selection, compact, lists, partial, scratch, indices[..plan.ListElements]);
    }

    /// <summary>Panels of output channels, over all groups: a chunk's work can be split by them.</summary>
    internal static int PanelCount(in ConvolutionGeometry geometry) => geometry.Groups * new WeightGradientPlan(geometry, 1).Panels;

    /// <summary>Integers of the lists that serve all chunks and threads when all pixels count; may be 0.</summary>
    internal static int SharedIndices(in ConvolutionGeometry geometry) => new WeightGradientPlan(geometry, 1).SharedIndices;

    /// <summary>Integers that a thread needs beside the shared lists.</summary>
    internal static int OwnIndices(in ConvolutionGeometry geometry) => new WeightGradientPlan(geometry, 1).ListElements;

    /// <summary>Writes the shared lists.</summary>
    internal static void List(in ConvolutionGeometry geometry, int batch, Span<int> lists)
    {
        if (!lists.IsEmpty)
        {
            var plan = new WeightGradientPlan(geometry, batch);
            OperandCheck.Length(nameof(lists), lists.Length, plan.SharedIndices);
            WeightGradientChunk.ListAll(geometry, plan, lists);
        }
    }

    /// <summary>Computes some panels of one chunk's partial sums.</summary>
    internal static void ComputeChunk(
        in ConvolutionGeometry geometry, int batch, int chunk, int firstPanel, int endPanel, ReadOnlySpan<float> input,
        ReadOnlySpan<float> outputGradient, Selection selection, bool compact, ReadOnlySpan<int> lists, Span<float> partial, Span<float> scratch,
        Span<int> indices)
    {
        var plan = new WeightGradientPlan(geometry, batch);
        OperandCheck.Selection(geometry, batch, selection);
        OperandCheck.Length(nameof(input), input.Length, (long)batch * geometry.InElements);
        OperandCheck.Length(nameof(outputGradient), outputGradient.Length, OperandCheck.OutputRows(geometry, batch, selection, compact) * geometry.OutChannels);
        OperandCheck.Length(nameof(partial), partial.Length, plan.PartialElements);
        OperandCheck.Length(nameof(scratch), scratch.Length, plan.ScratchElements);
        OperandCheck.Length(nameof(indices), indices.Length, plan.ListElements);
        int panelElements = plan.Taps * plan.TileRows * plan.Lanes;
        partial[(firstPanel * panelElements)..(endPanel * panelElements)].Clear();
        var work = new WeightGradientChunk(geometry, plan, scratch, indices)
        {
            Input = input,
            OutputGradient = outputGradient,
            Partial = partial,
            FirstPanel = firstPanel,
            EndPanel = endPanel,
            Lists = lists,
            Compact = compact && !selection.IsAll,
        };
        (int firstSample, int endSample, int firstBlock, int endBlock) = plan.Chunks.Range(chunk);
        if (selection.IsAll)
        {
            work.Dense(firstSample, endSample, firstBlock, endBlock);
        }
        else
        {
            work.Selected(selection, firstSample, endSample, firstBlock, endBlock);
        }
    }

    /// <summary>Adds up the chunks and writes the gradient in the weight's own layout.</summary>
    /// <param name="geometry">The convolution.</param>
    /// <param name="batch">Samples.</param>
    /// <param name="partials">All chunks' partial sums one after another; overwritten.</param>
    /// <param name="weightGradient">dW, shape [OutChannels, InChannels / Groups, KernelHeight, KernelWidth].</param>
    /// <param name="accumulate">Whether to add to what is there.</param>
    /// <exception cref="ArgumentException">A span is too short.</exception>
    public static void Reduce(
        in ConvolutionGeometry geometry, int batch, Span<float> partials, Span<float> weightGradient, bool accumulate)
    {
        var plan = new WeightGradientPlan(geometry, batch);
        OperandCheck.Length(nameof(partials), partials.Length, (long)plan.Chunks.Count * plan.PartialElements);
        OperandCheck.Length(nameof(weightGradient), weightGradient.Length, geometry.WeightElements);
        FixedTree.Sum(partials, plan.Chunks.Count, plan.PartialElements);
        for (int group = 0; group < geometry.Groups; group++)
        {
            for (int panel = 0; panel < plan.Panels; panel++)
            {
                Unpack(geometry, plan, group, panel, partials, weightGradient, accumulate);
            }
        }
    }

    private static void Unpack(
        in ConvolutionGeometry geometry, in WeightGradientPlan plan, int group, int panel, ReadOnlySpan<float> sums, Span<float> weightGradient,
        bool accumulate)
    {
        int channels = geometry.InChannelsPerGroup;
        int width = Math.Min(plan.Lanes, geometry.OutChannelsPerGroup - (panel * plan.Lanes));
        int perOutput = channels * geometry.Taps;
        int target = ((group * geometry.OutChannelsPerGroup) + (panel * plan.Lanes)) * perOutput;
        int source = ((group * plan.Panels) + panel) * plan.Taps * plan.TileRows * plan.Lanes;
        for (int tap = 0; tap < plan.Taps; tap++)
        {
            int covered = 0;
            for (int tile = 0; tile < plan.Tiles; tile++)
            {
                int height = plan.TileHeight(tile);
                int start = plan.TileStart(tile);
                for (int r = 0; r < height; r++, source += plan.Lanes)
                {
                    int row = start + r;
                    if (row < covered || row >= plan.Rows)
                    {
                        continue;
                    }
                    // Unrolled rows are (tap, channel); the weight wants (channel, tap).
                    int element = plan.Unrolled ? (row % channels * geometry.Taps) + (row / channels) : (row * geometry.Taps) + tap;
                    for (int lane = 0; lane < width; lane++)
                    {
                        ref float place = ref weightGradient[target + (lane * perOutput) + element];
                        place = accumulate ? place + sums[source + lane] : sums[source + lane];
                    }
                }
                covered = start + height;
            }
        }
    }
}
