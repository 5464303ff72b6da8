using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ManagedDyn.Engine.Selections;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>One chunk of a weight gradient on its way: its operands, and the memory of the thread that computes it.</summary>
internal ref struct WeightGradientChunk
{
    public ConvolutionGeometry Geometry;
    public WeightGradientPlan Plan;
    public ReadOnlySpan<float> Input;
    public ReadOnlySpan<float> OutputGradient;

    /// <summary>Whether row r of the output gradient is the r-th selected pixel; else rows are pixels of full maps.</summary>
    public bool Compact;

    public Span<float> Partial;

    /// <summary>The first panel to compute, counted over all groups.</summary>
    public int FirstPanel;

    /// <summary>The panel after the last.</summary>
    public int EndPanel;

    /// <summary>The lists of all blocks, if <see cref="WeightGradientPlan.CachesOffsets"/>.</summary>
    public ReadOnlySpan<int> Lists;

    private readonly Span<float> _panels;
    private readonly Span<float> _patches;
    private readonly Span<float> _gathered;
    private readonly Span<int> _own;

    public WeightGradientChunk(in ConvolutionGeometry geometry, in WeightGradientPlan plan, Span<float> scratch, Span<int> indices)
    {
        Geometry = geometry;
        Plan = plan;
        int panels = PixelChunks.BlockPixels * plan.Lanes * (plan.Gathers ? plan.Panels : 1);
        _panels = scratch[..panels];
        _patches = plan.Unrolled ? scratch[panels..plan.ScratchElements] : default;
        _gathered = plan.Gathers ? scratch[panels..plan.ScratchElements] : default;
        _own = indices[..plan.ListElements];
    }

    /// <summary>Writes the lists of all blocks, which are the same for every chunk.</summary>
    public static void ListAll(in ConvolutionGeometry geometry, in WeightGradientPlan plan, Span<int> lists)
    {
        for (int block = 0; block < plan.Chunks.Blocks; block++)
        {
            ListDense(geometry, plan, block, lists.Slice(block * plan.ListElements, plan.ListElements));
        }
    }

    /// <summary>All pixels: sample by sample, block by block.</summary>
    public readonly void Dense(int firstSample, int endSample, int firstBlock, int endBlock)
    {
        if (Plan.Unrolled)
        {
            ListUnrolled();
        }
        Span<int> all = stackalloc int[PixelChunks.BlockPixels];
        for (int sample = firstSample; sample < endSample; sample += Plan.Chunks.SamplesPerBlock)
        {
            int samples = Math.Min(Plan.Chunks.SamplesPerBlock, endSample - sample);
            for (int block = firstBlock; block < endBlock; block++)
            {
                int from = Plan.Chunks.BlockStart(block);
                int to = Plan.Chunks.BlockStart(block + 1);
                int pixels = samples * (to - from);
                int firstRow = (sample * Geometry.OutPixels) + from;
                if (Plan.Unrolled)
                {
                    for (int i = 0; i < pixels; i++)
                    {
                        all[i] = firstRow + i;
                    }
                    Accumulate(_own, 0, all[..pixels], firstRow, contiguous: true, pixels, 1, 1, default);
                    continue;
                }
                if (Lists.IsEmpty)
                {
                    ListDense(Geometry, Plan, block, _own);
                }
                InputWindow window = Plan.Gathers ? InputWindow.Of(Geometry, samples, from, to) : default;
                Accumulate(
                    Lists.IsEmpty ? _own : Lists.Slice(block * Plan.ListElements, Plan.ListElements), sample * Geometry.InElements, default, firstRow,
                    contiguous: true, pixels, samples, Plan.Chunks.SamplesPerBlock, window);
            }
        }
    }

    /// <summary>The selected pixels of the same range, in the same order.</summary>
    public readonly void Selected(Selection selection, int firstSample, int endSample, int firstBlock, int endBlock)
    {
        Span<int> pixels = stackalloc int[PixelChunks.BlockPixels];
        ReadOnlySpan<int> offsets = selection.Offsets;
        ReadOnlySpan<int> indices = selection.Indices;
        int from = Plan.Chunks.BlockStart(firstBlock);
        int to = Plan.Chunks.BlockStart(endBlock);
        if (Plan.Unrolled)
        {
            ListUnrolled();
        }
        int filled = 0;
        int compactRow = 0;
        for (int sample = firstSample; sample < endSample; sample++)
        {
            for (int i = offsets[sample]; i < offsets[sample + 1]; i++)
            {
                if (indices[i] < from || indices[i] >= to)
                {
                    continue;
                }
                compactRow = filled == 0 ? i : compactRow;
                pixels[filled++] = (sample * Geometry.OutPixels) + indices[i];
                if (filled == pixels.Length)
                {
                    AccumulateSelected(pixels, compactRow);
                    filled = 0;
                }
            }
        }
        if (filled > 0)
        {
            AccumulateSelected(pixels[..filled], compactRow);
        }
    }

    private readonly void AccumulateSelected(ReadOnlySpan<int> pixels, int compactRow)
    {
        if (!Plan.Unrolled)
        {
            TapPairs.Selected(Geometry, pixels, true, Plan.Lanes, _own[..Plan.OffsetsPerBlock], _own.Slice(Plan.OffsetsPerBlock, Plan.Taps));
        }
        Accumulate(_own, 0, pixels, compactRow, Compact, pixels.Length, 1, 1, default);
    }

    private static void ListDense(in ConvolutionGeometry geometry, in WeightGradientPlan plan, int block, Span<int> list)
    {
        int from = plan.Chunks.BlockStart(block);
        int to = plan.Chunks.BlockStart(block + 1);
        (int first, int step) = plan.Gathers
            ? (InputWindow.Of(geometry, plan.Chunks.SamplesPerBlock, from, to).First, InputWindow.Step)
            : (0, geometry.InChannels);
        TapPairs.Dense(
            geometry, plan.Chunks.SamplesPerBlock, from, to, first, step, plan.Lanes, list[..plan.OffsetsPerBlock],
            list.Slice(plan.OffsetsPerBlock, plan.Taps));
    }

    // Patches are rows of their own: pixel i of the block meets row i.
    private readonly void ListUnrolled()
    {
        for (int i = 0; i < PixelChunks.BlockPixels; i++)
        {
            _own[2 * i] = i * Plan.PaddedRows;
            _own[(2 * i) + 1] = i * Plan.Lanes;
        }
    }

    // Adds one block to the partial sums. A tap's list is cut to samples / listedSamples of its length: the last samples of a chunk may
    // be fewer than those that the lists were made for, and lists go sample by sample.
    private readonly void Accumulate(
        ReadOnlySpan<int> lists, int inputBase, ReadOnlySpan<int> pixels, int firstRow, bool contiguous, int rows, int samples, int listedSamples,
        InputWindow window)
    {
        Span<int> counts = stackalloc int[Plan.Taps];
        for (int tap = 0; tap < counts.Length; tap++)
        {
            counts[tap] = Plan.Unrolled ? rows : lists[Plan.OffsetsPerBlock + tap] / listedSamples * samples;
        }
        for (int group = FirstPanel / Plan.Panels; group * Plan.Panels < EndPanel; group++)
        {
            int first = Math.Max(FirstPanel - (group * Plan.Panels), 0);
            int end = Math.Min(EndPanel - (group * Plan.Panels), Plan.Panels);
            int start = inputBase + (group * Geometry.InChannelsPerGroup);
            if (window.Count > 0)
            {
                for (int panel = first; panel < end; panel++)
                {
                    PackPanel(group, panel, pixels, firstRow, contiguous, rows, PanelOf(panel - first));
                }
                Gathered(group, first, end, start + (window.First * Geometry.InChannels), lists, counts, window);
                continue;
            }
            if (Plan.Unrolled)
            {
                PatchRows.Unroll(Geometry, group, Input, pixels, Plan.PaddedRows, _patches);
            }
            for (int panel = first; panel < end; panel++)
            {
                ReadOnlySpan<float> gradients = TakePanel(group, panel, pixels, firstRow, contiguous, rows, 0);
                for (int tile = 0; tile < Plan.Tiles;)
                {
                    int pair = IsNarrow(panel) && IsPair(tile) ? 2 : 1;
                    ReadOnlySpan<float> input = Plan.Unrolled ? _patches : Input[start..];
                    Multiply(group, panel, tile, pair, ref MemoryMarshal.GetReference(input[Plan.TileStart(tile)..]), Plan.TileHeight(tile), lists, counts, gradients);
                    tile += pair;
                }
            }
        }
    }

    // The same for a block whose input pixels lie side by side: tile by tile, these are gathered once for all panels and taps.
    private readonly void Gathered(
        int group, int firstPanel, int endPanel, int start, ReadOnlySpan<int> lists, ReadOnlySpan<int> counts, InputWindow window)
    {
        int length = window.Count * InputWindow.Step;
        bool hasNarrow = IsNarrow(endPanel - 1);
        for (int tile = 0; tile < Plan.Tiles;)
        {
            int tiles = hasNarrow && IsPair(tile) ? 2 : 1;
            for (int i = 0; i < tiles; i++)
            {
                window.Gather(
                    Input[(start + Plan.TileStart(tile + i))..], Geometry.InChannels, Plan.TileHeight(tile), _gathered.Slice(i * length, length));
            }
            for (int panel = firstPanel; panel < endPanel; panel++)
            {
                int pair = IsNarrow(panel) ? tiles : 1;
                for (int i = 0; i < tiles; i += pair)
                {
                    Multiply(group, panel, tile + i, pair, ref _gathered[i * length], length, lists, counts, PanelOf(panel - firstPanel));
                }
            }
            tile += tiles;
        }
    }

    private readonly bool IsNarrow(int panel) => Geometry.OutChannelsPerGroup - (panel * Plan.Lanes) <= Vector<float>.Count;

    // Whether a tile and the next can be taken at once: of the same height, side by side.
    private readonly bool IsPair(int tile) => tile + 1 < Plan.Tiles && Plan.TileHeight(tile) == Plan.TileHeight(tile + 1)
        && Plan.TileStart(tile + 1) == Plan.TileStart(tile) + Plan.TileHeight(tile);

    // Rows of exactly a panel's width that lie one after another are a panel already.
    private readonly ReadOnlySpan<float> TakePanel(int group, int panel, ReadOnlySpan<int> pixels, int firstRow, bool contiguous, int rows, int slot)
    {
        if (contiguous && Geometry.Groups == 1 && Geometry.OutChannels == Plan.Lanes)
        {
            return OutputGradient.Slice(firstRow * Plan.Lanes, rows * Plan.Lanes);
        }
        PackPanel(group, panel, pixels, firstRow, contiguous, rows, PanelOf(slot));
        return PanelOf(slot);
    }

    private readonly Span<float> PanelOf(int slot) => _panels.Slice(slot * PixelChunks.BlockPixels * Plan.Lanes, PixelChunks.BlockPixels * Plan.Lanes);

    // One tile or two by one panel, tap by tap.
    // Safety: input offsets come from TapPairs and PatchRows, which list only pixels inside the map, and a tile starts at most at the group's
    // channels minus its own rows, or is gathered with room for all its rows; positions are below BlockPixels; a tile's sums lie within
    // the partial sums.
    private readonly void Multiply(
        int group, int panel, int tile, int tiles, ref float input, nint second, ReadOnlySpan<int> lists, ReadOnlySpan<int> counts,
        ReadOnlySpan<float> packed)
    {
        int sums = ((((group * Plan.Panels) + panel) * Plan.Taps * Plan.TileRows) + Plan.TileRow(tile)) * Plan.Lanes;
        int height = Plan.TileHeight(tile);
        ref float gradients = ref MemoryMarshal.GetReference(packed);
        for (int tap = 0; tap < counts.Length; tap++)
        {
            ref int pairs = ref Unsafe.AsRef(in lists[tap * PixelChunks.BlockPixels * 2]);
            ref float tileSums = ref Partial[sums + (tap * Plan.TileRows * Plan.Lanes)];
            if (tiles == 1)
            {
                One(height, ref input, ref gradients, ref pairs, counts[tap], ref tileSums);
            }
            else
            {
                Two(height, ref input, second, ref gradients, ref pairs, counts[tap], ref tileSums);
            }
        }
    }

    private static void One(int height, ref float input, ref float gradients, ref int pairs, int count, ref float sums)
    {
        if (height == 6)
        {
            OuterProductKernel.Six(ref input, ref gradients, ref pairs, count, ref sums);
        }
        else if (height == 5)
        {
            OuterProductKernel.Five(ref input, ref gradients, ref pairs, count, ref sums);
        }
        else
        {
            OuterProductKernel.Four(ref input, ref gradients, ref pairs, count, ref sums);
        }
    }

    private static void Two(int height, ref float input, nint second, ref float gradients, ref int pairs, int count, ref float sums)
    {
        if (height == 6)
        {
            OuterProductKernel.TwelveNarrow(ref input, second, ref gradients, ref pairs, count, ref sums);
        }
        else if (height == 5)
        {
            OuterProductKernel.TenNarrow(ref input, second, ref gradients, ref pairs, count, ref sums);
        }
        else
        {
            OuterProductKernel.EightNarrow(ref input, second, ref gradients, ref pairs, count, ref sums);
        }
    }

    // Rows of a panel are two vectors wide; channels beyond the group's last are zero.
    private readonly void PackPanel(int group, int panel, ReadOnlySpan<int> pixels, int firstRow, bool contiguous, int rows, Span<float> packed)
    {
        int first = panel * Plan.Lanes;
        int width = Math.Min(Plan.Lanes, Geometry.OutChannelsPerGroup - first);
        int channel = (group * Geometry.OutChannelsPerGroup) + first;
        nuint lanes = (nuint)Vector<float>.Count;
        // Safety: a row's channels lie within the gradient if its last one does, which the slice of the last row checks; rows ascend.
        _ = OutputGradient.Slice(((contiguous ? firstRow + rows : pixels[rows - 1] + 1) * Geometry.OutChannels) - Geometry.OutChannels + channel, width);
        ref float source = ref Unsafe.Add(ref MemoryMarshal.GetReference(OutputGradient), channel);
        ref float target = ref MemoryMarshal.GetReference(packed[..(rows * Plan.Lanes)]);
        for (int i = 0; i < rows; i++)
        {
            nint row = contiguous ? firstRow + i : pixels[i];
            ref float from = ref Unsafe.Add(ref source, row * Geometry.OutChannels);
            ref float to = ref Unsafe.Add(ref target, i * (nint)(2 * lanes));
            if (width == Plan.Lanes)
            {
                Vector.LoadUnsafe(ref from).StoreUnsafe(ref to);
                Vector.LoadUnsafe(ref from, lanes).StoreUnsafe(ref to, lanes);
            }
            else
            {
                Span<float> padded = MemoryMarshal.CreateSpan(ref to, Plan.Lanes);
                MemoryMarshal.CreateReadOnlySpan(ref from, width).CopyTo(padded);
                padded[width..].Clear();
            }
        }
    }
}
