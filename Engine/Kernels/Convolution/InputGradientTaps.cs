using System;
using System.Runtime.InteropServices;
using ManagedDyn.Engine.Kernels.MatrixMultiply;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// One call of <see cref="ConvolutionInputGradient"/> where output pixels are listed here and there: tap by tap the listed ones are multiplied and added
/// to the input pixels that the tap leads to. So the work is that of the listed pixels, where <see cref="InputGradientPass"/> would multiply zeros for
/// every tap that leads to none.
/// </summary>
/// <remarks>A value is the same chain of multiply–adds as there: between taps it waits in the result instead of a register.</remarks>
internal ref struct InputGradientTaps
{
    // Pairs of pixels that are collected before they are multiplied, and so about how many of a tap belong to a band of input rows, which is computed
    // for all taps before the next so that it stays in the second cache.
    private const int MaximumPairs = 2 * PanelSweep.MaximumRows;

    // Mean length of a run of neighbours from which on most of the input pixels around have most of their taps.
    private const int LongRun = 4;

    private readonly ConvolutionGeometry _geometry;
    private readonly ReadOnlySpan<float> _outputGradient;
    private readonly ReadOnlySpan<float> _packed;
    private readonly Span<float> _inputGradient;
    private readonly ReadOnlySpan<int> _outputs;
    private readonly bool _isCompact;
    private readonly Span<int> _sources;
    private readonly Span<int> _targets;
    private readonly Span<int> _rowStarts;
    private readonly int _firstPanel;
    private readonly int _endPanel;
    private PanelSweep _sweep;
    private int _pairs;

    /// <summary>Prepares a call for some panels.</summary>
    public InputGradientTaps(
        in ConvolutionGeometry geometry, ReadOnlySpan<float> outputGradient, ReadOnlySpan<float> packed, Span<float> inputGradient, ActiveList outputs,
        Span<float> scratch, int firstPanel, int endPanel)
    {
        _geometry = geometry;
        _outputGradient = outputGradient;
        _packed = packed;
        _inputGradient = inputGradient;
        _outputs = outputs.Indices;
        _isCompact = outputs.IsCompact;
        _firstPanel = firstPanel;
        _endPanel = endPanel;

        // Integers of the same size as the floats whose memory they take.
        Span<int> integers = MemoryMarshal.Cast<float, int>(scratch[..IntegersLength(in geometry)]);
        _sources = integers[..MaximumPairs];
        _targets = integers.Slice(MaximumPairs, MaximumPairs);
        _rowStarts = integers[(2 * MaximumPairs)..];
        _sweep = new PanelSweep(1, geometry.OutChannelsPerGroup, scratch[integers.Length..])
        {
            PanelDistance = ConvolutionInputGradient.PanelLength(in geometry),
            WeightsLength = packed.Length,
            Continues = true,
        };
    }

    /// <summary>Whether this is the quicker way: the listed pixels have few neighbours, so that most taps of most input pixels lead to none.</summary>
    public static bool Pays(in ConvolutionGeometry geometry, ActiveList outputs)
    {
        if (!outputs.IsListed || geometry.Taps == 1)
        {
            return false;
        }

        int runs = 0;
        int next = -1;
        foreach (int pixel in outputs.Indices)
        {
            runs += pixel == next ? 0 : 1;
            next = pixel + 1;
        }

        return runs * LongRun > outputs.Indices.Length;
    }

    public static int ScratchLength(in ConvolutionGeometry geometry) => checked(IntegersLength(in geometry) + PanelSweep.ScratchLength(1));

    /// <summary>Computes the gradient of some input pixels.</summary>
    public void Run(int firstPixel, int endPixel)
    {
        Clear(firstPixel, endPixel);
        FindRows();
        int width = _geometry.InWidth;
        int endRow = (endPixel + width - 1) / width;
        for (int row = firstPixel / width; row < endRow;)
        {
            int end = row + 1;
            while (end < endRow && Outputs(row, end + 1, 0) is (int first, int last) && _rowStarts[last] - _rowStarts[first] <= MaximumPairs)
            {
                end++;
            }

            for (int ky = 0; ky < _geometry.KernelHeight; ky++)
            {
                for (int kx = 0; kx < _geometry.KernelWidth; kx++)
                {
                    RunTap(ky, kx, row, end, firstPixel, endPixel);
                }
            }

            row = end;
        }
    }

    private static int IntegersLength(in ConvolutionGeometry geometry) => (2 * MaximumPairs) + geometry.OutHeight + 1;

    private static long Ceiling(long value, int divisor) => value <= 0 ? 0 : ((value - 1) / divisor) + 1;

    private void RunTap(int ky, int kx, int firstRow, int endRow, int firstPixel, int endPixel)
    {
        (int first, int last) = Outputs(firstRow, endRow, ky);
        int place = Place(ky, kx);
        int moved = (kx * _geometry.DilationWidth) - _geometry.PadLeft;
        for (int oy = first; oy < last; oy++)
        {
            int start = ((oy * _geometry.StrideHeight) - _geometry.PadTop + (ky * _geometry.DilationHeight)) * _geometry.InWidth;
            int column = oy * _geometry.OutWidth;
            for (int i = _rowStarts[oy]; i < _rowStarts[oy + 1]; i++)
            {
                int x = ((_outputs[i] - column) * _geometry.StrideWidth) + moved;
                int pixel = start + x;
                if ((uint)x < (uint)_geometry.InWidth && pixel >= firstPixel && pixel < endPixel)
                {
                    _sources[_pairs] = _isCompact ? i : _outputs[i];
                    _targets[_pairs] = pixel;
                    if (++_pairs == MaximumPairs)
                    {
                        Flush(place);
                    }
                }
            }
        }

        Flush(place);
    }

    // The output rows that a row of the kernel leads to some input rows.
    private readonly (int First, int End) Outputs(int firstRow, int endRow, int ky)
    {
        long moved = (long)_geometry.PadTop - ((long)ky * _geometry.DilationHeight);
        long first = Ceiling(firstRow + moved, _geometry.StrideHeight);
        long end = Ceiling(endRow + moved, _geometry.StrideHeight);
        return ((int)Math.Min(first, _geometry.OutHeight), (int)Math.Min(end, _geometry.OutHeight));
    }

    // Where the weights of a tap lie in a panel, in taps.
    private readonly int Place(int ky, int kx)
    {
        PhaseTaps vertical = PhaseTaps.Vertical(in _geometry, Phase((ky * _geometry.DilationHeight) - _geometry.PadTop, _geometry.StrideHeight));
        PhaseTaps horizontal = PhaseTaps.Horizontal(in _geometry, Phase((kx * _geometry.DilationWidth) - _geometry.PadLeft, _geometry.StrideWidth));
        return ConvolutionInputGradient.FirstTap(in _geometry, in vertical, in horizontal)
            + ((ky - vertical.First) / vertical.TapStep * horizontal.Count) + ((kx - horizontal.First) / horizontal.TapStep);
    }

    private static int Phase(int coordinate, int stride) => ((coordinate % stride) + stride) % stride;

    private readonly void FindRows()
    {
        for (int row = 0, i = 0; row <= _geometry.OutHeight; row++)
        {
            while (i < _outputs.Length && _outputs[i] < row * _geometry.OutWidth)
            {
                i++;
            }

            _rowStarts[row] = i;
        }
    }

    private readonly void Clear(int firstPixel, int endPixel)
    {
        int from = ConvolutionInputGradient.FirstChannel(in _geometry, _firstPanel);
        int to = ConvolutionInputGradient.FirstChannel(in _geometry, _endPanel);
        if (to - from == _geometry.InChannels)
        {
            _inputGradient[(firstPixel * _geometry.InChannels)..(endPixel * _geometry.InChannels)].Clear();
            return;
        }

        for (int pixel = firstPixel; pixel < endPixel; pixel++)
        {
            _inputGradient.Slice((pixel * _geometry.InChannels) + from, to - from).Clear();
        }
    }

    private void Flush(int place)
    {
        int sweeps = (_pairs + PanelSweep.MaximumRows - 1) / PanelSweep.MaximumRows;
        for (int i = 0; i < sweeps; i++)
        {
            int start = _pairs * i / sweeps;
            int end = _pairs * (i + 1) / sweeps;
            _sweep.Rows = end - start;
            _sweep.SetInputRows(0, _sources[start..end], _geometry.OutChannels);
            _sweep.SetOutputRows(0, _targets[start..end], _geometry.InChannels);
            RunPanels(place);
        }

        _pairs = 0;
    }

    private void RunPanels(int place)
    {
        Epilogue none = default;
        int perGroup = ConvolutionInputGradient.PanelsPerGroup(in _geometry);
        int depth = _geometry.OutChannelsPerGroup;
        for (int panel = _firstPanel; panel < _endPanel;)
        {
            int group = panel / perGroup;
            int channel = ConvolutionInputGradient.FirstChannel(in _geometry, panel);
            int left = ConvolutionInputGradient.FirstChannel(in _geometry, Math.Min(_endPanel, (group + 1) * perGroup)) - channel;
            int taken = _sweep.PanelsAtOnce(left);
            int start = (panel * _sweep.PanelDistance) + (place * depth * Panel.Width);
            _sweep.Input = ref MemoryMarshal.GetReference(_outputGradient[(group * depth)..]);
            _sweep.Extra = ref _sweep.Input;
            _sweep.Multiply(
                _packed.Slice(start, ((taken - 1) * _sweep.PanelDistance) + (depth * Panel.Width)),
                new PanelColumns(channel, Math.Min(taken * Panel.Width, left)), _inputGradient, in none);
            panel += taken;
        }
    }
}
