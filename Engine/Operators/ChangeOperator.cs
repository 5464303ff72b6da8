using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Gathering;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Keeps maps from one frame to the next and tells which pixels changed: what is computed anew follows from them. For inference; nothing is recorded.
/// </summary>
public static class ChangeOperator
{
    /// <summary>Takes over the pixels of whole maps that differ from the kept ones.</summary>
    /// <param name="context">The context.</param>
    /// <param name="kept">[N, H, W, C]: what the maps were; changed pixels are overwritten.</param>
    /// <param name="current">[N, H, W, C]: what they are.</param>
    /// <param name="threshold">0: pixels with other bits; else those of which an element differs by more.</param>
    /// <returns>The changed pixels, a row for each sample over H · W.</returns>
    /// <exception cref="ArgumentException">The shapes differ or are no maps, or the threshold is negative.</exception>
    public static Selection TakeChanges(this Context context, Tensor kept, Tensor current, float threshold)
    {
        ArgumentNullException.ThrowIfNull(context);
        CheckMaps(kept);
        if (current.Shape != kept.Shape)
        {
            throw new ArgumentException($"The maps have shape {current.Shape}; expected that of the kept ones, {kept.Shape}.", nameof(current));
        }

        Shape shape = kept.Shape;
        int pixels = shape[1] * shape[2];
        Storage<int> storage = context.Workspace.RentIntegers(shape[0] + 1 + (shape[0] * pixels));
        Span<int> offsets = storage.Slice(0, shape[0] + 1);
        Span<int> list = storage.Slice(shape[0] + 1, shape[0] * pixels);
        offsets[0] = 0;
        for (int sample = 0; sample < shape[0]; sample++)
        {
            int count = ChangedRows.Update(current.Rows(sample, 1).Span, shape[3], threshold, kept.Rows(sample, 1).Span, list[offsets[sample]..]);
            offsets[sample + 1] = offsets[sample] + count;
        }

        return Selection.Wrap(storage, shape[0], pixels, offsets[^1]);
    }

    /// <summary>Takes over those of some computed pixels that differ from the kept maps.</summary>
    /// <param name="context">The context.</param>
    /// <param name="kept">[N, H, W, C]: what the maps were; changed pixels are overwritten.</param>
    /// <param name="compact">[selected in all, C]: what the selected pixels are.</param>
    /// <param name="pixels">A row for each sample over H · W.</param>
    /// <param name="threshold">0: pixels with other bits; else those of which an element differs by more.</param>
    /// <returns>The changed ones among the selected pixels.</returns>
    /// <exception cref="ArgumentException">The shapes and the selection do not fit, or the threshold is negative.</exception>
    public static Selection TakeChanges(this Context context, Tensor kept, Tensor compact, Selection pixels, float threshold)
    {
        ArgumentNullException.ThrowIfNull(context);
        CheckMaps(kept);
        SelectionCheck.Pixels(pixels, kept.Shape);
        if (pixels.IsAll)
        {
            return context.TakeChanges(kept, compact.Reshape(kept.Shape), threshold);
        }

        Shape shape = kept.Shape;
        if (compact.Shape != new Shape(pixels.Count, shape[3]))
        {
            throw new ArgumentException($"The pixels have shape {compact.Shape}; expected [{pixels.Count}, {shape[3]}].", nameof(compact));
        }

        Storage<int> storage = context.Workspace.RentIntegers(shape[0] + 1 + pixels.Count);
        Span<int> offsets = storage.Slice(0, shape[0] + 1);
        Span<int> list = storage.Slice(shape[0] + 1, pixels.Count);
        ReadOnlySpan<int> from = pixels.Offsets;
        offsets[0] = 0;
        for (int sample = 0; sample < shape[0]; sample++)
        {
            ReadOnlySpan<float> rows = compact.Span[(from[sample] * shape[3])..(from[sample + 1] * shape[3])];
            int count = ChangedRows.Update(rows, shape[3], pixels.Row(sample), threshold, kept.Rows(sample, 1).Span, list[offsets[sample]..]);
            offsets[sample + 1] = offsets[sample] + count;
        }

        return Selection.Wrap(storage, shape[0], pixels.Universe, offsets[^1]);
    }

    private static void CheckMaps(Tensor kept)
    {
        if (kept.Shape.Rank != 4 || kept.Shape[3] == 0)
        {
            throw new ArgumentException($"The kept maps have shape {kept.Shape}; expected [N, H, W, C].", nameof(kept));
        }
    }
}
