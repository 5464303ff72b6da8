using System;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// Walks the target pixels of a depthwise convolution, or of its input gradient, and hands them to the kernel in fours that meet the same
/// taps; which pixels come together changes no bit.
/// </summary>
internal ref struct DepthwiseSweep
{
    private readonly TapAxis _vertical;
    private readonly TapAxis _horizontal;
    private readonly Span<int> _rows;
    private readonly Span<int> _columns;
    private readonly int _sourceWidth;
    private readonly int _channels;
    private readonly int _weightStride;
    private readonly int _kernelWidth;
    private readonly EpilogueSteps _steps;
    private DepthwiseRows _neighbours;
    private DepthwiseKernel _kernel;
    private FourIndices _sources;
    private FourIndices _targets;
    private int _pending;
    private int _row;
    private int _column;

    public DepthwiseSweep(
        in ConvolutionGeometry geometry, bool reverse, ReadOnlySpan<float> source, ReadOnlySpan<float> packed, Span<float> output,
        in Epilogue epilogue, Span<int> indices)
    {
        _vertical = TapAxis.Vertical(geometry, reverse);
        _horizontal = TapAxis.Horizontal(geometry, reverse);
        _rows = indices[..(_vertical.Size * TapAxis.Fields)];
        _columns = indices.Slice(_rows.Length, _horizontal.Size * TapAxis.Fields);
        _vertical.Fill(_rows);
        _horizontal.Fill(_columns);
        _sourceWidth = reverse ? geometry.OutWidth : geometry.InWidth;
        _channels = geometry.InChannels;
        _weightStride = DepthwiseConvolution.Stride(geometry);
        _kernelWidth = geometry.KernelWidth;
        _steps = epilogue.Steps;
        _kernel = new DepthwiseKernel
        {
            Source = ref MemoryMarshal.GetReference(source),
            SourceLength = source.Length,
            Weights = ref MemoryMarshal.GetReference(packed),
            Output = ref MemoryMarshal.GetReference(output),
            Channels = _channels,
            SourceRowStep = _vertical.SourceStep * _sourceWidth * _channels,
            SourceColumnStep = _horizontal.SourceStep * _channels,
            WeightRowStep = (nint)_vertical.TapStep * _kernelWidth * _weightStride,
            WeightColumnStep = (nint)_horizontal.TapStep * _weightStride,
            Steps = _steps,
            Scale = ref MemoryMarshal.GetReference(epilogue.Scale),
            Shift = ref MemoryMarshal.GetReference(epilogue.Shift),
            Residual = ref MemoryMarshal.GetReference(epilogue.Residual),
        };
        _neighbours = new DepthwiseRows(geometry, reverse, _vertical, _rows, source, packed, output, epilogue);
    }

    /// <summary>
    /// All target pixels of a range, one stretch of columns with the same taps after another: at the left and right border pixels of
    /// different rows come together, in between those side by side.
    /// </summary>
    public void Dense(int from, int to)
    {
        if (_neighbours.Exist)
        {
            DenseRows(from, to);
            return;
        }

        int width = _horizontal.Size;
        int endRow = (to + width - 1) / width;
        for (int phase = 0; phase < Math.Min(_horizontal.Phases, width); phase++)
        {
            for (int column = phase; column < width;)
            {
                int end = column + _horizontal.Phases;
                while (end < width && SameColumn(column * TapAxis.Fields, end * TapAxis.Fields))
                {
                    end += _horizontal.Phases;
                }
                for (int row = from / width; row < endRow; row++)
                {
                    int outside = Math.Max(0, from - (row * width) - column);
                    int first = column + ((outside + _horizontal.Phases - 1) / _horizontal.Phases * _horizontal.Phases);
                    Row(row, first, Math.Min(end, to - (row * width)));
                }
                column = end;
            }
        }
        Flush();
    }

    /// <summary>Listed target pixels; the first is number <paramref name="first"/> of a compact output.</summary>
    public void Listed(ReadOnlySpan<int> pixels, int first, bool compact)
    {
        int width = _horizontal.Size;
        for (int i = 0; i < pixels.Length;)
        {
            int row = pixels[i] / width;
            int column = pixels[i] - (row * width);
            int count = 1;
            while (_neighbours.Exist && i + count < pixels.Length && column + count < width && pixels[i + count] == pixels[i] + count)
            {
                count++;
            }
            int target = compact ? first + i : pixels[i];
            i += count;
            if (count >= DepthwiseRow.MinimumPixels)
            {
                _neighbours.Run(row, column, count, target, 0, _channels);
                continue;
            }
            for (int at = 0; at < count; at++)
            {
                Add(row, column + at, target + at);
            }
        }
        Flush();
    }

    // Some channels of some columns at a time, down all rows: as much as stays in the first cache while the kernel's rows pass over it.
    private void DenseRows(int from, int to)
    {
        int width = _horizontal.Size;
        int endRow = (to + width - 1) / width;
        int blocks = _neighbours.ChannelBlocks;
        int tiles = _neighbours.ColumnTiles;
        for (int block = 0; block < blocks; block++)
        {
            int channel = _neighbours.FirstChannel(block);
            int endChannel = _neighbours.FirstChannel(block + 1);
            for (int tile = 0; tile < tiles; tile++)
            {
                int start = (int)((long)width * tile / tiles);
                int end = (int)((long)width * (tile + 1) / tiles);
                for (int row = from / width; row < endRow; row++)
                {
                    int column = Math.Max(start, from - (row * width));
                    int count = Math.Min(end, to - (row * width)) - column;
                    if (count >= DepthwiseRow.MinimumPixels)
                    {
                        _neighbours.Run(row, column, count, (row * width) + column, channel, endChannel);
                    }
                    else if (block == 0)
                    {
                        // Too few for the loops over neighbours: all channels at once.
                        for (int i = 0; i < count; i++)
                        {
                            Add(row, column + i, (row * width) + column + i);
                        }
                    }
                }
            }
        }
        Flush();
    }

    // Columns of a row with the same taps: whole fours need not wait for others.
    private void Row(int row, int column, int end)
    {
        int phases = _horizontal.Phases;
        int pixel = (row * _horizontal.Size) + column;
        for (; _pending > 0 && column < end; column += phases, pixel += phases)
        {
            Add(row, column, pixel);
        }
        if (column + (phases * (DepthwiseKernel.Pixels - 1)) < end)
        {
            SetTaps(row, column);
            int source = ((_rows[_row + 2] * _sourceWidth) + _columns[_column + 2]) * _channels;
            int sourceStep = (_columns[_column + (phases * TapAxis.Fields) + 2] - _columns[_column + 2]) * _channels;
            int turn = sourceStep == -_kernel.SourceColumnStep ? DepthwiseKernel.Pixels - 1 : 0;
            bool adjacent = _kernel.ColumnCount == 3 && Math.Abs(sourceStep) == Math.Abs(_kernel.SourceColumnStep);
            for (; column + (phases * (DepthwiseKernel.Pixels - 1)) < end; column += phases * DepthwiseKernel.Pixels)
            {
                for (int i = 0; i < DepthwiseKernel.Pixels; i++, source += sourceStep, pixel += phases)
                {
                    _sources[i ^ turn] = source;
                    _targets[i ^ turn] = pixel * _channels;
                }
                if (adjacent)
                {
                    _kernel.FourAdjacent(ref _sources[0], ref _targets[0]);
                }
                else
                {
                    _kernel.Four(ref _sources[0], ref _targets[0], DepthwiseKernel.Pixels);
                }
            }
        }
        for (; column < end; column += phases, pixel += phases)
        {
            Add(row, column, pixel);
        }
    }

    private void SetTaps(int row, int column)
    {
        _row = row * TapAxis.Fields;
        _column = column * TapAxis.Fields;
        _kernel.RowCount = _columns[_column + 1] == 0 ? 0 : _rows[_row + 1];
        _kernel.ColumnCount = _columns[_column + 1];
        _kernel.FirstWeight = ((_rows[_row] * _kernelWidth) + _columns[_column]) * (nint)_weightStride;
    }

    private void Add(int row, int column, int target)
    {
        if (_pending > 0 && !SameTaps(row, column))
        {
            Flush();
        }
        SetTaps(row, column);
        _sources[_pending] = ((_rows[_row + 2] * _sourceWidth) + _columns[_column + 2]) * _channels;
        _targets[_pending] = target * _channels;
        if (++_pending == DepthwiseKernel.Pixels)
        {
            Flush();
        }
    }

    private readonly bool SameTaps(int row, int column)
    {
        row *= TapAxis.Fields;
        return _rows[row] == _rows[_row] && _rows[row + 1] == _rows[_row + 1] && SameColumn(column * TapAxis.Fields, _column);
    }

    private readonly bool SameColumn(int one, int other) =>
        _columns[one] == _columns[other] && _columns[one + 1] == _columns[other + 1];

    private void Flush()
    {
        if (_pending == 0)
        {
            return;
        }
        if (_pending == DepthwiseKernel.Pixels && _kernel.ColumnCount == 3 && AreAdjacent())
        {
            _kernel.FourAdjacent(ref _sources[0], ref _targets[0]);
        }
        else
        {
            for (int i = _pending; i < DepthwiseKernel.Pixels; i++)
            {
                _sources[i] = _sources[0];
            }
            _kernel.Four(ref _sources[0], ref _targets[0], _pending);
        }
        _pending = 0;
    }

    // Whether each pixel's taps start one column step after those of the pixel before; pixels in the reverse order are turned.
    private bool AreAdjacent()
    {
        int step = (int)_kernel.SourceColumnStep;
        if (_sources[1] - _sources[0] == -step)
        {
            (_sources[0], _sources[1], _sources[2], _sources[3]) = (_sources[3], _sources[2], _sources[1], _sources[0]);
            (_targets[0], _targets[1], _targets[2], _targets[3]) = (_targets[3], _targets[2], _targets[1], _targets[0]);
        }
        return _sources[1] - _sources[0] == step && _sources[2] - _sources[1] == step && _sources[3] - _sources[2] == step;
    }

    [System.Runtime.CompilerServices.InlineArray(DepthwiseKernel.Pixels)]
    private struct FourIndices
    {
        private int _first;
    }
}
