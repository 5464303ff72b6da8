using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Two-dimensional transposed convolution, also of selected output pixels only.</summary>
public static class ConvolutionTranspose2d
{
    /// <summary>
    /// y[n, q, o] = bias[o] + Σ over taps t and input channels i of x[n, p, i] · w[i, o, t], over the input pixels p whose tap t falls on output
    /// pixel q = p · stride − padding + t · dilation; differentiable in input, weight and bias.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, inHeight, inWidth, inChannels].</param>
    /// <param name="weight">w, [inChannels, outChannels / groups, kernelHeight, kernelWidth].</param>
    /// <param name="bias">[outChannels]; no tensor: none.</param>
    /// <param name="geometry">
    /// As <see cref="ConvolutionGeometry.Transposed"/> makes it: the convolution whose input gradient this is, so its output is this x.
    /// </param>
    /// <param name="pixels">The output pixels to compute, one row a sample; others are 0, and no gradient flows from there. Default: all.</param>
    /// <param name="compact">Whether the result has a row for each selected pixel only.</param>
    /// <param name="packed">The weight in packed form, if the caller has it.</param>
    /// <returns>[N, outHeight, outWidth, outChannels], or [selected pixels, outChannels].</returns>
    /// <exception cref="ArgumentException">Shapes do not fit each other.</exception>
    public static Tensor ConvTranspose2d(
        this Context context, Tensor input, Tensor weight, Tensor bias, in ConvolutionGeometry geometry, Selection pixels = default,
        bool compact = false, PackedTransposedWeight? packed = null)
    {
        int batch = Check(input, weight, bias, in geometry, pixels);
        packed?.CheckFits(in geometry);
        context.ThrowIfCancelled();
        compact = compact && !pixels.IsAll;
        Shape shape = compact
            ? new Shape(pixels.Count, geometry.InChannels)
            : new Shape(batch, geometry.InHeight, geometry.InWidth, geometry.InChannels);
        Tensor output = pixels.IsAll || compact ? context.Workspace.Rent(shape) : context.Workspace.RentZeros(shape);
        FusedSteps steps = new() { Shift = bias };
        using (context.Workspace.Enter())
        {
            Tensor panels;
            if (packed is not null)
            {
                panels = packed.Panels;
            }
            else
            {
                panels = context.Workspace.Rent(new Shape(PackedTransposedWeight.Length(in geometry)));
                PackedTransposedWeight.Pack(in geometry, weight.Span, panels.Span);
            }

            if (geometry.IsDepthwise)
            {
                DepthwiseWork.Transposed(context, in geometry, batch, input, panels, output, pixels, compact, in steps);
            }
            else
            {
                InputGradientWork.RunTransposed(context, in geometry, batch, input, panels, output, pixels, compact, in steps);
            }
        }

        Count(context, in geometry, batch, pixels);
        if (context.Records(input) || context.Records(weight) || context.Records(bias))
        {
            context.Tape!.Record(new ConvolutionTranspose2dEntry(context, input, weight, bias, output, in geometry, batch, pixels, compact));
        }

        return output;
    }

    // The dense cost is that of every tap of every input pixel; a selection takes its share of the output pixels.
    private static void Count(Context context, in ConvolutionGeometry geometry, int batch, Selection pixels)
    {
        for (int sample = 0; context.Meter is not null && sample < batch; sample++)
        {
            int active = pixels.IsAll ? geometry.InPixels : pixels.RowCount(sample);
            Int128 macs = (Int128)geometry.MacsPerSample * active / geometry.InPixels;
            context.CountRow(sample, (long)macs, geometry.MacsPerSample);
        }
    }

    private static int Check(Tensor input, Tensor weight, Tensor bias, in ConvolutionGeometry geometry, Selection pixels)
    {
        int batch = input.Shape.Rank == 4 ? input.Shape[0] : -1;
        if (batch < 0 || input.Shape != new Shape(batch, geometry.OutHeight, geometry.OutWidth, geometry.OutChannels))
        {
            throw new ArgumentException(
                $"The input has shape {input.Shape}; expected [N, {geometry.OutHeight}, {geometry.OutWidth}, {geometry.OutChannels}].", nameof(input));
        }

        Shape weights = new(geometry.OutChannels, geometry.InChannelsPerGroup, geometry.KernelHeight, geometry.KernelWidth);
        if (weight.Shape != weights)
        {
            throw new ArgumentException($"The weight has shape {weight.Shape}; expected {weights}.", nameof(weight));
        }

        if (bias.Exists && bias.Shape != new Shape(geometry.InChannels))
        {
            throw new ArgumentException($"The bias has shape {bias.Shape}; expected [{geometry.InChannels}].", nameof(bias));
        }

        if (pixels.Exists && (pixels.Rows != batch || pixels.Universe != geometry.InPixels))
        {
            throw new ArgumentException(
                $"The selection of output pixels has {pixels.Rows} rows of {pixels.Universe}; expected {batch} of {geometry.InPixels}.", nameof(pixels));
        }

        return batch;
    }
}
