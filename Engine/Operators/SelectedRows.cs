using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Gathering;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Moves rows between an array that has all rows of a universe and one that holds only those selected, side by side. Samples of a batch are one
/// row of a selection; pixels are a row of it for each sample.
/// </summary>
internal static class SelectedRows
{
    /// <summary>compact[i] = (or +=) full[the i-th selected].</summary>
    public static void Gather(Context context, Tensor full, Selection selection, Tensor compact, bool add) =>
        Run(context, full, selection, compact, add, scatter: false);

    /// <summary>full[the i-th selected] = (or +=) compact[i]; other rows stay as they are.</summary>
    public static void Scatter(Context context, Tensor compact, Selection selection, Tensor full, bool add) =>
        Run(context, full, selection, compact, add, scatter: true);

    /// <summary>Sets the rows of full that are not selected to those of the source, or to zero if there is none; or adds.</summary>
    public static void FillOthers(Context context, Tensor source, Selection selection, Tensor full, bool add) =>
        context.Workers.Run(selection.Rows, new OthersWork(source, selection, full, add));

    private static void Run(Context context, Tensor full, Selection selection, Tensor compact, bool add, bool scatter)
    {
        if (compact.Count == 0)
        {
            return;
        }

        int width = compact.Count / selection.Count;
        int perPart = Math.Max(1, ElementParts.Length / width);
        context.Workers.Run((selection.Count + perPart - 1) / perPart, new MoveWork(full, selection, compact, add, scatter, perPart));
    }

    private readonly struct MoveWork(Tensor full, Selection selection, Tensor compact, bool add, bool scatter, int perPart) : IParallelWork
    {
        public void Execute(int part)
        {
            ReadOnlySpan<int> offsets = selection.Offsets;
            int width = compact.Count / selection.Count;
            int rowElements = selection.Universe * width;
            int position = part * perPart;
            int last = Math.Min(selection.Count, position + perPart);

            // The row that the first position belongs to: the last one that starts at or before it and is not empty there.
            int row = offsets.BinarySearch(position);
            row = row < 0 ? ~row - 1 : row;
            while (position < last)
            {
                while (offsets[row + 1] <= position)
                {
                    row++;
                }

                int count = Math.Min(last, offsets[row + 1]) - position;
                ReadOnlySpan<int> indices = selection.Indices.Slice(position, count);
                Span<float> place = full.Span.Slice(row * rowElements, rowElements);
                Span<float> side = compact.Span.Slice(position * width, count * width);
                if (scatter)
                {
                    RowMove.Scatter(side, width, indices, place, add);
                }
                else
                {
                    RowMove.Gather(place, width, indices, side, add);
                }

                position += count;
            }
        }
    }

    private readonly struct OthersWork(Tensor source, Selection selection, Tensor full, bool add) : IParallelWork
    {
        public void Execute(int part)
        {
            int rowElements = full.Count / selection.Rows;
            int width = selection.Universe == 0 ? 0 : rowElements / selection.Universe;
            Span<float> target = full.Span.Slice(part * rowElements, rowElements);
            if (source.Exists)
            {
                RowMove.MoveOthers(source.Span.Slice(part * rowElements, rowElements), width, selection.Row(part), target, add);
            }
            else
            {
                RowMove.ClearOthers(width, selection.Row(part), target);
            }
        }
    }
}
