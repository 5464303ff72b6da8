using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Brings rows of selected channels to full width with zeros elsewhere, and back, so that one backward pass serves every selection of channels.
/// </summary>
internal readonly struct ChannelSpread
{
    private readonly Selection _channels;
    private readonly bool _isCompact;
    private readonly int _universe;
    private readonly Selection _rows;
    private readonly int _rowsPerSample;

    /// <summary>Describes the rows.</summary>
    /// <param name="channels">The channels: one row for all samples, or one a sample.</param>
    /// <param name="isCompact">Whether the narrow form has only these channels; otherwise it has full width and the others are to be ignored.</param>
    /// <param name="universe">Channels of full width.</param>
    /// <param name="rows">Where each sample's rows start, when not each has as many; default: each has.</param>
    /// <param name="rowsPerSample">Rows of each sample otherwise.</param>
    public ChannelSpread(Selection channels, bool isCompact, int universe, Selection rows, int rowsPerSample)
    {
        _channels = channels;
        _isCompact = isCompact;
        _universe = universe;
        _rows = rows;
        _rowsPerSample = rowsPerSample;
    }

    /// <summary>The rows in full width; the same tensor when all channels are selected.</summary>
    public Tensor Widen(Context context, Tensor narrow, int batch)
    {
        if (_channels.IsAll)
        {
            return narrow;
        }

        Tensor wide = WideZeros(context, batch);
        for (int sample = 0; sample < batch; sample++)
        {
            ReadOnlySpan<int> channels = Channels(sample);
            int width = Width(channels);
            for (int row = FirstRow(sample); row < FirstRow(sample + 1); row++)
            {
                ReadOnlySpan<float> source = narrow.Span.Slice(row * width, width);
                Span<float> target = wide.Span.Slice(row * _universe, _universe);
                for (int i = 0; i < channels.Length; i++)
                {
                    target[channels[i]] = source[_isCompact ? i : channels[i]];
                }
            }
        }

        return wide;
    }

    /// <summary>Zeros of full width, to be narrowed later.</summary>
    public Tensor WideZeros(Context context, int batch) => context.Workspace.RentZeros(new Shape(FirstRow(batch), _universe));

    /// <summary>Adds the selected channels of rows of full width to rows of the narrow form.</summary>
    public void AddNarrow(Tensor wide, Tensor narrow, int batch)
    {
        for (int sample = 0; sample < batch; sample++)
        {
            ReadOnlySpan<int> channels = Channels(sample);
            int width = Width(channels);
            for (int row = FirstRow(sample); row < FirstRow(sample + 1); row++)
            {
                ReadOnlySpan<float> source = wide.Span.Slice(row * _universe, _universe);
                Span<float> target = narrow.Span.Slice(row * width, width);
                for (int i = 0; i < channels.Length; i++)
                {
                    target[_isCompact ? i : channels[i]] += source[channels[i]];
                }
            }
        }
    }

    private ReadOnlySpan<int> Channels(int sample) => _channels.Row(_channels.Rows == 1 ? 0 : sample);

    private int Width(ReadOnlySpan<int> channels) => _isCompact ? channels.Length : _universe;

    private int FirstRow(int sample) => _rows.IsAll ? sample * _rowsPerSample : _rows.Offsets[sample];
}
