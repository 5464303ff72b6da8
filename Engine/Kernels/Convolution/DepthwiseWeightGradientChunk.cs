using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ManagedDyn.Engine.Selections;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>One chunk of a depthwise weight gradient: for each tap, a list of pixel pairs is walked with a few vectors of channels in registers.</summary>
internal readonly ref struct DepthwiseWeightGradientChunk
{
    private readonly ConvolutionGeometry _geometry;
    private readonly PixelChunks _chunks;
    private readonly ReadOnlySpan<float> _input;
    private readonly ReadOnlySpan<float> _outputGradient;
    private readonly Span<float> _partial;
    private readonly Span<int> _pairs;
    private readonly Span<int> _counts;

    public DepthwiseWeightGradientChunk(
        in ConvolutionGeometry geometry, in PixelChunks chunks, ReadOnlySpan<float> input, ReadOnlySpan<float> outputGradient,
        Span<float> partial, Span<int> indices)
    {
        _geometry = geometry;
        _chunks = chunks;
        _input = input;
        _outputGradient = outputGradient;
        _partial = partial;
        _pairs = indices[..(geometry.Taps * PixelChunks.BlockPixels * 2)];
        _counts = indices.Slice(_pairs.Length, geometry.Taps);
    }

    /// <summary>The first channel of a vector. The last vector ends with the last channel, so it may overlap the one before.</summary>
    public static int FirstChannel(in ConvolutionGeometry geometry, int vector) =>
        Math.Min(vector * Vector<float>.Count, geometry.InChannels - Vector<float>.Count);

    /// <summary>All pixels: sample by sample, block by block.</summary>
    public void Dense(int chunk)
    {
        (int firstSample, int endSample, int firstBlock, int endBlock) = _chunks.Range(chunk);
        for (int sample = firstSample; sample < endSample; sample += _chunks.SamplesPerBlock)
        {
            int samples = Math.Min(_chunks.SamplesPerBlock, endSample - sample);
            for (int block = firstBlock; block < endBlock; block++)
            {
                int from = _chunks.BlockStart(block);
                TapPairs.Dense(
                    _geometry, samples, from, _chunks.BlockStart(block + 1), 0, _geometry.InChannels, _geometry.OutChannels, _pairs, _counts);
                Accumulate(sample * _geometry.InElements, ((sample * _geometry.OutPixels) + from) * _geometry.OutChannels);
            }
        }
    }

    /// <summary>The selected pixels of the same range, in the same order.</summary>
    public void Selected(int chunk, Selection selection, bool compact)
    {
        Span<int> pixels = stackalloc int[PixelChunks.BlockPixels];
        (int firstSample, int endSample, int firstBlock, int endBlock) = _chunks.Range(chunk);
        ReadOnlySpan<int> offsets = selection.Offsets;
        ReadOnlySpan<int> indices = selection.Indices;
        int from = _chunks.BlockStart(firstBlock);
        int to = _chunks.BlockStart(endBlock);
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
                pixels[filled++] = (sample * _geometry.OutPixels) + indices[i];
                if (filled == pixels.Length)
                {
                    AccumulateSelected(pixels, compact, compactRow);
                    filled = 0;
                }
            }
        }
        AccumulateSelected(pixels[..filled], compact, compactRow);
    }

    private void AccumulateSelected(ReadOnlySpan<int> pixels, bool compact, int compactRow)
    {
        if (!pixels.IsEmpty)
        {
            TapPairs.Selected(_geometry, pixels, compact, _geometry.OutChannels, _pairs, _counts);
            Accumulate(0, compact ? compactRow * _geometry.OutChannels : 0);
        }
    }

    private void Accumulate(int inputBase, int gradientBase)
    {
        // Safety: TapPairs lists only pixels inside the map, and a vector of channels ends at most at the last channel.
        ref float input = ref MemoryMarshal.GetReference(_input[inputBase..]);
        ref float gradient = ref MemoryMarshal.GetReference(_outputGradient[gradientBase..]);
        int lanes = Vector<float>.Count;
        int vectors = DepthwiseConvolution.Stride(_geometry) / lanes;
        int whole = _geometry.InChannels / lanes;
        for (int vector = 0; vector < vectors;)
        {
            bool four = vector + 4 <= whole;
            int channel = FirstChannel(_geometry, vector);
            for (int tap = 0; tap < _geometry.Taps; tap++)
            {
                ref int pairs = ref _pairs[tap * PixelChunks.BlockPixels * 2];
                ref float sums = ref _partial[((tap * vectors) + vector) * lanes];
                if (four)
                {
                    Four(ref Unsafe.Add(ref input, channel), ref Unsafe.Add(ref gradient, channel), ref pairs, _counts[tap], ref sums);
                }
                else
                {
                    One(ref Unsafe.Add(ref input, channel), ref Unsafe.Add(ref gradient, channel), ref pairs, _counts[tap], ref sums);
                }
            }
            vector += four ? 4 : 1;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Four(ref float input, ref float gradient, ref int pairs, nint count, ref float sums)
    {
        nuint lanes = (nuint)Vector<float>.Count;
        Vector<float> s0 = Vector.LoadUnsafe(ref sums), s1 = Vector.LoadUnsafe(ref sums, lanes);
        Vector<float> s2 = Vector.LoadUnsafe(ref sums, 2 * lanes), s3 = Vector.LoadUnsafe(ref sums, 3 * lanes);
        for (nint i = 0; i < 2 * count; i += 2)
        {
            ref float x = ref Unsafe.Add(ref input, Unsafe.Add(ref pairs, i));
            ref float g = ref Unsafe.Add(ref gradient, Unsafe.Add(ref pairs, i + 1));
            s0 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref x), Vector.LoadUnsafe(ref g), s0);
            s1 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref x, lanes), Vector.LoadUnsafe(ref g, lanes), s1);
            s2 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref x, 2 * lanes), Vector.LoadUnsafe(ref g, 2 * lanes), s2);
            s3 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref x, 3 * lanes), Vector.LoadUnsafe(ref g, 3 * lanes), s3);
        }
        s0.StoreUnsafe(ref sums);
        s1.StoreUnsafe(ref sums, lanes);
        s2.StoreUnsafe(ref sums, 2 * lanes);
        s3.StoreUnsafe(ref sums, 3 * lanes);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void One(ref float input, ref float gradient, ref int pairs, nint count, ref float sums)
    {
        Vector<float> sum = Vector.LoadUnsafe(ref sums);
        for (nint i = 0; i < 2 * count; i += 2)
        {
            sum = Vector.MultiplyAddEstimate(
                Vector.LoadUnsafe(ref Unsafe.Add(ref input, Unsafe.Add(ref pairs, i))),
                Vector.LoadUnsafe(ref Unsafe.Add(ref gradient, Unsafe.Add(ref pairs, i + 1))), sum);
        }
        sum.StoreUnsafe(ref sums);
    }
}
