using System;
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
        ? ZeroLength(in geometry, true) * (1 + (PanelSweep.MaximumRows * geometry.KernelHeight))
        : ZeroLength(in geometry, false);

    /// <summary>Writes the offsets of a sweep.</summary>
    /// <param name="sweep">Its rows.</param>
    /// <param name="pixels">The output pixels of the rows, ascending; empty: consecutive ones.</param>
    /// <param name="first">The first pixel, when they are consecutive.</param>
    public void Write(in PanelSweep sweep, ReadOnlySpan<int> pixels, int first)
    {
        int taps = Taps;
        int gathered = ZeroLength(in _geometry, Merges);
        int pixel = pixels.IsEmpty ? first : pixels[0];
        int y = pixel / _geometry.OutWidth;
        int rowStart = y * _geometry.OutWidth;
        for (int block = 0, row = 0; block < sweep.Blocks; block++)
        {
            Span<int> offsets = sweep.Offsets.Slice(block * BlockKernel.Rows * taps, BlockKernel.Rows * taps);
            int rows = sweep.FirstRow(block + 1) - row;
            for (int lane = 0; lane < rows; lane++, row++)
            {
                pixel = pixels.IsEmpty ? first + row : pixels[row];
                while (pixel - rowStart >= _geometry.OutWidth)
                {
                    rowStart += _geometry.OutWidth;
                    y++;
                }

                int top = (y * _geometry.StrideHeight) - _geometry.PadTop;
                int left = ((pixel - rowStart) * _geometry.StrideWidth) - _geometry.PadLeft;
                if (Merges)
                {
                    WriteMerged(offsets[lane..], top, left, ref gathered);
                }
                else
                {
                    WriteTaps(offsets[lane..], top, left);
                }
            }
        }
    }

    private static int ZeroLength(in ConvolutionGeometry geometry, bool merges) =>
        merges ? geometry.KernelWidth * geometry.InChannels : geometry.InChannelsPerGroup;

    private void WriteTaps(Span<int> offsets, int top, int left)
    {
        int right = left + ((_geometry.KernelWidth - 1) * _geometry.DilationWidth);
        bool clipped = left < 0 || right >= _geometry.InWidth;
        int tapStep = _geometry.DilationWidth * _step;
        int at = 0;
        for (int ky = 0, y = top; ky < _geometry.KernelHeight; ky++, y += _geometry.DilationHeight)
        {
            if ((uint)y >= (uint)_geometry.InHeight)
            {
                for (int kx = 0; kx < _geometry.KernelWidth; kx++, at += BlockKernel.Rows)
                {
                    offsets[at] = ~0;
                }
            }
            else if (clipped)
            {
                for (int kx = 0, x = left; kx < _geometry.KernelWidth; kx++, x += _geometry.DilationWidth, at += BlockKernel.Rows)
                {
                    offsets[at] = (uint)x < (uint)_geometry.InWidth ? ((y * _geometry.InWidth) + x) * _step : ~0;
                }
            }
            else
            {
                int offset = ((y * _geometry.InWidth) + left) * _step;
                for (int kx = 0; kx < _geometry.KernelWidth; kx++, offset += tapStep, at += BlockKernel.Rows)
                {
                    offsets[at] = offset;
                }
            }
        }
    }

    private void WriteMerged(Span<int> offsets, int top, int left, ref int gathered)
    {
        int channels = _geometry.InChannels;
        int width = _geometry.KernelWidth;
        int before = Math.Clamp(-left, 0, width);
        int inside = Math.Clamp(_geometry.InWidth - left, before, width) - before;
        for (int ky = 0, y = top; ky < _geometry.KernelHeight; ky++, y += _geometry.DilationHeight)
        {
            int offset = ~0;
            if ((uint)y < (uint)_geometry.InHeight && inside > 0)
            {
                offset = ((y * _geometry.InWidth) + left + before) * channels;
                if (inside < width)
                {
                    Span<float> row = _extra.Slice(gathered, width * channels);
                    row[..(before * channels)].Clear();
                    _input.Slice(offset, inside * channels).CopyTo(row[(before * channels)..]);
                    row[((before + inside) * channels)..].Clear();
                    offset = ~gathered;
                    gathered += row.Length;
                }
            }

            offsets[ky * BlockKernel.Rows] = offset;
        }
    }
}
