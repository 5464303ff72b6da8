using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ManagedDyn.Engine.Kernels.MatrixMultiply;
using ManagedDyn.Engine.Selections;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// One chunk of a depthwise weight gradient. All pixels of a wide map: row by row, a few taps of a kernel row at once, so that a gradient is loaded once
/// for them. Other pixels: for each tap, a list of pixel pairs is walked with a few vectors of channels in registers. Each sum is one chain over its pixels in
/// ascending order in both.
/// </summary>
internal readonly ref struct DepthwiseWeightGradientChunk
{
    // Shorter rows spend more on their ends than walking lists of pixels would.
    private const int LeastRowWidth = 24;

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
        if (_geometry.OutWidth < LeastRowWidth)
        {
            DensePairs(firstSample, endSample, firstBlock, endBlock);
            return;
        }

        int from = _chunks.BlockStart(firstBlock);
        int to = _chunks.BlockStart(endBlock);
        for (int kx = 0; kx < _geometry.KernelWidth; kx++)
        {
            (_pairs[2 * kx], _pairs[(2 * kx) + 1]) = TapPairs.ValidColumns(_geometry, kx);
        }

        for (int sample = firstSample; sample < endSample; sample++)
        {
            ReadOnlySpan<float> input = _input.Slice(sample * _geometry.InElements, _geometry.InElements);
            for (int pixel = from; pixel < to;)
            {
                int y = pixel / _geometry.OutWidth;
                int x = pixel - (y * _geometry.OutWidth);
                int end = Math.Min(_geometry.OutWidth, x + to - pixel);
                Row(input, _outputGradient[(((sample * _geometry.OutPixels) + pixel - x) * _geometry.OutChannels)..], y, x, end);
                pixel += end - x;
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

    private void DensePairs(int firstSample, int endSample, int firstBlock, int endBlock)
    {
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

    // Some output pixels of one row; the gradient starts with the row.
    private void Row(ReadOnlySpan<float> input, ReadOnlySpan<float> gradient, int y, int first, int end)
    {
        int lanes = Vector<float>.Count;
        int vectors = DepthwiseConvolution.Stride(_geometry) / lanes;
        int whole = _geometry.InChannels / lanes;
        int taken;
        for (int vector = 0; vector < vectors; vector += taken)
        {
            taken = vector + 2 <= whole ? 2 : 1;
            int channel = FirstChannel(_geometry, vector);
            for (int ky = 0; ky < _geometry.KernelHeight; ky++)
            {
                int row = (y * _geometry.StrideHeight) - _geometry.PadTop + (ky * _geometry.DilationHeight);
                if ((uint)row >= (uint)_geometry.InHeight)
                {
                    continue;
                }

                ReadOnlySpan<float> line = input[((row * _geometry.InWidth * _geometry.InChannels) + channel)..];
                int taps;
                for (int kx = 0; kx < _geometry.KernelWidth; kx += taps)
                {
                    taps = Math.Min(3, _geometry.KernelWidth - kx);
                    Span<float> sums = _partial[(((((ky * _geometry.KernelWidth) + kx) * vectors) + vector) * lanes)..];
                    Taps(line, gradient[channel..], kx, taps, first, end, sums, vectors * lanes, taken == 2);
                }
            }
        }
    }

    // Where all of the taps lie inside the map they go together, left and right of it each goes alone: further taps leave the map further left.
    private void Taps(ReadOnlySpan<float> line, ReadOnlySpan<float> gradient, int kx, int taps, int first, int end, Span<float> sums, int sumStep, bool isPair)
    {
        int from = Math.Clamp(_pairs[2 * kx], first, end);
        int to = Math.Clamp(_pairs[(2 * (kx + taps - 1)) + 1], from, end);
        for (int tap = 0; tap < taps; tap++)
        {
            int own = Math.Max(first, _pairs[2 * (kx + tap)]);
            Run(line, gradient, kx + tap, 1, own, Math.Min(from, _pairs[(2 * (kx + tap)) + 1]), sums[(tap * sumStep)..], sumStep, isPair);
        }

        Run(line, gradient, kx, taps, from, to, sums, sumStep, isPair);
        for (int tap = 0; tap < taps; tap++)
        {
            int own = Math.Min(end, _pairs[(2 * (kx + tap)) + 1]);
            Run(line, gradient, kx + tap, 1, Math.Max(to, _pairs[2 * (kx + tap)]), own, sums[(tap * sumStep)..], sumStep, isPair);
        }
    }

    private void Run(ReadOnlySpan<float> line, ReadOnlySpan<float> gradient, int kx, int taps, int first, int end, Span<float> sums, int sumStep, bool isPair)
    {
        if (first >= end)
        {
            return;
        }

        // Columns from first to end are valid for every tap, so what they meet lies in the line; a vector of channels ends at most at the last channel,
        // and the partial sums hold whole vectors of every tap.
        int channels = _geometry.InChannels;
        int column = (first * _geometry.StrideWidth) - _geometry.PadLeft + (kx * _geometry.DilationWidth);
        ref float x = ref MemoryMarshal.GetReference(line[(column * channels)..]);
        ref float g = ref MemoryMarshal.GetReference(gradient[(first * channels)..]);
        ref float sum = ref MemoryMarshal.GetReference(sums);
        nint step = (nint)_geometry.StrideWidth * channels;
        nint tapStep = (nint)_geometry.DilationWidth * channels;
        switch (taps)
        {
            case 3 when isPair:
                Pair<Extent3>(ref x, step, tapStep, ref g, channels, end - first, ref sum, sumStep);
                break;
            case 2 when isPair:
                Pair<Extent2>(ref x, step, tapStep, ref g, channels, end - first, ref sum, sumStep);
                break;
            case 1 when isPair:
                Pair<Extent1>(ref x, step, tapStep, ref g, channels, end - first, ref sum, sumStep);
                break;
            case 3:
                Single<Extent3>(ref x, step, tapStep, ref g, channels, end - first, ref sum, sumStep);
                break;
            case 2:
                Single<Extent2>(ref x, step, tapStep, ref g, channels, end - first, ref sum, sumStep);
                break;
            default:
                Single<Extent1>(ref x, step, tapStep, ref g, channels, end - first, ref sum, sumStep);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Pair<TTaps>(ref float x, nint step, nint tapStep, ref float g, nint gradientStep, nint count, ref float sums, nint sumStep)
        where TTaps : struct, IExtent
    {
        nuint lanes = (nuint)Vector<float>.Count;
        ref float second = ref Unsafe.Add(ref sums, TTaps.Value > 1 ? sumStep : 0);
        ref float third = ref Unsafe.Add(ref sums, TTaps.Value > 2 ? 2 * sumStep : 0);
        Vector<float> s0 = Vector.LoadUnsafe(ref sums), t0 = Vector.LoadUnsafe(ref sums, lanes);
        Vector<float> s1 = Vector.LoadUnsafe(ref second), t1 = Vector.LoadUnsafe(ref second, lanes);
        Vector<float> s2 = Vector.LoadUnsafe(ref third), t2 = Vector.LoadUnsafe(ref third, lanes);
        for (; count > 0; count--)
        {
            Vector<float> a = Vector.LoadUnsafe(ref g);
            Vector<float> b = Vector.LoadUnsafe(ref g, lanes);
            s0 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref x), a, s0);
            t0 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref x, lanes), b, t0);
            if (TTaps.Value > 1)
            {
                ref float next = ref Unsafe.Add(ref x, tapStep);
                s1 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref next), a, s1);
                t1 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref next, lanes), b, t1);
            }

            if (TTaps.Value > 2)
            {
                ref float last = ref Unsafe.Add(ref x, 2 * tapStep);
                s2 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref last), a, s2);
                t2 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref last, lanes), b, t2);
            }

            x = ref Unsafe.Add(ref x, step);
            g = ref Unsafe.Add(ref g, gradientStep);
        }

        s0.StoreUnsafe(ref sums);
        t0.StoreUnsafe(ref sums, lanes);
        if (TTaps.Value > 1)
        {
            s1.StoreUnsafe(ref second);
            t1.StoreUnsafe(ref second, lanes);
        }

        if (TTaps.Value > 2)
        {
            s2.StoreUnsafe(ref third);
            t2.StoreUnsafe(ref third, lanes);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Single<TTaps>(ref float x, nint step, nint tapStep, ref float g, nint gradientStep, nint count, ref float sums, nint sumStep)
        where TTaps : struct, IExtent
    {
        ref float second = ref Unsafe.Add(ref sums, TTaps.Value > 1 ? sumStep : 0);
        ref float third = ref Unsafe.Add(ref sums, TTaps.Value > 2 ? 2 * sumStep : 0);
        Vector<float> s0 = Vector.LoadUnsafe(ref sums), s1 = Vector.LoadUnsafe(ref second), s2 = Vector.LoadUnsafe(ref third);
        for (; count > 0; count--)
        {
            Vector<float> a = Vector.LoadUnsafe(ref g);
            s0 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref x), a, s0);
            if (TTaps.Value > 1)
            {
                s1 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref Unsafe.Add(ref x, tapStep)), a, s1);
            }

            if (TTaps.Value > 2)
            {
                s2 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref Unsafe.Add(ref x, 2 * tapStep)), a, s2);
            }

            x = ref Unsafe.Add(ref x, step);
            g = ref Unsafe.Add(ref g, gradientStep);
        }

        s0.StoreUnsafe(ref sums);
        if (TTaps.Value > 1)
        {
            s1.StoreUnsafe(ref second);
        }

        if (TTaps.Value > 2)
        {
            s2.StoreUnsafe(ref third);
        }
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
