using System;
using System.Numerics;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.MatrixMultiply;

/// <summary>
/// Matrix product of two matrices that change from call to call, such as activations in attention; either may be stored transposed. The
/// sums are those of <see cref="PackedMultiply"/>, bit for bit.
/// </summary>
public static class PlainMultiply
{
    // With fewer rows, packing a panel costs more than reading the matrix where it lies.
    private const int PackedRows = 24;

    /// <summary>The scratch that a call needs, in elements.</summary>
    /// <param name="shape">The extents.</param>
    public static int ScratchLength(in MultiplyShape shape) => checked(
        PanelSweep.ScratchLength(1) + (shape.Depth * PanelSweep.PanelsTogether * Panel.Width) + (shape.TransposesLeft ? PanelSweep.MaximumRows * shape.Depth : 0));

    /// <summary>Computes the whole product.</summary>
    /// <param name="shape">The extents, strides and transpositions.</param>
    /// <param name="left">[Rows, Depth], or [Depth, Rows] when transposed.</param>
    /// <param name="right">[Depth, Columns], or [Columns, Depth] when transposed.</param>
    /// <param name="output">[Rows, Columns].</param>
    /// <param name="epilogue">What is done to each sum; with the output as residual the product is added to it.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements, of any content.</param>
    /// <exception cref="ArgumentException">A span does not fit; nothing has been written.</exception>
    public static void Multiply(
        in MultiplyShape shape, ReadOnlySpan<float> left, ReadOnlySpan<float> right, Span<float> output, in Epilogue epilogue, Span<float> scratch) =>
        Multiply(in shape, left, right, output, in epilogue, scratch, .., ..);

    /// <summary>Computes some rows and panels of the product.</summary>
    /// <param name="shape">The extents, strides and transpositions.</param>
    /// <param name="left">[Rows, Depth], or [Depth, Rows] when transposed.</param>
    /// <param name="right">[Depth, Columns], or [Columns, Depth] when transposed.</param>
    /// <param name="output">[Rows, Columns]; the part that is computed is written.</param>
    /// <param name="epilogue">What is done to each sum; with the output as residual the product is added to it.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements, of any content.</param>
    /// <param name="rows">The rows to compute.</param>
    /// <param name="panels">The panels of <see cref="Panel.Width"/> columns to compute.</param>
    /// <exception cref="ArgumentException">A span or range does not fit; nothing has been written.</exception>
    public static void Multiply(
        in MultiplyShape shape, ReadOnlySpan<float> left, ReadOnlySpan<float> right, Span<float> output, in Epilogue epilogue, Span<float> scratch,
        Range rows, Range panels)
    {
        shape.CheckLeft(left.Length);
        shape.CheckRight(right.Length);
        shape.CheckOutput(output.Length);
        epilogue.Check(shape.Columns, output.Length);
        int needed = ScratchLength(in shape);
        if (scratch.Length < needed)
        {
            throw new ArgumentException($"The scratch has {scratch.Length} elements; expected at least {needed}.", nameof(scratch));
        }

        (int firstRow, int rowCount) = rows.GetOffsetAndLength(shape.Rows);
        (int firstPanel, int panelCount) = panels.GetOffsetAndLength(Panel.Count(shape.Columns));
        PanelSweep sweep = new(1, shape.Depth, scratch[..PanelSweep.ScratchLength(1)]);
        Span<float> packed = scratch.Slice(PanelSweep.ScratchLength(1), shape.Depth * PanelSweep.PanelsTogether * Panel.Width);
        Span<float> leftRows = scratch[(PanelSweep.ScratchLength(1) + packed.Length)..];
        bool reads = rowCount < PackedRows && !shape.TransposesRight;
        int sweeps = (rowCount + PanelSweep.MaximumRows - 1) / PanelSweep.MaximumRows;

        // Panels are packed once for all sweeps, unless the left rows must be transposed first: then those are, once for all panels.
        int bunches = (panelCount + PanelSweep.PanelsTogether - 1) / PanelSweep.PanelsTogether;
        int outer = shape.TransposesLeft ? sweeps : bunches;
        int inner = shape.TransposesLeft ? bunches : sweeps;
        int endColumn = Math.Min((firstPanel + panelCount) * Panel.Width, shape.Columns);
        for (int i = 0; i < outer; i++)
        {
            for (int j = 0; j < inner; j++)
            {
                (int part, int bunch) = shape.TransposesLeft ? (i, j) : (j, i);
                int start = firstRow + (int)((long)rowCount * part / sweeps);
                int end = firstRow + (int)((long)rowCount * (part + 1) / sweeps);
                if (j == 0 || !shape.TransposesLeft)
                {
                    SetRows(in shape, left, start, end, leftRows, ref sweep);
                }

                int first = (firstPanel + (bunch * PanelSweep.PanelsTogether)) * Panel.Width;
                int behind = Math.Min(first + (PanelSweep.PanelsTogether * Panel.Width), endColumn);
                for (int column = first; column < behind;)
                {
                    int count = Math.Min(sweep.PanelsAtOnce(behind - column) * Panel.Width, behind - column);
                    PanelColumns columns = new(column, count);
                    sweep.TakeSteps(in epilogue, column, count);
                    Span<float> own = packed[((column - first) * shape.Depth)..];
                    if (reads && count % Panel.Width == 0)
                    {
                        sweep.PanelStep = shape.RightStep;
                        sweep.PanelDistance = Panel.Width;
                        sweep.Multiply(right[Math.Min(column, right.Length)..], in columns, output, in epilogue);
                    }
                    else
                    {
                        if (j == 0 || shape.TransposesLeft)
                        {
                            PackPanels(in shape, right, column, count, own);
                        }

                        sweep.PanelStep = Panel.Width;
                        sweep.PanelDistance = Panel.Width * shape.Depth;
                        sweep.Multiply(own, in columns, output, in epilogue);
                    }

                    column += count;
                }
            }
        }
    }

