using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Two-dimensional convolution, also of selected pixels and channels only.</summary>
public static class Convolution2d
{
    /// <summary>
    /// y[n, p, o] = bias[o] + Σ over taps t and input channels c of x[n, pixel(p, t), c] · w[o, c, t]; differentiable in input, weight and bias.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, InHeight, InWidth, InChannels].</param>
    /// <param name="weight">w, [OutChannels, InChannels / Groups, KernelHeight, KernelWidth].</param>
    /// <param name="bias">[OutChannels]; no tensor: none.</param>
    /// <param name="geometry">Strides, padding and the rest; its maps have the input's size.</param>
    /// <param name="selection">What is computed. Where an output of full width is not computed it is 0, and no gradient flows from there.</param>
    /// <param name="packed">The weight in packed form, if the caller has it.</param>
    /// <returns>[N, OutHeight, OutWidth, OutChannels]; with compact pixels [selected pixels, OutChannels]; with compact channels fewer channels.</returns>
    /// <exception cref="ArgumentException">Shapes do not fit each other.</exception>
    public static Tensor Conv2d(
        this Context context, Tensor input, Tensor weight, Tensor bias, in ConvolutionGeometry geometry,
        in Conv2dSelection selection = default, PackedWeight? packed = null)
    {
        CheckWeight(weight, in geometry);
        FusedSteps steps = new() { Shift = bias };
        int batch = CheckInput(input, in geometry, in selection);
        Tensor output = Forward(context, input, weight, packed, in geometry, batch, in selection, in steps);
        if (context.Records(input) || context.Records(weight) || context.Records(bias))
        {
            context.Tape!.Record(new Convolution2dEntry(context, input, weight, bias, output, in geometry, batch, in selection));
        }

        return output;
    }

    /// <summary>
    /// y = activation(conv(x, w) · scale + shift + residual), for inference: nothing is recorded. The bits are those of the same steps one
    /// after another.
    /// </summary>
    /// <param name="context">The context; it has no tape.</param>
    /// <param name="input">x, [N, InHeight, InWidth, InChannels].</param>
    /// <param name="packed">The weight.</param>
    /// <param name="geometry">Strides, padding and the rest; its maps have the input's size.</param>
    /// <param name="steps">What is done to the sums.</param>
    /// <param name="selection">What is computed; where an output of full width is not computed it is 0.</param>
    /// <returns>As <see cref="Conv2d"/>.</returns>
    /// <exception cref="ArgumentException">Shapes do not fit each other.</exception>
    /// <exception cref="InvalidOperationException">A tape records and a gradient would be lost.</exception>
    public static Tensor Conv2dFused(
        this Context context, Tensor input, PackedWeight packed, in ConvolutionGeometry geometry, in FusedSteps steps,
        in Conv2dSelection selection = default)
    {
        ArgumentNullException.ThrowIfNull(packed);
        if (context.Records(input) || context.Records(steps.Scale) || context.Records(steps.Shift) || context.Records(steps.Residual))
        {
            throw new InvalidOperationException("A fused convolution records nothing on the tape, but one of its operands requires a gradient; use Conv2d.");
        }

        int batch = CheckInput(input, in geometry, in selection);
        return Forward(context, input, default, packed, in geometry, batch, in selection, in steps);
    }

