using System;
using System.Numerics;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// Hands pixels that lie side by side to the loops of <see cref="DepthwiseRow"/>, with the taps that lie within the source. There are loops for
/// the usual kernels only; which loop computes a pixel changes no bit.
/// </summary>
internal ref struct DepthwiseRows
{
    // What is kept in the first cache while it is used again: well below its usual size of 32 KiB, because weights and outputs pass too.
    private const int CacheBytes = 20 << 10;

    private readonly ReadOnlySpan<int> _table;
    private readonly bool _reverse;
    private readonly int _columns;
    private readonly int _kernelRows;
    private readonly int _stride;
    private readonly int _pad;
    private readonly int _width;
    private readonly int _sourceWidth;
    private readonly int _channels;
    private readonly int _weightStride;
    private DepthwiseRow _row;

    /// <summary>Prepares.</summary>
    /// <param name="geometry">A depthwise convolution.</param>
    /// <param name="reverse">Whether this is its input gradient.</param>
    /// <param name="vertical">Its rows.</param>
    /// <param name="table">What <paramref name="vertical"/> says of each row.</param>
    /// <param name="source">The map that is read.</param>
    /// <param name="packed">The packed weights.</param>
    /// <param name="output">The map that is written.</param>
    /// <param name="epilogue">What is done to the sums.</param>
    public DepthwiseRows(
        in ConvolutionGeometry geometry, bool reverse, TapAxis vertical, ReadOnlySpan<int> table, ReadOnlySpan<float> source, ReadOnlySpan<float> packed,
        Span<float> output, in Epilogue epilogue)
    {
        _table = table;
        _reverse = reverse;
        _columns = geometry.KernelWidth;
        _kernelRows = geometry.KernelHeight;
        _stride = geometry.StrideWidth;
        _pad = geometry.PadLeft;
        _width = reverse ? geometry.InWidth : geometry.OutWidth;
        _sourceWidth = reverse ? geometry.OutWidth : geometry.InWidth;
        _channels = geometry.InChannels;
        _weightStride = DepthwiseConvolution.Stride(geometry);
        Exist = DepthwiseRow.Exists(_columns, _stride) && (!reverse || _stride == 1) && geometry.DilationWidth == 1 && _channels >= Vector<float>.Count;
        nint step = reverse ? -_channels : _channels;
        _row = new DepthwiseRow
        {
            Source = ref MemoryMarshal.GetReference(source),
            Weights = ref MemoryMarshal.GetReference(packed),
            Output = ref MemoryMarshal.GetReference(output),
            Scale = ref MemoryMarshal.GetReference(epilogue.Scale),
            Shift = ref MemoryMarshal.GetReference(epilogue.Shift),
            Residual = ref MemoryMarshal.GetReference(epilogue.Residual),
            Steps = epilogue.Steps,
            Channels = _channels,
            SourceStep = step,
            SourceRowStep = (nint)vertical.SourceStep * _sourceWidth * _channels,
            WeightStep = _weightStride,
            WeightRowStep = (nint)vertical.TapStep * _columns * _weightStride,
            TargetStep = step,
        };
        int unit = 2 * Vector<float>.Count;
        int narrow = Math.Min(_sourceWidth, ((DepthwiseRow.MaximumPixels - 1) * _stride) + _columns);
        int most = Math.Max(1, CacheBytes / (sizeof(float) * _kernelRows * narrow * unit));
        ChannelBlocks = Math.Max(1, ((_channels / unit) + most - 1) / most);
        int channels = FirstChannel(1);
        int wide = (CacheBytes / (sizeof(float) * _kernelRows * channels) / _stride) - _columns;
        wide = Math.Max(wide / DepthwiseRow.MaximumPixels, 1) * DepthwiseRow.MaximumPixels;
        ColumnTiles = (_width + wide - 1) / wide;
    }

    /// <summary>Whether there are loops for this convolution.</summary>
    public bool Exist { get; }

    /// <summary>Into how many parts the channels are best cut when a whole map is computed.</summary>
    public int ChannelBlocks { get; }

    /// <summary>Into how many parts the columns are best cut then.</summary>
    public int ColumnTiles { get; }

    /// <summary>The first channel of a part; of the number of parts: the number of channels.</summary>
    /// <param name="block">The part.</param>
    public readonly int FirstChannel(int block)
    {
        int unit = 2 * Vector<float>.Count;
        return block >= ChannelBlocks ? _channels : (int)((long)(_channels / unit) * block / ChannelBlocks) * unit;
    }

    /// <summary>Computes pixels side by side.</summary>
    /// <param name="row">Their row.</param>
    /// <param name="column">The column of the first.</param>
    /// <param name="count">Pixels, at least <see cref="DepthwiseRow.MinimumPixels"/>, all in that row.</param>
    /// <param name="target">The place of the first among the output's pixels.</param>
    /// <param name="channel">The first channel, a multiple of a vector.</param>
    /// <param name="endChannel">The one after the last: a multiple of a vector, or all.</param>
    public void Run(int row, int column, int count, int target, int channel, int endChannel)
    {
        _row.Channel = channel;
        _row.EndChannel = endChannel;
        int kernelRow = _table[row * TapAxis.Fields];
        int kernelRows = _table[(row * TapAxis.Fields) + 1];
        int sourceRow = _table[(row * TapAxis.Fields) + 2];
        _row.FirstWeight = (nint)kernelRow * _columns * _weightStride;
        int blocks = (count + DepthwiseRow.MaximumPixels - 1) / DepthwiseRow.MaximumPixels;
        for (int block = 0, start = 0; block < blocks; block++)
        {
            int end = (int)((long)count * (block + 1) / blocks);
            int pixels = end - start;
            int covered = ((pixels - 1) * _stride) + _columns;
            int pixel = _reverse ? end - 1 : start;
            int before;
            int after;
            int first;
            if (_reverse)
            {
                first = column + pixel + _pad;
                before = Math.Max(0, first - (_sourceWidth - 1));
                after = Math.Max(0, covered - 1 - first);
                first -= before;
            }
            else
            {
                first = ((column + pixel) * _stride) - _pad;
                before = Math.Max(0, -first);
                after = Math.Max(0, first + covered - _sourceWidth);
                first += before;
            }

            bool isEmpty = kernelRows == 0 || before + after >= covered;
            _row.FirstColumn = before;
            _row.ColumnCount = isEmpty ? 0 : covered - before - after;
            _row.Rows = isEmpty ? 0 : kernelRows;
            _row.FirstSource = isEmpty ? 0 : (((nint)sourceRow * _sourceWidth) + first) * _channels;
            _row.FirstTarget = (nint)(target + pixel) * _channels;
            _row.Run(pixels, _columns, _stride);
            start = end;
        }
    }
}
