using System;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using ManagedDyn.Engine.Kernels.MatrixMultiply;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>One call of <see cref="ConvolutionInputGradient"/>: phases of input pixels, in each sweeps of pixels, in each groups and panels.</summary>
internal ref struct InputGradientPass
{
    private readonly ConvolutionGeometry _geometry;
    private readonly ReadOnlySpan<float> _outputGradient;
    private readonly ReadOnlySpan<float> _packed;
    private readonly Span<float> _inputGradient;
    private readonly ActiveList _targets;
    private readonly bool _listsSources;
    private readonly Epilogue _epilogue;
    private readonly Span<float> _zeros;
    private readonly Span<float> _idle;
    private readonly Span<int> _rows;
    private readonly Span<int> _ys;
    private readonly Span<int> _xs;

    // For each output pixel its row in a list of output pixels, -1 where it is not listed.
    private readonly Span<int> _sourceRows;
    private PanelSweep _sweep;
    private PhaseTaps _vertical;
    private PhaseTaps _horizontal;
    private int _firstPanel;
    private int _endPanel;

    public InputGradientPass(
        in ConvolutionGeometry geometry, ReadOnlySpan<float> outputGradient, ReadOnlySpan<float> packed, Span<float> inputGradient,
        ActiveList targets, ActiveList sources, in Epilogue epilogue, Span<float> scratch)
    {
        _geometry = geometry;
        _outputGradient = outputGradient;
        _packed = packed;
        _inputGradient = inputGradient;
        _targets = targets;
        _epilogue = epilogue;
        _zeros = Take(ref scratch, geometry.OutChannelsPerGroup);
        _zeros.Clear();
        _idle = Take(ref scratch, geometry.InChannels);
        // Integers of the same size as the floats whose memory they take.
        _rows = MemoryMarshal.Cast<float, int>(Take(ref scratch, PanelSweep.MaximumRows));
        _ys = MemoryMarshal.Cast<float, int>(Take(ref scratch, PanelSweep.MaximumRows));
        _xs = MemoryMarshal.Cast<float, int>(Take(ref scratch, PanelSweep.MaximumRows));
        _sweep = new PanelSweep(geometry.Taps, geometry.OutChannelsPerGroup, Take(ref scratch, PanelSweep.ScratchLength(geometry.Taps)));
        _sweep.Extra = ref MemoryMarshal.GetReference(_zeros);
        _sweep.PanelDistance = ConvolutionInputGradient.PanelLength(geometry);
        _sweep.WeightsLength = packed.Length;
        _listsSources = sources.IsListed;
        if (_listsSources)
        {
            _sourceRows = MemoryMarshal.Cast<float, int>(Take(ref scratch, geometry.OutPixels));
            _sourceRows.Fill(-1);
            for (int i = 0; i < sources.Indices.Length; i++)
            {
                _sourceRows[sources.Indices[i]] = sources.IsCompact ? i : sources.Indices[i];
            }
        }
    }

    public static int ScratchLength(in ConvolutionGeometry geometry) => checked(
        geometry.OutChannelsPerGroup + geometry.InChannels + (3 * PanelSweep.MaximumRows) + PanelSweep.ScratchLength(geometry.Taps)
        + geometry.OutPixels);

    public void Run(int firstPixel, int endPixel, int firstPanel, int endPanel)
    {
        _firstPanel = firstPanel;
        _endPanel = endPanel;
        if (firstPanel == endPanel)
        {
            return;
        }
        for (int phaseY = 0; phaseY < Math.Min(_geometry.StrideHeight, _geometry.InHeight); phaseY++)
        {
            _vertical = PhaseTaps.Vertical(_geometry, phaseY);
            for (int phaseX = 0; phaseX < Math.Min(_geometry.StrideWidth, _geometry.InWidth); phaseX++)
            {
                _horizontal = PhaseTaps.Horizontal(_geometry, phaseX);
                if (_targets.IsListed)
                {
                    Listed(phaseY, phaseX, firstPixel, endPixel);
                }
                else
                {
                    Dense(phaseY, phaseX, firstPixel, endPixel);
                }
            }
        }
    }

    private static Span<float> Take(scoped ref Span<float> scratch, int length)
    {
        Span<float> taken = scratch[..length];
        scratch = scratch[length..];
        return taken;
    }

    private void Dense(int phaseY, int phaseX, int firstPixel, int endPixel)
    {
        int width = _geometry.InWidth;
        int filled = 0;
        for (int y = phaseY; y < _geometry.InHeight; y += _geometry.StrideHeight)
        {
            if ((y * width) + width <= firstPixel)
            {
                continue;
            }
            if (y * width >= endPixel)
            {
                break;
            }
            for (int x = phaseX; x < width; x += _geometry.StrideWidth)
            {
                int pixel = (y * width) + x;
                if (pixel >= firstPixel && pixel < endPixel)
                {
                    Add(y, x, pixel, ref filled);
                }
            }
        }
        Flush(ref filled);
    }

    private void Listed(int phaseY, int phaseX, int first, int end)
    {
        int filled = 0;
        for (int i = first; i < end; i++)
        {
            int pixel = _targets.Indices[i];
            int y = pixel / _geometry.InWidth;
            int x = pixel - (y * _geometry.InWidth);
            if (y % _geometry.StrideHeight == phaseY && x % _geometry.StrideWidth == phaseX)
            {
                Add(y, x, _targets.IsCompact ? i : pixel, ref filled);
            }
        }
        Flush(ref filled);
    }

    private void Add(int y, int x, int row, ref int filled)
    {
        if (IsIdle(y, x))
        {
            StoreIdle(row);
            return;
        }
        _ys[filled] = _vertical.Source(y);
        _xs[filled] = _horizontal.Source(x);
        _rows[filled] = row;
        if (++filled == PanelSweep.MaximumRows)
        {
            Flush(ref filled);
        }
    }

    private void Flush(ref int filled)
    {
        if (filled == 0)
        {
            return;
        }
        _sweep.Taps = _vertical.Count * _horizontal.Count;
        _sweep.Rows = filled;
        WriteOffsets();
        _sweep.SetOutputRows(0, _rows[..filled], _geometry.InChannels);
        int panelLength = ConvolutionInputGradient.PanelLength(_geometry);
        int perGroup = ConvolutionInputGradient.PanelsPerGroup(_geometry);
        int tap = ConvolutionInputGradient.FirstTap(_geometry, _vertical, _horizontal);
        for (int panel = _firstPanel; panel < _endPanel;)
        {
            int group = panel / perGroup;
            int channel = ConvolutionInputGradient.FirstChannel(_geometry, panel);
            int left = ConvolutionInputGradient.FirstChannel(_geometry, Math.Min(_endPanel, (group + 1) * perGroup)) - channel;
            int taken = _sweep.PanelsAtOnce(left);
            var columns = new PanelColumns(channel, Math.Min(taken * Panel.Width, left));
            _sweep.Input = ref MemoryMarshal.GetReference(_outputGradient[(group * _geometry.OutChannelsPerGroup)..]);
            _sweep.TakeSteps(_epilogue, channel, columns.Count);
            int start = (panel * panelLength) + (tap * _geometry.OutChannelsPerGroup * Panel.Width);
            int length = ((taken - 1) * panelLength) + (_sweep.Taps * _geometry.OutChannelsPerGroup * Panel.Width);
            _sweep.Multiply(_packed.Slice(start, length), columns, _inputGradient, _epilogue);
            panel += taken;
        }
        filled = 0;
    }

    private readonly void WriteOffsets()
    {
        int taps = _sweep.Taps;
        for (int block = 0, row = 0; block < _sweep.Blocks; block++)
        {
            Span<int> offsets = _sweep.Offsets.Slice(block * BlockKernel.Rows * taps, BlockKernel.Rows * taps);
            int rows = _sweep.FirstRow(block + 1) - row;
            for (int lane = 0; lane < rows; lane++, row++)
            {
                int at = lane;
                for (int y = 0, oy = _ys[row]; y < _vertical.Count; y++, oy += _vertical.SourceStep)
                {
                    for (int x = 0, ox = _xs[row]; x < _horizontal.Count; x++, ox += _horizontal.SourceStep, at += BlockKernel.Rows)
                    {
                        int source = SourceRow(oy, ox);
                        offsets[at] = source < 0 ? ~0 : source * _geometry.OutChannels;
                    }
                }
            }
        }
    }

    private readonly int SourceRow(int oy, int ox)
    {
        if ((uint)oy >= (uint)_geometry.OutHeight || (uint)ox >= (uint)_geometry.OutWidth)
        {
            return -1;
        }
        int pixel = (oy * _geometry.OutWidth) + ox;
        return _listsSources ? _sourceRows[pixel] : pixel;
    }

    // Whether no tap reaches an output pixel that counts.
    private readonly bool IsIdle(int targetY, int targetX)
    {
        if (!_listsSources)
        {
            return _vertical.Count * _horizontal.Count == 0;
        }
        for (int y = 0, oy = _vertical.Source(targetY); y < _vertical.Count; y++, oy += _vertical.SourceStep)
        {
            for (int x = 0, ox = _horizontal.Source(targetX); x < _horizontal.Count; x++, ox += _horizontal.SourceStep)
            {
                if (SourceRow(oy, ox) >= 0)
                {
                    return false;
                }
            }
        }
        return true;
    }

    // The sum is empty: what is stored is what the epilogue makes of zero.
    private readonly void StoreIdle(int row)
    {
        int start = row * _geometry.InChannels;
        int from = ConvolutionInputGradient.FirstChannel(_geometry, _firstPanel);
        int to = ConvolutionInputGradient.FirstChannel(_geometry, _endPanel);
        Span<float> target = _inputGradient.Slice(start + from, to - from);
        if (_epilogue.Steps == EpilogueSteps.None)
        {
            target.Clear();
            return;
        }
        if (_epilogue.Steps == EpilogueSteps.Residual)
        {
            TensorPrimitives.Add(_epilogue.Residual.Slice(start + from, to - from), 0f, target);
            return;
        }
        _idle.Clear();
        Epilogue epilogue = _epilogue.Residual.IsEmpty
            ? _epilogue
            : new Epilogue
            {
                Scale = _epilogue.Scale,
                Shift = _epilogue.Shift,
                Residual = _epilogue.Residual.Slice(start, _geometry.InChannels),
                Activation = _epilogue.Activation,
            };
        epilogue.ApplyTo(_idle, _geometry.InChannels);
        _idle[from..to].CopyTo(target);
    }
}
