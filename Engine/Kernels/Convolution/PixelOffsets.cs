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

    // Elements that gathered kernel rows may take, where that is more than the fewest rows of a sweep need.
    private const int MergedBudget = 3 << 12;

    // Up to so many pixels the row of one is exact by a product with the inverse of the width: half a pixel is more than the errors of both roundings.
    private const int MostDivided = 1 << 21;

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
        ? checked(ZeroLength(in geometry, true) * (1 + (MostRows(in geometry) * geometry.KernelHeight)))
        : ZeroLength(in geometry, false);

    /// <summary>The most of them that the same kernel needs with fewer input channels.</summary>
    public static int MaximumExtraLength(in ConvolutionGeometry geometry) =>
        checked(Math.Max(Math.Max(geometry.InChannels, MaximumMerged) * (1 + (PanelSweep.MaximumRows * geometry.KernelHeight)), MaximumMerged + MergedBudget));

    /// <summary>The most rows of a sweep whose kernel rows are merged: each of its pixels may need some that are gathered.</summary>
    public static int MostRows(in ConvolutionGeometry geometry) =>
        Math.Clamp(MergedBudget / (ZeroLength(in geometry, true) * geometry.KernelHeight), PanelSweep.MaximumRows, SweepRows.Most);

    /// <summary>Writes the offsets of a sweep.</summary>
    /// <param name="sweep">Its rows.</param>
    /// <param name="pixels">The output pixels of the rows, ascending; empty: consecutive ones.</param>
    /// <param name="first">The first pixel, when they are consecutive.</param>
    public void Write(in PanelSweep sweep, ReadOnlySpan<int> pixels, int first)
    {
        int taps = Taps;
        int gathered = ZeroLength(in _geometry, Merges);

        // A vector of slack, so that the last block may read whole vectors.
        int length = sweep.Rows + Vector<int>.Count + BlockKernel.Rows;
        Span<int> corners = stackalloc int[3 * length];
        Span<int> clipped = stackalloc int[sweep.Rows];
        clipped = clipped[..FindCorners(sweep.Rows, pixels, first, corners, clipped)];
        ReadOnlySpan<int> starts = corners[..length];
        int next = 0;
        for (int block = 0, row = 0; block < sweep.Blocks; block++)
        {
            Span<int> offsets = sweep.Offsets[(block * BlockKernel.Rows * taps)..];
            WriteInside(offsets, starts[row..]);
            int end = sweep.FirstRow(block + 1);
            for (; next < clipped.Length && clipped[next] < end; next++)
            {
                int at = clipped[next];
                Corner corner = new(corners[length + at], corners[(2 * length) + at]);
                if (Merges)
                {
                    WriteMerged(offsets[(at - row)..], corner, ref gathered);
                }
                else
                {
                    WriteTaps(offsets[(at - row)..], corner);
                }
            }

            row = end;
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

    // For each row of a sweep where the first tap starts, if all taps lie inside the map, and the first tap's row and column, which may lie outside;
    // returns how many rows have taps outside, and lists them.
    private int FindCorners(int rows, ReadOnlySpan<int> pixels, int first, Span<int> corners, Span<int> clipped)
    {
        int length = corners.Length / 3;
        Vector<int> width = new(_geometry.OutWidth);
        Vector<float> inverse = new(1f / _geometry.OutWidth);
        Vector<int> topEnd = new(_topEnd);
        Vector<int> leftEnd = new(_leftEnd);
        Span<int> lanes = stackalloc int[Vector<int>.Count];
        int count = 0;
        for (int row = 0; row < rows; row += Vector<int>.Count)
        {
            Vector<int> pixel;
            if (pixels.IsEmpty)
            {
                pixel = Vector<int>.Indices + new Vector<int>(first + row);
            }
            else if (row + Vector<int>.Count <= pixels.Length)
            {
                pixel = new Vector<int>(pixels[row..]);
            }
            else
            {
                lanes.Clear();
                pixels[row..].CopyTo(lanes);
                pixel = new Vector<int>(lanes);
            }

            Vector<int> y = _geometry.OutPixels <= MostDivided
                ? Vector.ConvertToInt32Native((Vector.ConvertToSingle(pixel) + new Vector<float>(0.5f)) * inverse)
                : pixel / width;
            Vector<int> top = (y * new Vector<int>(_geometry.StrideHeight)) - new Vector<int>(_geometry.PadTop);
            Vector<int> left = ((pixel - (y * width)) * new Vector<int>(_geometry.StrideWidth)) - new Vector<int>(_geometry.PadLeft);
            (((top * new Vector<int>(_geometry.InWidth)) + left) * new Vector<int>(_step)).CopyTo(corners[row..]);
            top.CopyTo(corners[(length + row)..]);
            left.CopyTo(corners[((2 * length) + row)..]);

            // Below zero, or at the end or behind it.
            Vector<int> outside = Vector.GreaterThanOrEqual(top, topEnd) | Vector.GreaterThanOrEqual(left, leftEnd)
                | Vector.LessThan(top, Vector<int>.Zero) | Vector.LessThan(left, Vector<int>.Zero);
            if (outside == Vector<int>.Zero)
            {
                continue;
            }

            outside.CopyTo(lanes);
            for (int lane = 0; lane < Math.Min(lanes.Length, rows - row); lane++)
            {
                if (lanes[lane] != 0)
                {
                    clipped[count++] = row + lane;
                }
            }
        }

        return count;
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
