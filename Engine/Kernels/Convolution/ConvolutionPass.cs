using System;
using System.Runtime.InteropServices;
using ManagedDyn.Engine.Kernels.MatrixMultiply;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>One call of <see cref="IndirectConvolution"/>: sweeps of pixels, in each the groups, in each the panels.</summary>
internal ref struct ConvolutionPass
{
    // In multiples of a panel's row of multiply-adds: storing a pixel's columns one by one, each of them, and making one row of a panel of listed ones.
    private const int RowCost = 40;
    private const int ScatterCost = 2;
    private const int GatherCost = 24;

    private const int MadePanel = -1;

    // The narrowest map that is taken row by row: fewer pixels at once would ask for the weights too often.
    private const int MinimumRowPixels = 48;

    private readonly ConvolutionGeometry _geometry;
    private readonly ReadOnlySpan<float> _input;
    private readonly ReadOnlySpan<float> _packed;
    private readonly Span<float> _output;
    private readonly ConvolutionSelection _selection;
    private readonly Epilogue _epilogue;
    private readonly Span<int> _groupChannels;
    private readonly Span<int> _sources;
    private readonly Span<float> _gathered;
    private readonly PixelOffsets _offsets;
    private readonly Span<float> _extra;
    private readonly ChannelScatter _scatter;
    private readonly WeightPick _pick;
    private readonly int _mostRows;
    private PanelSweep _sweep;

    // The output and its steps from the row on that the sweep's first output row counts from, and where offset 0 of its input rows is.
    private Span<float> _target;
    private Epilogue _steps;
    private int _inputStart;
    private int _pixelCount;
    private bool _ownsRows;

    public ConvolutionPass(
        in ConvolutionGeometry geometry, ReadOnlySpan<float> input, ReadOnlySpan<float> packed, Span<float> output,
        in ConvolutionSelection selection, in Epilogue epilogue, Span<float> scratch, in WeightPick pick = default, ChannelScatter scatter = default)
    {
        _geometry = geometry;
        _pick = pick;
        _scatter = scatter;
        _input = input;
        _packed = packed;
        _output = output;
        _selection = selection;
        _epilogue = epilogue;
        _target = output;
        _steps = epilogue;
        _extra = scratch[..PixelOffsets.ExtraLength(in geometry)];
        scratch = scratch[_extra.Length..];
        bool merges = !selection.InChannels.IsListed && PixelOffsets.CanMerge(in geometry);
        _offsets = new PixelOffsets(in geometry, input, selection.InChannels.Width(geometry.InChannels), merges, _extra);
        int channels = pick.IsAll ? _offsets.Channels : pick.Channels * (geometry.Taps / _offsets.Taps);
        _mostRows = scatter.IsActive ? PanelSweep.MaximumRows : merges ? PixelOffsets.MostRows(in geometry) : SweepRows.AtOnce(channels, _offsets.Taps);
        _sweep = new PanelSweep(_offsets.Taps, channels, scratch[..PanelSweep.ScratchLength(geometry.Taps)]);
        _sweep.Runs = pick.Runs;
        _sweep.RunDepth = _offsets.Channels;
        _sweep.WeightsLength = packed.Length;
        _sweep.OutputLength = output.Length;
        _sweep.IsListed = selection.InChannels.IsListed;
        _sweep.IsCompact = selection.InChannels.IsCompact;
        _sweep.Extra = ref MemoryMarshal.GetReference(_extra);
        scratch = scratch[PanelSweep.ScratchLength(geometry.Taps)..];
        // Integers of the same size as the floats whose memory they take.
        _groupChannels = MemoryMarshal.Cast<float, int>(scratch[..geometry.InChannelsPerGroup]);
        _sources = MemoryMarshal.Cast<float, int>(scratch.Slice(geometry.InChannelsPerGroup, Panel.Width));
        _gathered = scratch[(geometry.InChannelsPerGroup + (2 * Panel.Width))..];
    }

    private readonly int PanelLength => _pick.IsAll ? ConvolutionWeights.PanelLength(in _geometry) : _geometry.Taps * _pick.Channels * Panel.Width;

    public void Run(int firstPixel, int pixelCount, int firstPanel, int panelCount)
    {
        _pixelCount = pixelCount;
        _ownsRows = panelCount == IndirectConvolution.PanelCount(in _geometry, in _selection);
        int end = firstPixel + pixelCount;
        int width = _geometry.OutWidth;
        if (_offsets.Merges && width >= MinimumRowPixels && !_selection.Pixels.IsListed && !_selection.OutChannels.IsListed)
        {
            int firstRow = (firstPixel + width - 1) / width;
            int endRow = end / width;
            if (firstRow < endRow)
            {
                RunPixels(firstPixel, firstRow * width, firstPanel, panelCount);
                RunRows(firstRow, endRow, firstPanel, panelCount);
                firstPixel = endRow * width;
            }
        }

        RunPixels(firstPixel, end, firstPanel, panelCount);
    }

    private void RunPixels(int firstPixel, int endPixel, int firstPanel, int panelCount)
    {
        int pixelCount = endPixel - firstPixel;
        int sweeps = (pixelCount + _mostRows - 1) / _mostRows;
        bool fillsRows = _scatter.IsActive || ((_selection.Pixels.IsCompact || !_selection.Pixels.IsListed) && _selection.PixelRows.IsEmpty);
        int inputWidth = _selection.InChannels.Width(_geometry.InChannels);
        int outputWidth = _selection.OutChannels.Width(_geometry.OutChannels);
        for (int i = 0, written = 0; i < sweeps; i++)
        {
            int start = firstPixel + (int)((long)pixelCount * i / sweeps);
            int end = firstPixel + (int)((long)pixelCount * (i + 1) / sweeps);
            int rows = end - start;
            _sweep.Rows = rows;
            _sweep.IsRepeat = i > 0;
            if (_geometry.IsPointwise && !_selection.Pixels.IsListed)
            {
                // Rows side by side: those of one sweep are those of the next, further on.
                _inputStart = start * inputWidth;
                if (rows != written)
                {
                    _sweep.SetInputRows(0, default, inputWidth);
                }
            }
            else
            {
                SetInputRows(start, end);
            }

            if (fillsRows)
            {
                MoveOutput(start * outputWidth);
                if (rows != written)
                {
                    _sweep.SetOutputRows(0, default, outputWidth);
                }
            }
            else
            {
                _sweep.SetOutputRows(start, _selection.PixelRows.IsEmpty ? Listed(start, end) : _selection.PixelRows[start..end], outputWidth);
            }

            written = rows;
            _scatter.Ask(start, end);
            RunGroups(firstPanel, firstPanel + panelCount, i == 0);
            _scatter.Store(start, end);
        }

        _inputStart = 0;
        MoveOutput(0);
    }

    private void MoveOutput(int start)
    {
        if (_scatter.IsActive)
        {
            return;
        }

        _target = _output[start..];
        _steps = _epilogue.Residual.IsEmpty ? _epilogue : _epilogue.From(start);
    }

    // Whole rows, one part of the columns down all of them: the offsets of a row serve the next one from a later place of the input on.
    private void RunRows(int firstRow, int endRow, int firstPanel, int panelCount)
    {
        int width = _geometry.OutWidth;
        int parts = (width + _mostRows - 1) / _mostRows;
        for (int part = 0; part < parts; part++)
        {
            int column = (int)((long)width * part / parts);
            int count = (int)((long)width * (part + 1) / parts) - column;
            _sweep.Rows = count;
            _sweep.SetOutputRows(0, default, _geometry.OutChannels);
            int written = -1;
            for (int row = firstRow; row < endRow; row++)
            {
                if (written >= 0 && _offsets.IsInside(row))
                {
                    _inputStart = (row - written) * _geometry.StrideHeight * _geometry.InWidth * _geometry.InChannels;
                    _offsets.GatherAgain(row, column, column + count);
                }
                else
                {
                    _inputStart = 0;
                    _offsets.Write(in _sweep, default, (row * width) + column);
                    written = _offsets.IsInside(row) ? row : -1;
                }

                int start = (row * width) + column;
                _sweep.IsRepeat = row > firstRow;
                MoveOutput(start * _geometry.OutChannels);
                _scatter.Ask(start, start + count);
                RunGroups(firstPanel, firstPanel + panelCount, true);
                _scatter.Store(start, start + count);
            }
        }

        _inputStart = 0;
        MoveOutput(0);
    }

    private readonly ReadOnlySpan<int> Listed(int start, int end) => _selection.Pixels.IsListed ? _selection.Pixels.Indices[start..end] : default;

    private readonly void SetInputRows(int start, int end)
    {
        if (_geometry.IsPointwise)
        {
            _sweep.SetInputRows(start, Listed(start, end), _selection.InChannels.Width(_geometry.InChannels));
        }
        else
        {
            _offsets.Write(in _sweep, Listed(start, end), start);
        }
    }

    private void RunGroups(int firstPanel, int endPanel, bool isFirstSweep)
    {
        int inPerGroup = _geometry.InChannelsPerGroup;
        int panel = 0;
        for (int group = 0; group < _geometry.Groups && panel < endPanel; group++)
        {
            int outStart = OutEnd(group - 1);
            int outCount = OutEnd(group) - outStart;
            int next = panel + Panel.Count(outCount);
            if (next > firstPanel)
            {
                int inStart = group * inPerGroup;
                if (_selection.InChannels.IsListed)
                {
                    int rank = ChannelGroup.End(_selection.InChannels.Indices, group - 1, inPerGroup);
                    int end = ChannelGroup.End(_selection.InChannels.Indices, group, inPerGroup);
                    for (int i = rank; i < end; i++)
                    {
                        _groupChannels[i - rank] = _selection.InChannels.Indices[i] - inStart;
                    }

                    _sweep.ChannelList = _groupChannels[..(end - rank)];
                    inStart = _selection.InChannels.IsCompact ? rank : inStart;
                }

                _sweep.Input = ref MemoryMarshal.GetReference(_input[(inStart + _inputStart)..]);
                if (_ownsRows && _selection.OutChannels.IsListed && outCount > 0 && !Gathers(outStart, outCount, group))
                {
                    // Panel by panel of the weights instead of the list: no panel is computed twice.
                    RunBySource(group, outStart, outCount);
                    panel = next;
                    continue;
                }

                int taken;
                for (int p = Math.Max(panel, firstPanel); p < Math.Min(next, endPanel); p += taken)
                {
                    int first = (p - panel) * Panel.Width;
                    int left = Math.Min((Math.Min(next, endPanel) - panel) * Panel.Width, outCount) - first;
                    taken = _pick.Together(p - panel, _selection.OutChannels.IsListed ? 1 : _sweep.PanelsAtOnce(left), out int distance);
                    _sweep.PanelDistance = distance * PanelLength;
                    int count = Math.Min(taken * Panel.Width, left);
                    if (_selection.OutChannels.IsListed)
                    {
                        RunListed(group, outStart + first, count, p - firstPanel, isFirstSweep);
                    }
                    else
                    {
                        int index = (group * ConvolutionWeights.PanelsPerGroup(in _geometry)) + _pick.PlaceOf(p - panel);
                        _sweep.TakeSteps(in _epilogue, outStart + first, count);
                        _sweep.Multiply(_packed[(index * PanelLength)..], new PanelColumns(outStart + first, count), _target, in _steps);
                    }
                }
            }

            panel = next;
        }
    }

    private readonly int OutEnd(int group) => _selection.OutChannels.IsListed
        ? ChannelGroup.End(_selection.OutChannels.Indices, group, _geometry.OutChannelsPerGroup)
        : (group + 1) * _geometry.OutChannelsPerGroup;

    // Up to a panel's width of listed output channels, from one place of the list on.
    private readonly void RunListed(int group, int rank, int count, int slot, bool isFirstSweep)
    {
        if (!Gathers(rank, count, group))
        {
            RunBySource(group, rank, count);
            return;
        }

        ReadOnlySpan<int> channels = _selection.OutChannels.Indices.Slice(rank, count);
        Span<float> panel = _gathered.Slice(slot * PanelLength, PanelLength);
        if (isFirstSweep)
        {
            Gather(group, channels, panel);
        }

        RunColumns(panel, channels, rank, MadePanel);
    }

    // Listed output channels from one place of the list on, from the panels that hold them.
    private readonly void RunBySource(int group, int rank, int count)
    {
        ReadOnlySpan<int> channels = _selection.OutChannels.Indices.Slice(rank, count);
        int groupStart = group * _geometry.OutChannelsPerGroup;
        for (int start = 0; start < count;)
        {
            int source = (channels[start] - groupStart) / Panel.Width;
            int end = start + 1;
            while (end < count && (channels[end] - groupStart) / Panel.Width == source)
            {
                end++;
            }

            int index = (group * ConvolutionWeights.PanelsPerGroup(in _geometry)) + source;
            RunColumns(_packed.Slice(index * PanelLength, PanelLength), channels[start..end], rank + start, groupStart + (source * Panel.Width));
            start = end;
        }
    }

    // Listed columns lie in several panels: either panels are made of just them, or whole panels are computed and some columns kept. The
    // bits are the same; the time is about that of the sums, plus moving columns one by one, plus making the panels.
    private readonly bool Gathers(int rank, int count, int group)
    {
        ReadOnlySpan<int> channels = _selection.OutChannels.Indices.Slice(rank, count);
        int groupStart = group * _geometry.OutChannelsPerGroup;
        int panels = 1;
        for (int i = 1; i < channels.Length; i++)
        {
            panels += (channels[i] - groupStart) / Panel.Width != (channels[i - 1] - groupStart) / Panel.Width ? 1 : 0;
        }

        int made = Panel.Count(count);
        long depth = (long)_sweep.Depth * _sweep.Taps;
        long moving = _selection.OutChannels.IsCompact ? 0 : (made * RowCost) + (count * ScatterCost);
        return made < panels && (((made * depth) + moving) * _pixelCount) + (made * depth * GatherCost) < panels * depth * _pixelCount;
    }

    // firstChannel: the channel of the panel's first column, or that the panel was made of just these channels.
    private readonly void RunColumns(ReadOnlySpan<float> panel, ReadOnlySpan<int> channels, int rank, int firstChannel)
    {
        Span<int> sources = _sources[..channels.Length];
        for (int i = 0; i < sources.Length; i++)
        {
            sources[i] = firstChannel == MadePanel ? i : channels[i] - firstChannel;
        }

        _sweep.TakeSteps(in _epilogue, sources, channels);
        bool isCompact = _selection.OutChannels.IsCompact;
        bool startsWhole = sources[^1] == sources.Length - 1;
        if (startsWhole && (isCompact || channels[^1] - channels[0] == channels.Length - 1))
        {
            _sweep.Multiply(panel, new PanelColumns(isCompact ? rank : channels[0], channels.Length), _target, in _steps);
            return;
        }

        // Storing under a mask writes back what stands between the columns: only where no other thread writes to these rows.
        if (_ownsRows && !isCompact && firstChannel != MadePanel && firstChannel + Panel.Width <= _geometry.OutChannels)
        {
            Span<int> masks = stackalloc int[Panel.Width];
            masks.Clear();
            foreach (int source in sources)
            {
                masks[source] = -1;
            }

            _sweep.Multiply(panel, new PanelColumns(firstChannel, masks), _target, in _steps);
            return;
        }

        Span<int> targets = stackalloc int[channels.Length];
        for (int i = 0; i < targets.Length; i++)
        {
            targets[i] = isCompact ? rank + i : channels[i];
        }

        _sweep.Multiply(panel, new PanelColumns(sources, targets), _target, in _steps);
    }

    private readonly void Gather(int group, ReadOnlySpan<int> channels, Span<float> panel)
    {
        int width = Panel.Width;
        int groupStart = group * _geometry.OutChannelsPerGroup;
        int firstPanel = group * ConvolutionWeights.PanelsPerGroup(in _geometry);
        Span<int> starts = stackalloc int[channels.Length];
        for (int i = 0; i < starts.Length; i++)
        {
            int column = channels[i] - groupStart;
            starts[i] = ((firstPanel + (column / width)) * panel.Length) + (column % width);
        }

        for (int at = 0; at < panel.Length; at += width)
        {
            Span<float> row = panel.Slice(at, width);
            for (int i = 0; i < starts.Length; i++)
            {
                row[i] = _packed[starts[i] + at];
            }

            row[starts.Length..].Clear();
        }
    }
}
