using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Elementwise;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Multiplies by a mask: the training form of a selection, y = x · m. Where the mask is 0 the result is 0, whatever x is; the mask's own gradient
/// Σ g · x flows wherever it asks for one, so that relaxed decisions learn.
/// </summary>
public static class MaskOperator
{
    /// <summary>x · m.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, such as [N, H, W, C].</param>
    /// <param name="mask">
    /// m: [N] for samples, [N, H, W] for pixels (dimensions that are missing at the end are repeated), or of the input's rank and broadcast, as
    /// [N, 1, 1, C] for channels.
    /// </param>
    /// <exception cref="ArgumentException">The shapes do not meet.</exception>
    public static Tensor MaskMultiply(this Context context, Tensor input, Tensor mask)
    {
        Span<int> extents = stackalloc int[Shape.MaximumRank];
        extents.Fill(1);
        mask.Shape.CopyTo(extents);
        Shape aligned = mask.Shape.Rank < input.Shape.Rank ? new Shape(extents[..input.Shape.Rank]) : mask.Shape;
        if (BroadcastPlan.Broadcast(input.Shape, aligned) != input.Shape)
        {
            throw new ArgumentException($"A mask of shape {mask.Shape} is larger than the tensor {input.Shape} that it masks.", nameof(mask));
        }

        return context.Pair(default(MaskFunction), input, mask.Reshape(aligned));
    }

    /// <summary>Sets the samples that are not selected to zero.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, …].</param>
    /// <param name="samples">One row over N samples.</param>
    /// <exception cref="ArgumentException">The selection does not fit.</exception>
    public static Tensor MaskSamples(this Context context, Tensor input, Selection samples)
    {
        SelectionCheck.Samples(samples, input.Shape);
        return samples.IsAll ? input : context.MaskMultiply(input, context.MaskOf(samples).Reshape(new Shape(samples.Universe)));
    }

    /// <summary>Sets the pixels that are not selected to zero.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, C].</param>
    /// <param name="pixels">A row for each sample over its H · W pixels.</param>
    /// <exception cref="ArgumentException">The selection does not fit.</exception>
    public static Tensor MaskPixels(this Context context, Tensor input, Selection pixels)
    {
        SelectionCheck.Pixels(pixels, input.Shape);
        return pixels.IsAll ? input : context.MaskMultiply(input, context.MaskOf(pixels).Reshape(input.Shape.With(-1, 1)));
    }

    /// <summary>Sets the channels that are not selected to zero.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, …, C].</param>
    /// <param name="channels">One row over C channels, or a row for each of N samples.</param>
    /// <exception cref="ArgumentException">The selection does not fit.</exception>
    public static Tensor MaskChannels(this Context context, Tensor input, Selection channels)
    {
        SelectionCheck.Channels(channels, input.Shape, allowPerSample: true);
        if (channels.IsAll)
        {
            return input;
        }

        Span<int> extents = stackalloc int[Shape.MaximumRank];
        extents.Fill(1);
        extents[0] = channels.Rows;
        extents[input.Shape.Rank - 1] = input.Shape.Rank == 1 ? channels.Universe * channels.Rows : channels.Universe;
        return context.MaskMultiply(input, context.MaskOf(channels).Reshape(new Shape(extents[..input.Shape.Rank])));
    }

    /// <summary>A selection as numbers: 1 where selected, 0 elsewhere.</summary>
    /// <param name="context">The context.</param>
    /// <param name="selection">The selection.</param>
    /// <returns>[rows, universe]; no gradient flows into it.</returns>
    public static Tensor MaskOf(this Context context, Selection selection)
    {
        Tensor mask = context.Workspace.Rent(new Shape(selection.Rows, selection.Universe));
        Span<float> values = mask.Span;
        if (selection.IsAll)
        {
            values.Fill(1f);
            return mask;
        }

        values.Clear();
        for (int row = 0; row < selection.Rows; row++)
        {
            Span<float> part = values.Slice(row * selection.Universe, selection.Universe);
            foreach (int index in selection.Row(row))
            {
                part[index] = 1f;
            }
        }

        return mask;
    }
}
