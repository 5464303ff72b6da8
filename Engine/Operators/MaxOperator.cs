using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Reduction;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>The largest value over neighbouring dimensions, and where it is.</summary>
public static class MaxOperator
{
    /// <summary>The largest value; its gradient goes to the first element that has it. NaN is larger than everything.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x.</param>
    /// <param name="axis">The first dimension; negative values count from the end.</param>
    /// <param name="count">How many dimensions.</param>
    /// <param name="keep">Whether they stay, with extent 1. A result without dimensions has shape [1] anyway.</param>
    /// <exception cref="ArgumentException">There are no such dimensions, or nothing to reduce.</exception>
    public static Tensor Max(this Context context, Tensor input, int axis, int count = 1, bool keep = false)
    {
        AxisRange range = new(input.Shape, axis, count);
        Shape shape = range.Reduced(input.Shape, keep);
        Tensor output = context.Workspace.Rent(shape.Rank == 0 ? new Shape(1) : shape);
        Storage<int>? rows = context.Records(input) ? context.Workspace.RentIntegers(output.Count) : null;
        RowChunks chunks = new(range.Outer, range.Length * range.Inner);
        context.Workers.Run(chunks.Count, new ForwardWork(input, range, output, rows, chunks));
        if (rows is not null)
        {
            context.Tape!.Record(new Entry(input, range, rows, output));
        }

        return output;
    }

    /// <summary>The place of the largest value of each row of the last dimension, the first one of equals. Not differentiable.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[…, classes].</param>
    /// <param name="indices">Receives a place for each row.</param>
    /// <exception cref="ArgumentException">There are no classes, or not as many places as rows.</exception>
    public static void ArgMax(this Context context, Tensor input, Span<int> indices)
    {
        ArgumentNullException.ThrowIfNull(context);
        LossCheck.Rows(input, nameof(input));
        int classes = input.Shape[-1];
        if (indices.Length != input.Shape.RowCount)
        {
            throw new ArgumentException($"{indices.Length} places were given for {input.Shape.RowCount} rows.", nameof(indices));
        }

        for (int row = 0; row < indices.Length; row++)
        {
            indices[row] = AxisMaximum.Index(input.Span.Slice(row * classes, classes));
        }
    }

    private readonly struct ForwardWork(Tensor input, AxisRange range, Tensor output, Storage<int>? rows, RowChunks chunks) : IParallelWork
    {
        public void Execute(int part)
        {
            int block = range.Length * range.Inner;
            for (int o = chunks.From(part); o < chunks.To(part); o++)
            {
                Span<int> places = rows is null ? default : rows.Slice(o * range.Inner, range.Inner);
                AxisMaximum.Run(input.Span.Slice(o * block, block), range.Inner, output.Span.Slice(o * range.Inner, range.Inner), places);
            }
        }
    }

    private sealed class Entry(Tensor input, AxisRange range, Storage<int> rows, Tensor output) : TapeEntry(output)
    {
        public override void Backward(Gradients gradients)
        {
            ReadOnlySpan<float> upstream = gradients.Of(output).Span;
            Span<float> target = gradients.Into(input, out bool accumulate).Span;
            if (!accumulate)
            {
                target.Clear();
            }

            ReadOnlySpan<int> places = rows.Slice(0, upstream.Length);
            for (int i = 0; i < upstream.Length; i++)
            {
                int o = i / range.Inner;
                target[(((o * range.Length) + places[i]) * range.Inner) + (i - (o * range.Inner))] += upstream[i];
            }
        }
    }
}
