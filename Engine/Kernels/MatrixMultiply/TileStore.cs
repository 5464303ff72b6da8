using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.MatrixMultiply;

/// <summary>
/// Stores sums whose columns are fewer than the panel's, or do not lie side by side in the output. The arithmetic of the epilogue is that of
/// whole panels: the residual is gathered into a row as wide as the panel first.
/// </summary>
internal readonly ref struct TileStore
{
    private readonly Span<float> _output;
    private readonly PanelColumns _columns;
    private readonly ReadOnlySpan<float> _residual;
    private readonly EpilogueSteps _steps;
    private readonly Span<float> _scale;
    private readonly Span<float> _shift;

    public TileStore(Span<float> output, in PanelColumns columns, in Epilogue epilogue, Span<float> scale, Span<float> shift)
    {
        _output = output;
        _columns = columns;
        _residual = epilogue.Residual;
        _steps = epilogue.Steps;
        _scale = scale;
        _shift = shift;
    }

    /// <summary>Stores the sums of some rows.</summary>
    /// <param name="tile">Rows as wide as a panel; overwritten.</param>
    /// <param name="outputRows">Where each starts in the output.</param>
    public void Store(Span<float> tile, ReadOnlySpan<int> outputRows)
    {
        int width = Panel.Width;
        Span<float> residual = stackalloc float[width];
        for (int row = 0; row < outputRows.Length; row++)
        {
            Span<float> sums = tile.Slice(row * width, width);
            if (_steps != EpilogueSteps.None)
            {
                if (!_residual.IsEmpty)
                {
                    Gather(_residual[outputRows[row]..], residual);
                }

                for (int column = 0; column < _columns.Extent; column += Vector<float>.Count)
                {
                    Span<float> part = sums.Slice(column, Vector<float>.Count);
                    Epilogue.Apply(_steps, new Vector<float>(part), ref _scale[column], ref _shift[column], ref residual[column]).CopyTo(part);
                }
            }

            Scatter(sums, _output[outputRows[row]..]);
        }
    }

    private void Gather(ReadOnlySpan<float> source, Span<float> panelRow)
    {
        if (_columns.AreContiguous)
        {
            source.Slice(_columns.First, _columns.Count).CopyTo(panelRow);
            return;
        }

        for (int i = 0; i < _columns.Count; i++)
        {
            panelRow[_columns.Sources[i]] = source[_columns.Targets[i]];
        }
    }

    private void Scatter(ReadOnlySpan<float> panelRow, Span<float> target)
    {
        if (_columns.AreContiguous)
        {
            panelRow[.._columns.Count].CopyTo(target[_columns.First..]);
            return;
        }

        // Targets ascend, so the last bounds them all; sources lie within a panel.
        ReadOnlySpan<int> targets = _columns.Targets;
        ReadOnlySpan<int> sources = _columns.Sources[..targets.Length];
        ref float first = ref MemoryMarshal.GetReference(target[..(targets[^1] + 1)]);
        ref float sums = ref MemoryMarshal.GetReference(panelRow[..Panel.Width]);
        for (int i = 0; i < targets.Length; i++)
        {
            Unsafe.Add(ref first, targets[i]) = Unsafe.Add(ref sums, sources[i]);
        }
    }
}
