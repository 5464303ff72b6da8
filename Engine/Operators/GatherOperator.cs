using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Takes selected samples or pixels side by side: compact[i] = x[the i-th selected]. The gradient goes back to where each came from.</summary>
public static class GatherOperator
{
    /// <summary>The selected samples of a batch.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, …].</param>
    /// <param name="samples">One row over N samples.</param>
    /// <returns>[selected, …]; the input itself when all are selected.</returns>
    /// <exception cref="ArgumentException">The selection is not one row over N.</exception>
    public static Tensor GatherSamples(this Context context, Tensor input, Selection samples)
    {
        SelectionCheck.Samples(samples, input.Shape);
        return samples.IsAll ? input : Gather(context, input, samples, input.Shape.With(0, samples.Count));
    }

    /// <summary>The selected pixels of images, one sample's after the other's.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, C].</param>
    /// <param name="pixels">A row for each sample over its H · W pixels.</param>
    /// <returns>[selected in all, C]; the input itself in this shape when all are selected.</returns>
    /// <exception cref="ArgumentException">The selection is not N rows over H · W.</exception>
    public static Tensor GatherPixels(this Context context, Tensor input, Selection pixels)
    {
        SelectionCheck.Pixels(pixels, input.Shape);
        int channels = input.Shape[3];
        return pixels.IsAll
            ? input.Reshape(new Shape(input.Shape.RowCount, channels))
            : Gather(context, input, pixels, new Shape(pixels.Count, channels));
    }

    private static Tensor Gather(Context context, Tensor input, Selection selection, Shape shape)
    {
        Tensor output = context.Workspace.Rent(shape);
        SelectedRows.Gather(context, input, selection, output, add: false);
        if (context.Records(input))
        {
            context.Tape!.Record(new Entry(context, input, selection, output));
        }

        return output;
    }

    private sealed class Entry(Context context, Tensor input, Selection selection, Tensor output) : TapeEntry(output)
    {
        public override void Backward(Gradients gradients)
        {
            Tensor gradient = gradients.Of(output);
            Tensor target = gradients.Into(input, out bool accumulate);
            if (!accumulate)
            {
                SelectedRows.FillOthers(context, default, selection, target, add: false);
            }

            SelectedRows.Scatter(context, gradient, selection, target, accumulate);
        }
    }
}
