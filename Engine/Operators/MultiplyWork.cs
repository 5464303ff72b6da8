using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.MatrixMultiply;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>One or several matrix products of the same shape, cut into parts by matrix and rows or panels; no cut changes a bit.</summary>
internal struct MultiplyWork : IParallelWork
{
    private const long MacsPerPart = 1L << 16;
    private const int PartsPerThread = 4;
    private const int RowsPerPart = 48;

    private MultiplyShape _shape;
    private Tensor _left;
    private Tensor _right;
    private Tensor _output;
    private Tensor _scratch;
    private bool _accumulates;
    private int _scratchLength;
    private int _parts;
    private bool _splitsPanels;

    /// <summary>Runs the products on the context's threads.</summary>
    /// <param name="context">The context.</param>
    /// <param name="shape">The shape of each; no strides.</param>
    /// <param name="count">How many; their matrices lie one after another.</param>
    /// <param name="left">The left matrices.</param>
    /// <param name="right">The right matrices.</param>
    /// <param name="output">The products.</param>
    /// <param name="accumulate">Whether to add to what is there.</param>
    public static void Run(Context context, in MultiplyShape shape, int count, Tensor left, Tensor right, Tensor output, bool accumulate)
    {
        MultiplyWork work = default;
        work._shape = shape;
        work._left = left;
        work._right = right;
        work._output = output;
        work._accumulates = accumulate;
        work._scratchLength = PlainMultiply.ScratchLength(in shape);
        work._parts = 1;
        if (context.Workers.Threads > 1 && count > 0)
        {
            int wanted = (int)Math.Clamp(shape.Macs / MacsPerPart, 1, context.Workers.Threads * PartsPerThread);
            work._parts = Math.Clamp(context.Workers.Threads * PartsPerThread / count, 1, wanted);
            work._splitsPanels = shape.Rows / work._parts < RowsPerPart;
            int most = work._splitsPanels ? Panel.Count(shape.Columns) : shape.Rows;
            work._parts = Math.Clamp(work._parts, 1, Math.Max(1, most));
        }

        work._scratch = context.Workspace.Rent(new Shape(count * work._parts, work._scratchLength));
        context.Workers.Run(count * work._parts, in work);
        context.Workspace.Recycle(work._scratch.Storage);
    }

    /// <inheritdoc/>
    public readonly void Execute(int part)
    {
        int matrix = part / _parts;
        int piece = part % _parts;
        int items = _splitsPanels ? Panel.Count(_shape.Columns) : _shape.Rows;
        Range range = new((int)((long)items * piece / _parts), (int)((long)items * (piece + 1) / _parts));
        Span<float> output = Slice(_output, matrix, _shape.Rows * _shape.Columns);
        Epilogue epilogue = new() { Residual = _accumulates ? output : default };
        PlainMultiply.Multiply(
            in _shape, Slice(_left, matrix, _shape.Rows * _shape.Depth), Slice(_right, matrix, _shape.Depth * _shape.Columns), output,
            in epilogue, Slice(_scratch, part, _scratchLength), _splitsPanels ? Range.All : range, _splitsPanels ? range : Range.All);
    }

    private static Span<float> Slice(Tensor tensor, int index, int length) => tensor.Span.Slice(index * length, length);
}
