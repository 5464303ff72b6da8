using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.Convolution.Winograd;

/// <summary>Transforms the products of a tile back and stores its pixels.</summary>
/// <remarks>Rows have been checked against the output, so a pixel's channels lie within; what reaches past the last channel goes through a buffer.</remarks>
internal readonly ref struct WinogradStore<TTransform>
    where TTransform : struct, IWinogradTransform
{
    private readonly int _channels;
    private readonly int _step;
    private readonly Span<float> _output;
    private readonly Epilogue _epilogue;
    private readonly EpilogueSteps _steps;
    private readonly Span<float> _lines;

    public WinogradStore(in ConvolutionGeometry geometry, in WinogradGeometry cut, Span<float> output, in Epilogue epilogue, Span<float> lines)
    {
        _channels = geometry.OutChannels;
        _step = cut.ProductStep;
        _output = output;
        _epilogue = epilogue;
        _steps = epilogue.Steps;
        _lines = lines;
    }

    /// <summary>Stores one tile.</summary>
    /// <param name="products">Its products at the first point and channel.</param>
    /// <param name="active">A bit for each pixel of the tile, row by row: those that are stored.</param>
    /// <param name="rows">The row of the output that each pixel of the tile goes to, if it is stored.</param>
    /// <param name="firstChannel">The output channel of the first product.</param>
    /// <param name="channelCount">Channels of products; what is past the last output channel is dropped.</param>
    /// <param name="asked">A bit for each pixel of the next tile whose place is asked for meanwhile.</param>
    /// <param name="askedRows">The rows of the next tile's pixels.</param>
    public void Store(
        ReadOnlySpan<float> products, uint active, ReadOnlySpan<int> rows, int firstChannel, int channelCount, uint asked, ReadOnlySpan<int> askedRows)
    {
        int lanes = Vector<float>.Count;
        int points = TTransform.Points;
        int outputs = TTransform.Outputs;
        ref float line = ref MemoryMarshal.GetReference(_lines);
        ref float pixel = ref Unsafe.Add(ref line, points * points * lanes);
        ref float product = ref MemoryMarshal.GetReference(products);
        nint step = _step;
        int end = Math.Min(channelCount, _channels - firstChannel);
        for (int channel = 0; channel < end; channel += lanes)
        {
            ref float own = ref Unsafe.Add(ref product, channel);
            if (asked != 0 && (channel & ((2 * lanes) - 1)) == 0)
            {
                Ask(asked, askedRows, firstChannel + channel);
            }

            for (int x = 0; x < points; x++)
            {
                TTransform.Output(ref Unsafe.Add(ref own, x * step), points * step, ref Unsafe.Add(ref line, x * lanes), points * lanes);
            }

            for (int y = 0; y < outputs; y++)
            {
                TTransform.Output(
                    ref Unsafe.Add(ref line, y * points * lanes), lanes, ref Unsafe.Add(ref pixel, y * outputs * lanes), lanes);
            }

            if (end - channel >= lanes)
            {
                StoreWhole(ref pixel, active, rows, firstChannel + channel);
            }
            else
            {
                StorePart(ref pixel, active, rows, firstChannel + channel, end - channel);
            }
        }
    }

    private void Ask(uint asked, ReadOnlySpan<int> rows, int channel)
    {
        ref float output = ref MemoryMarshal.GetReference(_output);
        for (; asked != 0; asked &= asked - 1)
        {
            Prefetch.Line(ref output, ((nint)rows[BitOperations.TrailingZeroCount(asked)] * _channels) + channel);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void StoreWhole(ref float pixel, uint active, ReadOnlySpan<int> rows, int channel)
    {
        ref float output = ref Unsafe.Add(ref MemoryMarshal.GetReference(_output), channel);
        ref float scale = ref Unsafe.Add(ref MemoryMarshal.GetReference(_epilogue.Scale), _epilogue.Scale.IsEmpty ? 0 : channel);
        ref float shift = ref Unsafe.Add(ref MemoryMarshal.GetReference(_epilogue.Shift), _epilogue.Shift.IsEmpty ? 0 : channel);
        ref float residual = ref Unsafe.Add(ref MemoryMarshal.GetReference(_epilogue.Residual), _epilogue.Residual.IsEmpty ? 0 : channel);
        for (; active != 0; active &= active - 1)
        {
            int place = BitOperations.TrailingZeroCount(active);
            nint at = (nint)rows[place] * _channels;
            Vector<float> sum = Vector.LoadUnsafe(ref pixel, (nuint)(place * Vector<float>.Count));
            if (_steps != EpilogueSteps.None)
            {
                sum = Epilogue.Apply(_steps, sum, ref scale, ref shift, ref Unsafe.Add(ref residual, at));
            }

            sum.StoreUnsafe(ref Unsafe.Add(ref output, at));
        }
    }

    // Each operand goes through a vector of scratch, so that the arithmetic is that of whole vectors.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void StorePart(ref float pixel, uint active, ReadOnlySpan<int> rows, int channel, int count)
    {
        int lanes = Vector<float>.Count;
        Span<float> buffer = stackalloc float[4 * lanes];
        Span<float> scale = buffer[..lanes];
        Span<float> shift = buffer.Slice(lanes, lanes);
        Span<float> residual = buffer.Slice(2 * lanes, lanes);
        Span<float> sums = buffer.Slice(3 * lanes, lanes);
        Part(_epilogue.Scale, channel, count).CopyTo(scale);
        Part(_epilogue.Shift, channel, count).CopyTo(shift);
        for (; active != 0; active &= active - 1)
        {
            int place = BitOperations.TrailingZeroCount(active);
            int at = (rows[place] * _channels) + channel;
            Part(_epilogue.Residual, at, count).CopyTo(residual);
            Vector<float> sum = Vector.LoadUnsafe(ref pixel, (nuint)(place * lanes));
            Epilogue.Apply(_steps, sum, ref scale[0], ref shift[0], ref residual[0]).CopyTo(sums);
            sums[..count].CopyTo(_output.Slice(at, count));
        }
    }

    private static ReadOnlySpan<float> Part(ReadOnlySpan<float> values, int start, int count) => values.IsEmpty ? values : values.Slice(start, count);
}