    private static void SetRows(in MultiplyShape shape, ReadOnlySpan<float> left, int start, int end, Span<float> leftRows, ref PanelSweep sweep)
    {
        sweep.Rows = end - start;
        sweep.SetOutputRows(start, default, shape.OutputStep);
        if (shape.TransposesLeft)
        {
            TransposeLeft(in shape, left, start, end, leftRows);
            sweep.Input = ref MemoryMarshal.GetReference(leftRows);
            sweep.SetInputRows(0, default, shape.Depth);
        }
        else
        {
            sweep.Input = ref MemoryMarshal.GetReference(left);
            sweep.SetInputRows(start, default, shape.LeftStep);
        }

        sweep.Extra = ref sweep.Input;
    }

    private static void PackPanels(in MultiplyShape shape, ReadOnlySpan<float> right, int column, int count, Span<float> panels)
    {
        int length = shape.Depth * Panel.Width;
        for (int first = 0; first < count; first += Panel.Width, panels = panels[length..])
        {
            PackPanel(in shape, right, column + first, Math.Min(Panel.Width, count - first), panels[..length]);
        }
    }

    private static void PackPanel(in MultiplyShape shape, ReadOnlySpan<float> right, int column, int count, Span<float> panel)
    {
        int width = Panel.Width;
        if (count < width)
        {
            panel.Clear();
        }

        for (int k = 0; k < shape.Depth && !shape.TransposesRight; k++)
        {
            ReadOnlySpan<float> source = right.Slice((k * shape.RightStep) + column, count);
            Span<float> row = panel.Slice(k * width, width);
            if (count == width)
            {
                // A panel's row is two vectors: a call to copy so few takes longer.
                new Vector<float>(source).CopyTo(row);
                new Vector<float>(source[Vector<float>.Count..]).CopyTo(row[Vector<float>.Count..]);
            }
            else
            {
                source.CopyTo(row);
            }
        }

        for (int j = 0; j < count && shape.TransposesRight; j++)
        {
            ReadOnlySpan<float> source = shape.Depth == 0 ? default : right.Slice((column + j) * shape.RightStep, shape.Depth);
            for (int k = 0, at = j; k < source.Length; k++, at += width)
            {
                panel[at] = source[k];
            }
        }
    }

    private static void TransposeLeft(in MultiplyShape shape, ReadOnlySpan<float> left, int start, int end, Span<float> rows)
    {
        for (int k = 0; k < shape.Depth; k++)
        {
            ReadOnlySpan<float> source = left.Slice((k * shape.LeftStep) + start, end - start);
            for (int i = 0, at = k; i < source.Length; i++, at += shape.Depth)
            {
                rows[at] = source[i];
            }
        }
    }
}
