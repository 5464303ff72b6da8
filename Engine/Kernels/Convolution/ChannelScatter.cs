using System;
using System.Numerics;
using ManagedDyn.Engine.Kernels.MatrixMultiply;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// Where the sums of listed channels go that a pass has made side by side: a sweep's sums lie in rows of scratch and are spread from there to the places of
/// their channels.
/// </summary>
internal readonly ref struct ChannelScatter
{
    private readonly ChannelLanes _lanes;
    private readonly ReadOnlySpan<float> _sums;
    private readonly int _width;
    private readonly Span<float> _output;
    private readonly ActiveList _pixels;
    private readonly Epilogue _epilogue;
    private readonly bool _ownsRows;

    /// <summary>Prepares.</summary>
    /// <param name="lanes">The channels.</param>
    /// <param name="sums">A sweep's rows, from the first listed channel on, and a vector of slack.</param>
    /// <param name="width">From a row of sums to the next.</param>
    /// <param name="output">The output map, of full width.</param>
    /// <param name="pixels">The pixels that the sweeps count along.</param>
    /// <param name="epilogue">What is done to the sums.</param>
    /// <param name="ownsRows">Whether nobody else writes to these rows meanwhile.</param>
    public ChannelScatter(
        in ChannelLanes lanes, ReadOnlySpan<float> sums, int width, Span<float> output, in ActiveList pixels, in Epilogue epilogue, bool ownsRows)
    {
        _lanes = lanes;
        _sums = sums;
        _width = width;
        _output = output;
        _pixels = pixels;
        _epilogue = epilogue;
        _ownsRows = ownsRows;
        IsActive = true;
    }

    /// <summary>Whether there is anything to spread; not so in the default value.</summary>
    public bool IsActive { get; }

    /// <summary>Asks for the places of a sweep's pixels: its multiply–adds take long enough for them to arrive.</summary>
    /// <param name="start">The first pixel, counted along the selection.</param>
    /// <param name="end">The one after the last.</param>
    public void Ask(int start, int end)
    {
        if (IsActive)
        {
            Span<int> starts = stackalloc int[PanelSweep.MaximumRows + Vector<int>.Count];
            _lanes.Ask(_output, FindStarts(starts, start, end));
        }
    }

    /// <summary>Spreads the sums of a sweep.</summary>
    /// <param name="start">The first pixel, counted along the selection.</param>
    /// <param name="end">The one after the last.</param>
    public void Store(int start, int end)
    {
        if (IsActive)
        {
            Span<int> starts = stackalloc int[PanelSweep.MaximumRows + Vector<int>.Count];
            _lanes.Scatter(_sums, _width, _output, FindStarts(starts, start, end), in _epilogue, _ownsRows);
        }
    }

    private ReadOnlySpan<int> FindStarts(Span<int> starts, int start, int end)
    {
        int step = _lanes.Universe;
        if (_pixels.IsListed && !_pixels.IsCompact)
        {
            for (int at = start; at < end; at++)
            {
                starts[at - start] = _pixels.Indices[at] * step;
            }
        }
        else
        {
            for (int row = 0; row < end - start; row += Vector<int>.Count)
            {
                ((Vector<int>.Indices + new Vector<int>(start + row)) * new Vector<int>(step)).CopyTo(starts[row..]);
            }
        }

        return starts[..(end - start)];
    }
}
