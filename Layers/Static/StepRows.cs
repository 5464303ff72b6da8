using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>The samples that take part in a step of a batch of sequences of unequal lengths, and the moves of their rows.</summary>
internal static class StepRows
{
    /// <summary>Refuses steps that are not those of this batch.</summary>
    public static void Check(Selection steps, Shape input)
    {
        if (!steps.IsAll && (steps.Rows != input[0] || steps.Universe != input[1]))
        {
            throw new ArgumentException($"The steps are {steps}; expected {input[0]} rows of {input[1]}.", nameof(steps));
        }
    }

    /// <summary>The samples that have a step, one row over N; everything when all have it.</summary>
    public static Selection At(Context context, Selection steps, int samples, int time)
    {
        if (steps.IsAll)
        {
            return Selection.All(1, samples);
        }

        Tensor mask = MaskAt(context, steps, samples, time);
        Selection rows = context.Workspace.SelectAtLeast(1, samples, mask.Span, 0.5f);
        return rows.Count == samples ? Selection.All(1, samples) : rows;
    }

    /// <summary>1 for samples that have a step, else 0, [N].</summary>
    public static Tensor MaskAt(Context context, Selection steps, int samples, int time)
    {
        Tensor mask = context.Workspace.RentZeros(new Shape(samples));
        for (int n = 0; n < samples; n++)
        {
            mask.Span[n] = steps.IsAll || steps.Row(n).BinarySearch(time) >= 0 ? 1 : 0;
        }

        return mask;
    }

    /// <summary>One step of a sequence, [N, T, C] as [N, C].</summary>
    public static Tensor Of(Context context, Tensor sequence, int time) =>
        context.Slice(sequence, 1, time, 1).Reshape(new Shape(sequence.Shape[0], sequence.Shape[2]));

    /// <summary>Writes rows to their samples' places, in place; nothing is recorded.</summary>
    /// <param name="from">[selected, width or more]: the first elements of each row are taken.</param>
    /// <param name="rows">One row over the samples.</param>
    /// <param name="to">[N, …].</param>
    /// <param name="start">Where in a sample they go.</param>
    /// <param name="width">Elements taken.</param>
    public static void Put(Tensor from, Selection rows, Tensor to, int start, int width)
    {
        int length = to.Shape.ProductFrom(1);
        int stride = from.Shape[1];
        for (int i = 0; i < from.Shape[0]; i++)
        {
            int sample = rows.IsAll ? i : rows.Indices[i];
            from.Span.Slice(i * stride, width).CopyTo(to.Span.Slice((sample * length) + start, width));
        }
    }

    /// <summary>Counts what samples that sit a step out would have cost the dense network.</summary>
    public static void CountOthers(Context context, Selection rows, int samples, long macs)
    {
        if (context.Meter is null || rows.IsAll)
        {
            return;
        }

        int next = 0;
        for (int n = 0; n < samples; n++)
        {
            if (next < rows.Count && rows.Indices[next] == n)
            {
                next++;
            }
            else
            {
                context.CountRow(n, 0, macs);
            }
        }
    }

    /// <summary>A table [N, width] of its own, which may be written in place.</summary>
    public static Tensor Copy(Context context, Tensor initial, Shape shape)
    {
        if (initial.Exists && initial.Shape != shape)
        {
            throw new ArgumentException($"The state before the first step has shape {initial.Shape}; expected {shape}.", nameof(initial));
        }

        return initial.Exists ? context.Workspace.RentCopy(shape, initial.Span) : context.Workspace.RentZeros(shape);
    }
}
