using System;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.MatrixMultiply;

/// <summary>
/// Matrix product with a packed right-hand matrix, such as the weights of a layer: output[i, j] = epilogue(Σₖ left[i, k] · right[k, j]).
/// </summary>
/// <remarks>
/// Each sum is one chain of multiply–adds over k ascending from 0, whatever the number of rows and however the work is split, so a row's
/// result depends on that row alone, bit for bit.
/// </remarks>
public static class PackedMultiply
{
    /// <summary>The scratch that a call needs, in elements.</summary>
    public static int ScratchLength => PanelSweep.ScratchLength(1);

    /// <summary>Computes the whole product.</summary>
    /// <param name="shape">The extents; the right matrix has no stride.</param>
    /// <param name="left">[Rows, Depth].</param>
    /// <param name="packed">The right matrix [Depth, Columns], packed by <see cref="Panel"/>.</param>
    /// <param name="output">[Rows, Columns].</param>
    /// <param name="epilogue">What is done to each sum.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements, of any content.</param>
    /// <exception cref="ArgumentException">A span does not fit; nothing has been written.</exception>
    public static void Multiply(
        in MultiplyShape shape, ReadOnlySpan<float> left, ReadOnlySpan<float> packed, Span<float> output, in Epilogue epilogue, Span<float> scratch) =>
        Multiply(in shape, left, packed, output, in epilogue, scratch, .., ..);

    /// <summary>Computes some rows and panels of the product.</summary>
    /// <param name="shape">The extents; the right matrix has no stride.</param>
    /// <param name="left">[Rows, Depth].</param>
    /// <param name="packed">The right matrix [Depth, Columns], packed by <see cref="Panel"/>.</param>
    /// <param name="output">[Rows, Columns]; the part that is computed is written.</param>
    /// <param name="epilogue">What is done to each sum.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements, of any content.</param>
    /// <param name="rows">The rows to compute.</param>
    /// <param name="panels">The panels to compute, of <see cref="Panel.Count"/>.</param>
    /// <exception cref="ArgumentException">A span or range does not fit; nothing has been written.</exception>
    public static void Multiply(
        in MultiplyShape shape, ReadOnlySpan<float> left, ReadOnlySpan<float> packed, Span<float> output, in Epilogue epilogue, Span<float> scratch,
        Range rows, Range panels)
    {
        Check(in shape, left, packed, output, in epilogue, scratch);
        (int firstRow, int rowCount) = rows.GetOffsetAndLength(shape.Rows);
        (int firstPanel, int panelCount) = panels.GetOffsetAndLength(Panel.Count(shape.Columns));
        Run(in shape, left, packed, output, in epilogue, scratch, firstRow, rowCount, firstPanel, panelCount, isBackward: false);
    }

    /// <summary>Computes the whole product, the panels in either order, which changes no bit.</summary>
    internal static void Multiply(
        in MultiplyShape shape, ReadOnlySpan<float> left, ReadOnlySpan<float> packed, Span<float> output, in Epilogue epilogue, Span<float> scratch,
        bool isBackward)
    {
        Check(in shape, left, packed, output, in epilogue, scratch);
        Run(in shape, left, packed, output, in epilogue, scratch, 0, shape.Rows, 0, Panel.Count(shape.Columns), isBackward);
    }

    private static void Check(
        in MultiplyShape shape, ReadOnlySpan<float> left, ReadOnlySpan<float> packed, Span<float> output, in Epilogue epilogue, Span<float> scratch)
    {
        if (shape.TransposesLeft || shape.TransposesRight || shape.RightStride != 0)
        {
            throw new ArgumentException("A product with a packed matrix takes neither side transposed nor a right stride; use PlainMultiply.", nameof(shape));
        }

        shape.CheckLeft(left.Length);
        shape.CheckOutput(output.Length);
        if (packed.Length != Panel.Length(shape.Depth, shape.Columns))
        {
            throw new ArgumentException(
                $"The packed matrix has {packed.Length} elements; {shape.Depth} × {shape.Columns} needs {Panel.Length(shape.Depth, shape.Columns)}.", nameof(packed));
        }

        if (scratch.Length < ScratchLength)
        {
            throw new ArgumentException($"The scratch has {scratch.Length} elements; expected at least {ScratchLength}.", nameof(scratch));
        }

        epilogue.Check(shape.Columns, output.Length);
    }

    private static void Run(
        in MultiplyShape shape, ReadOnlySpan<float> left, ReadOnlySpan<float> packed, Span<float> output, in Epilogue epilogue, Span<float> scratch,
        int firstRow, int rowCount, int firstPanel, int panelCount, bool isBackward)
    {
        PanelSweep sweep = new(1, shape.Depth, scratch);
        sweep.Input = ref MemoryMarshal.GetReference(left);
        sweep.Extra = ref sweep.Input;
        sweep.WeightsLength = packed.Length;
        sweep.OutputLength = output.Length;
        int most = SweepRows.AtOnce(shape.Depth, 1);
        int sweeps = (rowCount + most - 1) / most;
        for (int i = 0; i < sweeps; i++)
        {
            int start = (int)((long)rowCount * i / sweeps);
            int behind = (int)((long)rowCount * (i + 1) / sweeps);
            sweep.Rows = behind - start;
            sweep.IsRepeat = i > 0;
            sweep.SetInputRows(firstRow + start, default, shape.LeftStep);
            sweep.SetOutputRows(firstRow + start, default, shape.OutputStep);
            int first = firstPanel * Panel.Width;
            int end = Math.Min((firstPanel + panelCount) * Panel.Width, shape.Columns);
            int together = PanelSweep.PanelsTogether * Panel.Width;
            int whole = isBackward ? (end - first) / together * together : 0;
            for (int column = first + whole; column < end;)
            {
                column += Multiply(in sweep, in shape, packed, output, in epilogue, column, end);
            }

            for (int bunch = whole - together; bunch >= 0; bunch -= together)
            {
                for (int column = first + bunch; column < first + bunch + together;)
                {
                    column += Multiply(in sweep, in shape, packed, output, in epilogue, column, first + bunch + together);
                }
            }
        }
    }

    // The next panels; returns how many columns they yield.
    private static int Multiply(
        in PanelSweep sweep, in MultiplyShape shape, ReadOnlySpan<float> packed, Span<float> output, in Epilogue epilogue, int column, int end)
    {
        int count = Math.Min(sweep.PanelsAtOnce(end - column) * Panel.Width, end - column);
        PanelColumns columns = new(column, count);
        sweep.TakeSteps(in epilogue, column, count);
        sweep.Multiply(packed[(column * shape.Depth)..], in columns, output, in epilogue);
        return count;
    }
}
