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
    private readonly Span<float> _panel;
    private readonly Span<float> _patches;
    private readonly Span<int> _pairs;
    private readonly Span<int> _counts;

    public WeightGradientChunk(in ConvolutionGeometry geometry, in WeightGradientPlan plan, Span<float> scratch, Span<int> indices)
    {
        Geometry = geometry;
        Plan = plan;
        int panel = PixelChunks.BlockPixels * plan.Lanes;
        _panel = scratch[..panel];
        _patches = scratch[panel..plan.ScratchElements];
        int lists = plan.CachesOffsets ? plan.Chunks.Blocks : 1;
        _pairs = indices[..(lists * plan.OffsetsPerBlock)];
        _counts = indices.Slice(lists * plan.OffsetsPerBlock, lists * plan.Taps);
    }

    /// <summary>All pixels: sample by sample, block by block.</summary>
    public readonly void Dense(int firstSample, int endSample, int firstBlock, int endBlock)
    {
        if (Plan.Unrolled)
        {
            ListUnrolled();
        }
        else if (Plan.CachesOffsets)
        {
            for (int block = firstBlock; block < endBlock; block++)
            {
                ListDense(block, block);
            }
        }
        Span<int> all = stackalloc int[PixelChunks.BlockPixels];
        for (int sample = firstSample; sample < endSample; sample += Plan.Chunks.SamplesPerBlock)
        {
            int samples = Math.Min(Plan.Chunks.SamplesPerBlock, endSample - sample);
            for (int block = firstBlock; block < endBlock; block++)
            {
                int from = Plan.Chunks.BlockStart(block);
                int pixels = samples * (Plan.Chunks.BlockStart(block + 1) - from);
                int firstRow = (sample * Geometry.OutPixels) + from;
                if (Plan.Unrolled)
                {
                    for (int i = 0; i < pixels; i++)
                    {
                        all[i] = firstRow + i;
                    }
                    Accumulate(0, 0, all[..pixels], firstRow, contiguous: true, pixels, 1, 1);
                    continue;
                }
                if (!Plan.CachesOffsets)
                {
                    ListDense(block, 0);
                }
                Accumulate(
                    sample * Geometry.InElements, Plan.CachesOffsets ? block : 0, default, firstRow, contiguous: true, pixels,
                    samples, Plan.Chunks.SamplesPerBlock);
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
            TapPairs.Selected(Geometry, pixels, true, Plan.Lanes, _pairs[..Plan.OffsetsPerBlock], _counts[..Plan.Taps]);
        }
        Accumulate(0, 0, pixels, compactRow, Compact, pixels.Length, 1, 1);
    }

    private readonly void ListDense(int block, int slot)
    {
        TapPairs.Dense(
            Geometry, Plan.Chunks.SamplesPerBlock, Plan.Chunks.BlockStart(block), Plan.Chunks.BlockStart(block + 1),
            Plan.Lanes, _pairs.Slice(slot * Plan.OffsetsPerBlock, Plan.OffsetsPerBlock), _counts.Slice(slot * Plan.Taps, Plan.Taps));
    }

    // Patches are rows of their own: pixel i of the block meets row i.
    private readonly void ListUnrolled()
    {
        for (int i = 0; i < PixelChunks.BlockPixels; i++)
        {
            _pairs[2 * i] = i * Plan.PaddedRows;
            _pairs[(2 * i) + 1] = i * Plan.Lanes;
        }
    }

    // Adds one block to the partial sums. A tap's list is cut to samples / listedSamples of its length: the last samples of a chunk may
    // be fewer than those that the lists were made for, and lists go sample by sample.
    private readonly void Accumulate(
        int inputBase, int slot, ReadOnlySpan<int> pixels, int firstRow, bool contiguous, int rows, int samples, int listedSamples)
    {
        // Safety: input offsets come from TapPairs and PatchRows, which list only pixels inside the map, and a tile starts at most at
        // the group's channels minus its own rows; positions are below rows <= BlockPixels; a tile's sums lie within the partial sums.
        for (int group = 0; group < Geometry.Groups; group++)
        {
            ref float input = ref MemoryMarshal.GetReference(Input[(inputBase + (group * Geometry.InChannelsPerGroup))..]);
            if (Plan.Unrolled)
            {
                PatchRows.Unroll(Geometry, group, Input, pixels, Plan.PaddedRows, _patches);
                input = ref MemoryMarshal.GetReference(_patches);
            }
            for (int panel = 0; panel < Plan.Panels; panel++)
            {
                PackPanel(group, panel, pixels, firstRow, contiguous, rows);
                int sums = ((group * Plan.Panels) + panel) * Plan.Taps * Plan.TileRows * Plan.Lanes;
                bool narrow = Geometry.OutChannelsPerGroup - (panel * Plan.Lanes) <= Vector<float>.Count;
                for (int tile = 0; tile < Plan.Sixes + Plan.Fours;)
                {
                    bool six = tile < Plan.Sixes;
                    int height = six ? 6 : 4;
                    int tileRow = six ? 6 * tile : (6 * Plan.Sixes) + (4 * (tile - Plan.Sixes));
                    int start = Plan.TileStart(tile);
                    bool pair = narrow && tile + 1 < (six ? Plan.Sixes : Plan.Sixes + Plan.Fours) && Plan.TileStart(tile + 1) == start + height;
                    ref float tileInput = ref Unsafe.Add(ref input, start);
                    for (int tap = 0; tap < Plan.Taps; tap++)
                    {
                        int count = Plan.Unrolled ? rows : _counts[(slot * Plan.Taps) + tap] / listedSamples * samples;
                        ref int pairs = ref _pairs[(slot * Plan.OffsetsPerBlock) + (tap * PixelChunks.BlockPixels * 2)];
                        ref float tileSums = ref Partial[sums + (((tap * Plan.TileRows) + tileRow) * Plan.Lanes)];
                        Multiply(six, pair, ref tileInput, ref MemoryMarshal.GetReference(_panel), ref pairs, count, ref tileSums);
                    }
                    tile += pair ? 2 : 1;
                }
            }
        }
    }

    private static void Multiply(bool six, bool pair, ref float input, ref float gradients, ref int pairs, int count, ref float sums)
    {
        if (six && pair)
        {
            OuterProductKernel.TwelveNarrow(ref input, ref gradients, ref pairs, count, ref sums);
        }
        else if (six)
        {
            OuterProductKernel.Six(ref input, ref gradients, ref pairs, count, ref sums);
        }
        else if (pair)
        {
            OuterProductKernel.EightNarrow(ref input, ref gradients, ref pairs, count, ref sums);
        }
        else
        {
            OuterProductKernel.Four(ref input, ref gradients, ref pairs, count, ref sums);
        }
    }

    // Rows of a panel are two vectors wide; channels beyond the group's last are zero.
    private readonly void PackPanel(int group, int panel, ReadOnlySpan<int> pixels, int firstRow, bool contiguous, int rows)
    {
        int first = panel * Plan.Lanes;
        int width = Math.Min(Plan.Lanes, Geometry.OutChannelsPerGroup - first);
        int channel = (group * Geometry.OutChannelsPerGroup) + first;
        nuint lanes = (nuint)Vector<float>.Count;
        // Safety: a row's channels lie within the gradient if its last one does, which the slice of the last row checks; rows ascend.
        _ = OutputGradient.Slice(((contiguous ? firstRow + rows : pixels[rows - 1] + 1) * Geometry.OutChannels) - Geometry.OutChannels + channel, width);
        ref float source = ref Unsafe.Add(ref MemoryMarshal.GetReference(OutputGradient), channel);
        ref float target = ref MemoryMarshal.GetReference(_panel[..(rows * Plan.Lanes)]);
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
