using System;
using System.Numerics;
using ManagedDyn.Engine.Kernels.MatrixMultiply;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// Finds, for each output pixel of a sweep and each tap, where the input pixel starts. Outside the map that is a row of zeros. With few
/// channels the taps of a kernel row are merged into one, because they lie side by side in a map with channels last; where the map ends inside
/// such a row, it is gathered with zeros in place of what is missing.
/// </summary>
internal readonly ref struct PixelOffsets
{
    // Longest kernel row that is merged, in elements: longer ones spend little on the change of taps, and gathering them costs memory.
    private const int MaximumMerged = 96;

    private readonly ConvolutionGeometry _geometry;
    private readonly ReadOnlySpan<float> _input;
    private readonly Span<float> _extra;
    private readonly int _step;
    private readonly int _tapStep;
    private readonly int _rowStep;
    private readonly int _rowTaps;
    private readonly int _topEnd;
    private readonly int _leftEnd;

    /// <summary>Prepares.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="input">The input map.</param>
    /// <param name="step">Elements between two input pixels.</param>
    /// <param name="merges">Whether kernel rows are merged.</param>
    /// <param name="extra">At least <see cref="ExtraLength"/> elements; what is written there is found at ~offset.</param>
    public PixelOffsets(in ConvolutionGeometry geometry, ReadOnlySpan<float> input, int step, bool merges, Span<float> extra)
    {
        _geometry = geometry;
        _input = input;
        _step = step;
        _extra = extra;
        Merges = merges;
        _tapStep = geometry.DilationWidth * step;
        _rowStep = geometry.DilationHeight * geometry.InWidth * step;
        _rowTaps = merges ? 1 : geometry.KernelWidth;

        // A pixel whose first tap is above and left of these has all its taps inside the map, if the first is.
        _topEnd = geometry.InHeight - ((geometry.KernelHeight - 1) * geometry.DilationHeight);
        _leftEnd = geometry.InWidth - ((geometry.KernelWidth - 1) * geometry.DilationWidth);
        extra[..ZeroLength(in geometry, merges)].Clear();
    }

    /// <summary>Whether the taps of a kernel row are one tap with as many channels as all of them have.</summary>
    public bool Merges { get; }

    /// <summary>Taps that the offsets are made for.</summary>
    public int Taps => Merges ? _geometry.KernelHeight : _geometry.Taps;

    /// <summary>Channels of one such tap.</summary>
    public int Channels => Merges ? _geometry.KernelWidth * _geometry.InChannels : _geometry.InChannelsPerGroup;

    /// <summary>Whether kernel rows can be merged, when all channels are taken.</summary>
    public static bool CanMerge(in ConvolutionGeometry geometry) =>
        geometry.Groups == 1 && geometry.DilationWidth == 1 && geometry.KernelWidth > 1
        && (long)geometry.KernelWidth * geometry.InChannels <= MaximumMerged;

    /// <summary>Elements of memory for zeros and gathered rows.</summary>
    public static int ExtraLength(in ConvolutionGeometry geometry) => CanMerge(in geometry)
        ? checked(ZeroLength(in geometry, true) * (1 + (PanelSweep.MaximumRows * geometry.KernelHeight)))
        : ZeroLength(in geometry, false);

    /// <summary>The most of them that the same kernel needs with fewer input channels.</summary>
    public static int MaximumExtraLength(in ConvolutionGeometry geometry) =>
        checked(Math.Max(geometry.InChannels, MaximumMerged) * (1 + (PanelSweep.MaximumRows * geometry.KernelHeight)));

    /// <summary>Writes the offsets of a sweep.</summary>
    /// <param name="sweep">Its rows.</param>
    /// <param name="pixels">The output pixels of the rows, ascending; empty: consecutive ones.</param>
    /// <param name="first">The first pixel, when they are consecutive.</param>
    public void Write(in PanelSweep sweep, ReadOnlySpan<int> pixels, int first)
    {
        int taps = Taps;
        int gathered = ZeroLength(in _geometry, Merges);
        int y = (pixels.IsEmpty ? first : pixels[0]) / _geometry.OutWidth;
        int rowStart = y * _geometry.OutWidth;
        Span<Corner> corners = stackalloc Corner[BlockKernel.Rows];
        Span<int> starts = stackalloc int[BlockKernel.Rows + Vector<int>.Count];
        for (int block = 0, row = 0; block < sweep.Blocks; block++)
        {
            Span<int> offsets = sweep.Offsets[(block * BlockKernel.Rows * taps)..];
            int rows = sweep.FirstRow(block + 1) - row;
            int start = pixels.IsEmpty ? first + row : pixels[row];
            int last = pixels.IsEmpty ? start + rows - 1 : pixels[row + rows - 1];
            if (last - start == rows - 1 && last - rowStart < _geometry.OutWidth && WriteRun(offsets, starts, y, start - rowStart, rows))
            {
                row += rows;
                continue;
            }

            int clipped = 0;
            for (int lane = 0; lane < rows; lane++, row++)
            {
                int pixel = pixels.IsEmpty ? first + row : pixels[row];
                while (pixel - rowStart >= _geometry.OutWidth)
                {
                    rowStart += _geometry.OutWidth;
                    y++;
                }

                Corner corner = new((y * _geometry.StrideHeight) - _geometry.PadTop, ((pixel - rowStart) * _geometry.StrideWidth) - _geometry.PadLeft);
                corners[lane] = corner;
                bool isInside = corner.Top >= 0 && corner.Left >= 0 && corner.Top < _topEnd && corner.Left < _leftEnd;
                clipped |= isInside ? 0 : 1 << lane;
                starts[lane] = ((corner.Top * _geometry.InWidth) + corner.Left) * _step;
            }

            WriteInside(offsets, starts);
            for (; clipped != 0; clipped &= clipped - 1)
            {
                int lane = BitOperations.TrailingZeroCount(clipped);
                if (Merges)
                {
                    WriteMerged(offsets[lane..], corners[lane], ref gathered);
                }
                else
                {
                    WriteTaps(offsets[lane..], corners[lane]);
                }
            }
        }
    }

    /// <summary>Whether no tap of a row of output pixels lies above or below the map.</summary>
    /// <param name="y">The row.</param>
    public bool IsInside(int y)
    {
        int top = (y * _geometry.StrideHeight) - _geometry.PadTop;
        return top >= 0 && top < _topEnd;
    }

    /// <summary>
    /// Gathers the kernel rows that end outside the map for other output pixels than the offsets were written for: those in the same columns of
    /// another row, both rows <see cref="IsInside"/>. They take the same places, so the offsets hold but for the distance of the rows.
    /// </summary>
    /// <param name="y">The row.</param>
    /// <param name="firstColumn">The first column that the offsets were written for.</param>
    /// <param name="endColumn">The one after the last.</param>
    public void GatherAgain(int y, int firstColumn, int endColumn)
    {
        int gathered = ZeroLength(in _geometry, Merges);
        int stride = _geometry.StrideWidth;
        int endLeft = Math.Clamp((_geometry.PadLeft + stride - 1) / stride, firstColumn, endColumn);
        int firstRight = Math.Clamp((Math.Max(0, _leftEnd + _geometry.PadLeft) + stride - 1) / stride, endLeft, endColumn);
        for (int x = firstColumn; x < endLeft; x++)
        {
            GatherTaps(y, x, ref gathered);
        }

        for (int x = firstRight; x < endColumn; x++)
        {
            GatherTaps(y, x, ref gathered);
        }
    }

    private static int ZeroLength(in ConvolutionGeometry geometry, bool merges) =>
        merges ? geometry.KernelWidth * geometry.InChannels : geometry.InChannelsPerGroup;

    // A block of neighbours in one row, if all their taps are inside the map.
    private bool WriteRun(Span<int> offsets, Span<int> starts, int y, int x, int rows)
    {
        int top = (y * _geometry.StrideHeight) - _geometry.PadTop;
        int left = (x * _geometry.StrideWidth) - _geometry.PadLeft;
        if (top < 0 || left < 0 || top >= _topEnd || left + ((rows - 1) * _geometry.StrideWidth) >= _leftEnd)
        {
            return false;
        }

        int start = ((top * _geometry.InWidth) + left) * _step;
        for (int lane = 0; lane < BlockKernel.Rows; lane++, start += _geometry.StrideWidth * _step)
        {
            starts[lane] = start;
        }

        WriteInside(offsets, starts);
        return true;
    }

    // Every tap of a block is the first tap, moved. Whole vectors are written, upwards: what runs over is written again by the next tap or
    // block, or lies in the slack behind the last.
    private void WriteInside(Span<int> offsets, ReadOnlySpan<int> starts)
    {
        int at = 0;
        for (int ky = 0, move = 0; ky < _geometry.KernelHeight; ky++, move += _rowStep)
        {
            for (int kx = 0, own = move; kx < _rowTaps; kx++, own += _tapStep, at += BlockKernel.Rows)
            {
                for (int lane = 0; lane < BlockKernel.Rows; lane += Vector<int>.Count)
                {
                    (new Vector<int>(starts[lane..]) + new Vector<int>(own)).CopyTo(offsets[(at + lane)..]);
                }
            }
        }
    }

    private void WriteTaps(Span<int> offsets, Corner corner)
    {
        int at = 0;
        for (int ky = 0, y = corner.Top; ky < _geometry.KernelHeight; ky++, y += _geometry.DilationHeight)
        {
            bool isRow = (uint)y < (uint)_geometry.InHeight;
            for (int kx = 0, x = corner.Left; kx < _geometry.KernelWidth; kx++, x += _geometry.DilationWidth, at += BlockKernel.Rows)
            {
                offsets[at] = isRow && (uint)x < (uint)_geometry.InWidth ? ((y * _geometry.InWidth) + x) * _step : ~0;
            }
        }
    }

    private void WriteMerged(Span<int> offsets, Corner corner, ref int gathered)
    {
        (int before, int inside) = Inside(corner);
        for (int ky = 0, y = corner.Top; ky < _geometry.KernelHeight; ky++, y += _geometry.DilationHeight)
        {
            int offset = ~0;
            if ((uint)y < (uint)_geometry.InHeight && inside > 0)
            {
                offset = ((y * _geometry.InWidth) + corner.Left + before) * _geometry.InChannels;
                if (inside < _geometry.KernelWidth)
                {
                    offset = ~Gather(offset, before, inside, ref gathered);
                }
            }

            offsets[ky * BlockKernel.Rows] = offset;
        }
    }

    // What WriteMerged gathers for a pixel that is clipped at the left or right only.
    private void GatherTaps(int row, int column, ref int gathered)
    {
        Corner corner = new((row * _geometry.StrideHeight) - _geometry.PadTop, (column * _geometry.StrideWidth) - _geometry.PadLeft);
        (int before, int inside) = Inside(corner);
        for (int ky = 0, y = corner.Top; ky < _geometry.KernelHeight && inside > 0; ky++, y += _geometry.DilationHeight)
        {
            _ = Gather(((y * _geometry.InWidth) + corner.Left + before) * _geometry.InChannels, before, inside, ref gathered);
        }
    }

    private (int Before, int Inside) Inside(Corner corner)
    {
        int width = _geometry.KernelWidth;
        int before = Math.Clamp(-corner.Left, 0, width);
        return (before, Math.Clamp(_geometry.InWidth - corner.Left, before, width) - before);
    }

    // A kernel row, with zeros in place of what lies outside the map; returns its place.
    private int Gather(int offset, int before, int inside, ref int gathered)
    {
        int channels = _geometry.InChannels;
        int place = gathered;
        Span<float> row = _extra.Slice(place, _geometry.KernelWidth * channels);
        row[..(before * channels)].Clear();
        _input.Slice(offset, inside * channels).CopyTo(row[(before * channels)..]);
        row[((before + inside) * channels)..].Clear();
        gathered = place + row.Length;
        return place;
    }

    /// <summary>The input pixel of a first tap, which may lie outside the map.</summary>
    private readonly record struct Corner(int Top, int Left);
}
