using System;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>Takes one channel's finished sums from their places in a plane to the output, and adds the residual.</summary>
internal readonly ref struct PlaneStore
{
    private readonly PlaneLayout _layout;
    private readonly int _width;
    private readonly int _channels;
    private readonly int _channel;
    private readonly ReadOnlySpan<float> _residual;
    private readonly bool _isRelu;

    public PlaneStore(in ConvolutionGeometry geometry, in PlaneLayout layout, int channel, in Epilogue epilogue)
    {
        _layout = layout;
        _width = geometry.OutWidth;
        _channels = geometry.OutChannels;
        _channel = channel;
        _residual = epilogue.Residual;
        _isRelu = epilogue.Activation == Activation.Relu;
    }

    /// <summary>All pixels of the layout's rows.</summary>
    public void All(ReadOnlySpan<float> sums, Span<float> output)
    {
        for (int row = 0; row < _layout.Rows; row++)
        {
            ReadOnlySpan<float> own = sums.Slice(row * _layout.RowLength, _width);
            int at = ((_layout.From + row) * _width * _channels) + _channel;
            if (_channels == 1 && _residual.IsEmpty)
            {
                own.CopyTo(output[at..]);
                continue;
            }

            foreach (float sum in own)
            {
                output[at] = Finish(sum, at);
                at += _channels;
            }
        }
    }

    /// <summary>Listed pixels of the layout's rows.</summary>
    /// <param name="sums">The sums.</param>
    /// <param name="pixels">The pixels.</param>
    /// <param name="compactFrom">The first one's row of a compact output; below 0: the output is of full width.</param>
    /// <param name="output">The output.</param>
    public void Listed(ReadOnlySpan<float> sums, ReadOnlySpan<int> pixels, int compactFrom, Span<float> output)
    {
        for (int i = 0; i < pixels.Length; i++)
        {
            int row = pixels[i] / _width;
            int place = ((row - _layout.From) * _layout.RowLength) + (pixels[i] - (row * _width));
            int at = ((compactFrom < 0 ? pixels[i] : compactFrom + i) * _channels) + _channel;
            output[at] = Finish(sums[place], at);
        }
    }

    // Without a residual everything has been done to whole vectors.
    private float Finish(float sum, int at)
    {
        if (_residual.IsEmpty)
        {
            return sum;
        }

        sum += _residual[at];
        return _isRelu && sum < 0 ? 0 : sum;
    }
}
