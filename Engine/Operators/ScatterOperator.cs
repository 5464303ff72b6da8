using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Puts selected samples or pixels back into their places: y[the i-th selected] = compact[i], and elsewhere a background, or zero. In the adding
/// form y = background, plus compact[i] where selected.
/// </summary>
public static class ScatterOperator
{
    /// <summary>Samples back into a whole batch.</summary>
    /// <param name="context">The context.</param>
    /// <param name="compact">[selected, …].</param>
    /// <param name="samples">One row over N samples.</param>
    /// <param name="background">[N, …]: what the other samples are, such as the input of a skipped layer; none: zero.</param>
    /// <returns>[N, …]; the compact tensor itself when all are selected.</returns>
    /// <exception cref="ArgumentException">The shapes and the selection do not fit.</exception>
    public static Tensor ScatterSamples(this Context context, Tensor compact, Selection samples, Tensor background = default)
    {
        Shape shape = FullShape(compact, samples);
        return samples.IsAll ? compact : Scatter(context, compact, samples, background, shape, add: false);
    }

    /// <summary>A batch, plus the compact rows at the selected samples.</summary>
    /// <param name="context">The context.</param>
    /// <param name="compact">[selected, …].</param>
    /// <param name="samples">One row over N samples.</param>
    /// <param name="background">[N, …].</param>
    /// <returns>[N, …].</returns>
    /// <exception cref="ArgumentException">The shapes and the selection do not fit.</exception>
    public static Tensor ScatterAddSamples(this Context context, Tensor compact, Selection samples, Tensor background)
    {
        Shape shape = FullShape(compact, samples);
        CheckBackground(background, shape);
        return samples.IsAll ? context.Add(background, compact) : Scatter(context, compact, samples, background, shape, add: true);
    }

    /// <summary>Pixels back into whole images.</summary>
    /// <param name="context">The context.</param>
    /// <param name="compact">[selected in all, C], one sample's after the other's.</param>
    /// <param name="pixels">A row for each sample over its H · W pixels.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="background">[N, H, W, C]: what the other pixels are; none: zero.</param>
    /// <returns>[N, H, W, C].</returns>
    /// <exception cref="ArgumentException">The shapes and the selection do not fit.</exception>
    public static Tensor ScatterPixels(this Context context, Tensor compact, Selection pixels, int height, int width, Tensor background = default)
    {
        Shape shape = ImageShape(compact, pixels, height, width);
        return pixels.IsAll ? compact.Reshape(shape) : Scatter(context, compact, pixels, background, shape, add: false);
    }

    /// <summary>Images, plus the compact rows at the selected pixels.</summary>
    /// <param name="context">The context.</param>
    /// <param name="compact">[selected in all, C], one sample's after the other's.</param>
    /// <param name="pixels">A row for each sample over its H · W pixels.</param>
    /// <param name="background">[N, H, W, C].</param>
    /// <returns>[N, H, W, C].</returns>
    /// <exception cref="ArgumentException">The shapes and the selection do not fit.</exception>
    public static Tensor ScatterAddPixels(this Context context, Tensor compact, Selection pixels, Tensor background)
    {
        if (background.Shape.Rank != 4)
        {
            throw new ArgumentException($"The background has shape {background.Shape}; expected images [N, H, W, C].", nameof(background));
        }

        Shape shape = ImageShape(compact, pixels, background.Shape[1], background.Shape[2]);
        CheckBackground(background, shape);
        return pixels.IsAll ? context.Add(background, compact.Reshape(shape)) : Scatter(context, compact, pixels, background, shape, add: true);
    }

    private static Shape FullShape(Tensor compact, Selection samples)
    {
        if (compact.Shape.Rank == 0 || (samples.Exists && (samples.Rows != 1 || samples.Count != compact.Shape[0])))
        {
            throw new ArgumentException($"Rows of shape {compact.Shape} do not fit the selected samples, {samples}; expected one row of the selection and a tensor row for each.", nameof(compact));
        }

        return samples.Exists ? compact.Shape.With(0, samples.Universe) : compact.Shape;
    }

    private static Shape ImageShape(Tensor compact, Selection pixels, int height, int width)
    {
        if (!pixels.Exists)
        {
            throw new ArgumentException("No selection of pixels was given; expected a row for each sample.", nameof(pixels));
        }

        if (compact.Shape.Rank != 2 || compact.Shape[0] != pixels.Count || pixels.Universe != (long)height * width)
        {
            throw new ArgumentException($"Rows of shape {compact.Shape} do not fit {pixels} pixels of {height} x {width} maps; expected [{pixels.Count}, C].", nameof(compact));
        }

        return new Shape(pixels.Rows, height, width, compact.Shape[1]);
    }

    private static void CheckBackground(Tensor background, Shape shape)
    {
        if (background.Shape != shape)
        {
            throw new ArgumentException($"The background has shape {background.Shape}; expected {shape}.", nameof(background));
        }
    }

    private static Tensor Scatter(Context context, Tensor compact, Selection selection, Tensor background, Shape shape, bool add)
    {
        if (background.Exists)
        {
            CheckBackground(background, shape);
        }

        Tensor output = context.Workspace.Rent(shape);
        if (add)
        {
            background.Span.CopyTo(output.Span);
        }
        else
        {
            SelectedRows.FillOthers(context, background, selection, output, add: false);
        }

        SelectedRows.Scatter(context, compact, selection, output, add);
        if (context.Records(compact) || context.Records(background))
        {
            context.Tape!.Record(new Entry(context, compact, selection, background, output, add));
        }

        return output;
    }

    private sealed class Entry(Context context, Tensor compact, Selection selection, Tensor background, Tensor output, bool add) : TapeEntry(output)
    {
        public override void Backward(Gradients gradients)
        {
            Tensor gradient = gradients.Of(output);
            if (Gradients.Flows(compact))
            {
                Tensor target = gradients.Into(compact, out bool accumulate);
                SelectedRows.Gather(context, gradient, selection, target, accumulate);
            }

            if (!Gradients.Flows(background))
            {
                return;
            }

            Tensor rest = gradients.Into(background, out bool adds);
            if (!adds)
            {
                // The selected places get nothing, unless the background shows through there.
                rest.Span.Clear();
            }

            SelectedRows.FillOthers(context, gradient, selection, rest, add: true);
            if (add)
            {
                AddSelected(gradient, rest);
            }
        }

        private void AddSelected(Tensor gradient, Tensor target)
        {
            Tensor selected = context.Workspace.Rent(compact.Shape);
            SelectedRows.Gather(context, gradient, selection, selected, add: false);
            SelectedRows.Scatter(context, selected, selection, target, add: true);
            context.Workspace.Recycle(selected.Storage);
        }
    }
}
