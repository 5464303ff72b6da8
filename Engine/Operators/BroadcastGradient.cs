using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Reduction;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Sums a gradient over the dimensions along which an operand was repeated.</summary>
internal static class BroadcastGradient
{
    /// <summary>target = (or +=) the sum of source over the dimensions in which target has extent 1 or none.</summary>
    /// <param name="context">The context.</param>
    /// <param name="source">The gradient in full.</param>
    /// <param name="target">A shape that broadcasts to the source's.</param>
    /// <param name="accumulate">Whether to add to what is there.</param>
    public static void Sum(Context context, Tensor source, Tensor target, bool accumulate)
    {
        // Neighbouring dimensions that are all summed, or all kept, are taken as one; the innermost stands first.
        Span<int> extents = stackalloc int[Shape.MaximumRank + 1];
        Span<bool> summed = stackalloc bool[Shape.MaximumRank + 1];
        int groups = 0;
        for (int i = 1; i <= source.Shape.Rank; i++)
        {
            int extent = source.Shape[-i];
            if (extent == 1)
            {
                continue;
            }

            bool isSummed = i > target.Shape.Rank || target.Shape[-i] == 1;
            if (groups > 0 && summed[groups - 1] == isSummed)
            {
                extents[groups - 1] *= extent;
                continue;
            }

            extents[groups] = extent;
            summed[groups++] = isSummed;
        }

        Tensor current = source;
        int inner = 1;
        for (int group = 0; group < groups; group++)
        {
            if (!summed[group])
            {
                inner *= extents[group];
                continue;
            }

            bool isLast = true;
            int outer = 1;
            for (int rest = group + 1; rest < groups; rest++)
            {
                outer *= extents[rest];
                isLast &= !summed[rest];
            }

            Tensor sums = isLast ? target.Reshape(new Shape(outer, inner)) : context.Workspace.Rent(new Shape(outer, inner));
            Step(context, current, new Shape(outer, extents[group], inner), sums, isLast && accumulate);
            if (current.Storage != source.Storage)
            {
                context.Workspace.Recycle(current.Storage);
            }

            current = sums;
        }
    }

    private static void Step(Context context, Tensor source, Shape view, Tensor sums, bool accumulate)
    {
        int outer = view[0];
        int chunks = BroadcastSum.Chunks(view[1], view[2]);
        int partLength = chunks == 1 ? view[2] : BroadcastSum.PartLength(view[2]);
        bool isDirect = chunks == 1 && !accumulate;
        Tensor parts = isDirect ? sums.Reshape(new Shape(outer, 1, partLength)) : context.Workspace.Rent(new Shape(outer, chunks, partLength));
        int unitsPerPart = Math.Max(1, ElementParts.Length / Math.Max(1, view[1] * view[2] / chunks));
        int units = outer * chunks;
        context.Workers.Run((units + unitsPerPart - 1) / unitsPerPart, new Work(source, view, parts, unitsPerPart));
        if (isDirect)
        {
            return;
        }

        for (int o = 0; o < outer; o++)
        {
            Span<float> part = parts.Span.Slice(o * chunks * partLength, chunks * partLength);
            FixedTree.Sum(part, chunks, partLength, 0, view[2]);
            Span<float> target = sums.Span.Slice(o * view[2], view[2]);
            if (accumulate)
            {
                for (int i = 0; i < target.Length; i++)
                {
                    target[i] += part[i];
                }
            }
            else
            {
                part[..target.Length].CopyTo(target);
            }
        }

        context.Workspace.Recycle(parts.Storage);
    }

    private readonly struct Work(Tensor source, Shape view, Tensor parts, int unitsPerPart) : IParallelWork
    {
        public void Execute(int part)
        {
            int chunks = parts.Shape[1];
            int partLength = parts.Shape[2];
            int last = Math.Min(view[0] * chunks, (part + 1) * unitsPerPart);
            int middle = view[1];
            int inner = view[2];
            for (int unit = part * unitsPerPart; unit < last; unit++)
            {
                ReadOnlySpan<float> values = source.Span.Slice(unit / chunks * middle * inner, middle * inner);
                BroadcastSum.Sum(values, middle, inner, unit % chunks, parts.Span.Slice(unit * partLength, inner));
            }
        }
    }
}
