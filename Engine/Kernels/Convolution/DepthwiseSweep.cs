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
    }

    /// <summary>All target pixels of a range; those of a row that meet the same taps one after another.</summary>
    public void Dense(int from, int to)
    {
        int width = _horizontal.Size;
        for (int start = from; start < to;)
        {
            int row = start / width;
            int end = Math.Min(to, (row + 1) * width);
            for (int phase = 0; phase < _horizontal.Phases; phase++)
            {
                for (int pixel = start + phase; pixel < end; pixel += _horizontal.Phases)
                {
                    Add(row, pixel - (row * width), pixel);
                }
            }
            start = end;
        }
        Flush();
    }

    /// <summary>Listed target pixels; the first is number <paramref name="first"/> of a compact output.</summary>
    public void Listed(ReadOnlySpan<int> pixels, int first, bool compact)
    {
        int width = _horizontal.Size;
        for (int i = 0; i < pixels.Length; i++)
        {
            int row = pixels[i] / width;
            Add(row, pixels[i] - (row * width), compact ? first + i : pixels[i]);
        }
        Flush();
    }

    private void Add(int row, int column, int target)
    {
        if (_pending > 0 && !SameTaps(row, column))
        {
            Flush();
        }
        _row = row * TapAxis.Fields;
        _column = column * TapAxis.Fields;
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
        column *= TapAxis.Fields;
        return _rows[row] == _rows[_row] && _rows[row + 1] == _rows[_row + 1]
            && _columns[column] == _columns[_column] && _columns[column + 1] == _columns[_column + 1];
    }

    private void Flush()
    {
        if (_pending == 0)
        {
            return;
        }
        _kernel.RowCount = _columns[_column + 1] == 0 ? 0 : _rows[_row + 1];
        _kernel.ColumnCount = _columns[_column + 1];
        _kernel.FirstWeight = ((_rows[_row] * _kernelWidth) + _columns[_column]) * (nint)_weightStride;
        if (_pending == DepthwiseKernel.Pixels)
        {
            _kernel.Four(ref _sources[0], ref _targets[0]);
        }
        else
        {
            for (int i = 0; i < _pending; i++)
            {
                _kernel.One(_sources[i], _targets[i], 0);
            }
        }
        _pending = 0;
    }

    [System.Runtime.CompilerServices.InlineArray(DepthwiseKernel.Pixels)]
    private struct FourIndices
    {
        private int _first;
    }
}