    /// <summary>
    /// As <see cref="Conv2dFused"/>, but writes what is selected into a map that is there and leaves the rest of it as it is: a residual branch adds
    /// to the map that it starts from, and pixels that are not selected cost nothing, not even a copy.
    /// </summary>
    /// <param name="context">The context; it has no tape.</param>
    /// <param name="output">[N, OutHeight, OutWidth, OutChannels]; it may be the residual of <paramref name="steps"/>, but not the input.</param>
    /// <param name="input">x, [N, InHeight, InWidth, InChannels].</param>
    /// <param name="packed">The weight.</param>
    /// <param name="geometry">Strides, padding and the rest; its maps have the input's size.</param>
    /// <param name="steps">What is done to the sums.</param>
    /// <param name="selection">What is computed; outputs are of full width.</param>
    /// <exception cref="ArgumentException">Shapes do not fit each other, or an output is compact; nothing has been written.</exception>
    /// <exception cref="InvalidOperationException">A tape records and a gradient would be lost.</exception>
    public static void Conv2dFusedInto(
        this Context context, Tensor output, Tensor input, PackedWeight packed, in ConvolutionGeometry geometry, in FusedSteps steps,
        in Conv2dSelection selection = default)
    {
        ArgumentNullException.ThrowIfNull(packed);
        if (context.Records(input) || context.Records(output) || context.Records(steps.Scale) || context.Records(steps.Shift) || context.Records(steps.Residual))
        {
            throw new InvalidOperationException("A fused convolution records nothing on the tape, but one of its operands requires a gradient; use Conv2d.");
        }

        int batch = CheckInput(input, in geometry, in selection);
        Shape shape = new(batch, geometry.OutHeight, geometry.OutWidth, geometry.OutChannels);
        if (output.Shape != shape || selection.CompactPixels || selection.CompactOutChannels || output.SharesMemoryWith(input))
        {
            throw new ArgumentException(
                $"The output to write into has shape {output.Shape}; expected {shape}, other memory than the input's, and no compact outputs.", nameof(output));
        }

        Forward(context, input, default, packed, in geometry, batch, in selection, in steps, output);
    }

    /// <summary>A convolution of everything with weights that the caller has packed into memory of the workspace, for several calls.</summary>
    internal static Tensor WithPanels(Context context, Tensor input, Tensor weight, Tensor bias, in ConvolutionGeometry geometry, Tensor panels)
    {
        CheckWeight(weight, in geometry);
        Conv2dSelection everything = default;
        FusedSteps steps = new() { Shift = bias };
        int batch = CheckInput(input, in geometry, in everything);
        Shape shape = new(batch, geometry.OutHeight, geometry.OutWidth, geometry.OutChannels);
        steps.Check(geometry.OutChannels, shape);
        context.ThrowIfCancelled();
        Tensor output = context.Workspace.Rent(shape);
        ConvolutionWork.Run(context, in geometry, batch, input, panels, output, in everything, in steps);
        Count(context, in geometry, batch, in everything);
        if (context.Records(input) || context.Records(weight) || context.Records(bias))
        {
            context.Tape!.Record(new Convolution2dEntry(context, input, weight, bias, output, in geometry, batch, in everything));
        }

        return output;
    }

    internal static Tensor Pack(Context context, in ConvolutionGeometry geometry, Tensor weight)
    {
        Tensor panels = context.Workspace.Rent(new Shape(PackedWeight.Length(in geometry)));
        PackedWeight.Pack(in geometry, weight.Span, panels.Span);
        return panels;
    }

    private static Tensor Forward(
        Context context, Tensor input, Tensor weight, PackedWeight? packed, in ConvolutionGeometry geometry, int batch,
        in Conv2dSelection selection, in FusedSteps steps, Tensor into = default)
    {
        packed?.CheckFits(in geometry);
        int width = selection.OutWidth(in geometry);
        Shape shape = selection.CompactPixels && !selection.Pixels.IsAll
            ? new Shape(selection.Pixels.Count, width)
            : new Shape(batch, geometry.OutHeight, geometry.OutWidth, width);
        steps.Check(geometry.OutChannels, shape);
        context.ThrowIfCancelled();
        bool leavesGaps = (!selection.Pixels.IsAll && !selection.CompactPixels) || (!selection.OutChannels.IsAll && !selection.CompactOutChannels);
        bool leavesPixels = leavesGaps && (selection.OutChannels.IsAll || selection.CompactOutChannels);
        Tensor output = into.Exists ? into : leavesGaps && !leavesPixels ? context.Workspace.RentZeros(shape) : context.Workspace.Rent(shape);
        if (leavesPixels && !into.Exists && !selection.LeavesOthers)
        {
            SelectedRows.FillOthers(context, default, selection.Pixels, output, add: false);
        }

        if (packed is null && IsPlain(in geometry, in selection) && FewRowsWork.Pays(in geometry, batch * geometry.OutPixels))
        {
            FewRowsWork.Forward(context, in geometry, batch * geometry.OutPixels, input, weight, steps.Shift, output);
            Count(context, in geometry, batch, in selection);
            return output;
        }

        using (context.Workspace.Enter())
        {
            Tensor panels = packed is null ? Pack(context, in geometry, weight) : packed.Panels;
            if (PlaneWork.Takes(context, in geometry, in selection, batch))
            {
                PlaneWork.Run(context, in geometry, batch, input, panels, output, in selection, in steps);
            }
            else if (WinogradWork.Choose(context, in geometry, in selection) is { } form)
            {
                WinogradWork.Run(context, in geometry, form, batch, input, panels, packed, output, in selection, in steps);
            }
            else if (SelectedChannelsWinograd.Takes(context, in geometry, in selection, batch))
            {
                SelectedChannelsWinograd.Run(context, in geometry, batch, input, panels, packed, output, in selection, in steps);
            }
            else if (!geometry.IsDepthwise)
            {
                ConvolutionWork.Run(context, in geometry, batch, input, panels, output, in selection, in steps);
            }
            else if (!selection.SelectsChannels)
            {
                DepthwiseWork.Forward(context, in geometry, batch, input, panels, output, in selection, in steps);
            }
            else
            {
                ConvolutionWork.Run(context, in geometry, batch, input, AsPanels(context, in geometry, panels), output, in selection, in steps);
            }

            if (packed is null)
            {
                // Nobody else has seen it: its memory may be used again even while a tape holds the workspace.
                context.Workspace.Recycle(panels.Storage);
            }
        }

        Count(context, in geometry, batch, in selection);
        return output;
    }

    // Without a packed weight nothing is fused but the bias.
    private static bool IsPlain(in ConvolutionGeometry geometry, in Conv2dSelection selection) =>
        geometry.IsPointwise && geometry.Groups == 1 && selection.Pixels.IsAll && !selection.SelectsChannels;

    // Depthwise weights [tap][channel] in the form of the kernel that takes channel selections.
    private static Tensor AsPanels(Context context, in ConvolutionGeometry geometry, Tensor packed)
    {
        Tensor weight = context.Workspace.Rent(new Shape(geometry.WeightElements));
        int stride = packed.Count / geometry.Taps;
        for (int i = 0; i < weight.Count; i++)
        {
            weight.Span[i] = packed.Span[(i % geometry.Taps * stride) + (i / geometry.Taps)];
        }

        Tensor panels = context.Workspace.Rent(new Shape(ConvolutionWeights.PackedLength(in geometry)));
        ConvolutionWeights.Pack(in geometry, weight.Span, panels.Span);
        return panels;
    }

    private static void Count(Context context, in ConvolutionGeometry geometry, int batch, in Conv2dSelection selection)
    {
        if (context.Meter is null)
        {
            return;
        }

        for (int sample = 0; sample < batch; sample++)
        {
            ConvolutionSelection own = selection.Of(sample);
            context.CountRow(sample, own.Macs(in geometry), geometry.MacsPerSample);
        }
    }

    private static void CheckWeight(Tensor weight, in ConvolutionGeometry geometry)
    {
        Shape expected = new(geometry.OutChannels, geometry.InChannelsPerGroup, geometry.KernelHeight, geometry.KernelWidth);
        if (weight.Shape != expected)
        {
            throw new ArgumentException($"The weight has shape {weight.Shape}; expected {expected}.", nameof(weight));
        }
    }

    private static int CheckInput(Tensor input, in ConvolutionGeometry geometry, in Conv2dSelection selection)
    {
        if (input.Shape.Rank != 4)
        {
            throw new ArgumentException($"The input has shape {input.Shape}; expected [N, height, width, channels].", nameof(input));
        }

        int batch = input.Shape[0];
        selection.Check(in geometry, batch);
        Shape expected = new(batch, geometry.InHeight, geometry.InWidth, selection.InWidth(in geometry));
        if (input.Shape != expected)
        {
            throw new ArgumentException($"The input has shape {input.Shape}; expected {expected}.", nameof(input));
        }

        return batch;
    }
}
