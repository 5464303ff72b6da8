using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Convolution whose taps move and are weighed from pixel to pixel: deformable convolution (Dai et al., ICCV 2017, section 2.1; with modulation Zhu et
/// al., "Deformable ConvNets v2", CVPR 2019, section 3.2), and without offsets any convolution whose taps have a weight at each pixel.
/// </summary>
/// <remarks>
/// Each output is one chain of multiply-adds, taps and then channels ascending, so with zero offsets and no modulation it has the bits of the ordinary
/// convolution's direct arithmetic. Counted are the convolution's multiply-adds; sampling, four multiply-adds a tap and channel, is not, as no interpolation is.
/// </remarks>
public static class DeformableConvolution2d
{
    /// <summary>
    /// y[n, p, o] = bias[o] + Σ over taps t and input channels c of w[o, c, t] · modulation[n, p, g(c), t] · x[n, place(p, t) + offsets[n, p, g(c), t], c], x
    /// sampled bilinearly and zero outside the map; differentiable in all of them.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, InHeight, InWidth, InChannels].</param>
    /// <param name="offsets">[N, OutHeight, OutWidth, offset groups · taps · 2], dy before dx; no tensor: all 0.</param>
    /// <param name="modulation">[N, OutHeight, OutWidth, offset groups · taps]; no tensor: all 1.</param>
    /// <param name="weight">w, [OutChannels, InChannels / Groups, KernelHeight, KernelWidth].</param>
    /// <param name="bias">[OutChannels]; no tensor: none.</param>
    /// <param name="geometry">Strides, padding and the rest; its maps have the input's size.</param>
    /// <param name="packed">The weight in packed form, if the caller has it; it is that of the ordinary convolution.</param>
    /// <returns>[N, OutHeight, OutWidth, OutChannels].</returns>
    /// <exception cref="ArgumentException">Shapes do not fit each other.</exception>
    public static Tensor DeformConv2d(
        this Context context, Tensor input, Tensor offsets, Tensor modulation, Tensor weight, Tensor bias, in DeformGeometry geometry,
        PackedWeight? packed = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        ConvolutionGeometry maps = geometry.Maps;
        Shape expected = new(maps.OutChannels, maps.InChannelsPerGroup, maps.KernelHeight, maps.KernelWidth);
        if (weight.Shape != expected)
        {
            throw new ArgumentException($"The weight has shape {weight.Shape}; expected {expected}.", nameof(weight));
        }

        int batch = Check(input, offsets, modulation, in geometry);
        FusedSteps steps = new() { Shift = bias };
        Tensor output = Forward(context, input, offsets, modulation, weight, packed, in geometry, batch, in steps);
        if (context.Records(input) || context.Records(offsets) || context.Records(modulation) || context.Records(weight) || context.Records(bias))
        {
            context.Tape!.Record(new DeformableConvolutionEntry(context, input, offsets, modulation, weight, bias, output, in geometry, batch));
        }

        return output;
    }

    /// <summary>y = activation(conv · scale + shift + residual) for inference: nothing is recorded; see <see cref="DeformConv2d"/>.</summary>
    /// <param name="context">The context; it has no tape.</param>
    /// <param name="input">x, [N, InHeight, InWidth, InChannels].</param>
    /// <param name="offsets">[N, OutHeight, OutWidth, offset groups · taps · 2]; no tensor: all 0.</param>
    /// <param name="modulation">[N, OutHeight, OutWidth, offset groups · taps]; no tensor: all 1.</param>
    /// <param name="weight">[OutChannels, InChannels / Groups, KernelHeight, KernelWidth].</param>
    /// <param name="packed">The weight in packed form, if the caller has it.</param>
    /// <param name="geometry">Strides, padding and the rest.</param>
    /// <param name="steps">What is done to the sums.</param>
    /// <exception cref="ArgumentException">Shapes do not fit each other.</exception>
    /// <exception cref="InvalidOperationException">A tape records and a gradient would be lost.</exception>
    public static Tensor DeformConv2dFused(
        this Context context, Tensor input, Tensor offsets, Tensor modulation, Tensor weight, PackedWeight? packed, in DeformGeometry geometry,
        in FusedSteps steps)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Records(input) || context.Records(offsets) || context.Records(modulation) || context.Records(weight) || context.Records(steps.Scale)
            || context.Records(steps.Shift) || context.Records(steps.Residual))
        {
            throw new InvalidOperationException("A fused convolution records nothing on the tape, but one of its operands requires a gradient; use DeformConv2d.");
        }

        int batch = Check(input, offsets, modulation, in geometry);
        return Forward(context, input, offsets, modulation, weight, packed, in geometry, batch, in steps);
    }

    private static Tensor Forward(
        Context context, Tensor input, Tensor offsets, Tensor modulation, Tensor weight, PackedWeight? packed, in DeformGeometry geometry, int batch,
        in FusedSteps steps)
    {
        ConvolutionGeometry maps = geometry.Maps;
        packed?.CheckFits(in maps);
        Shape shape = new(batch, maps.OutHeight, maps.OutWidth, maps.OutChannels);
        steps.Check(maps.OutChannels, shape);
        context.ThrowIfCancelled();
        Tensor output = context.Workspace.Rent(shape);

        // Depthwise weights are packed in a form of their own, which the matrix multiply does not take.
        bool isPacked = packed is not null && !maps.IsDepthwise;
        Tensor panels = isPacked ? packed!.Panels : context.Workspace.Rent(new Shape(ConvolutionWeights.PackedLength(in maps)));
        if (!isPacked)
        {
            ConvolutionWeights.Pack(in maps, weight.Span, panels.Span);
        }

        DeformableConvolutionWork.Forward(context, in geometry, batch, input, offsets, modulation, panels, output, in steps);
        if (!isPacked)
        {
            context.Workspace.Recycle(panels.Storage);
        }

        context.Count(batch, maps.MacsPerSample, maps.MacsPerSample);
        return output;
    }

    private static int Check(Tensor input, Tensor offsets, Tensor modulation, in DeformGeometry geometry)
    {
        ConvolutionGeometry maps = geometry.Maps;
        int batch = input.Shape.Rank == 4 ? input.Shape[0] : -1;
        if (batch < 0 || input.Shape != new Shape(batch, maps.InHeight, maps.InWidth, maps.InChannels))
        {
            throw new ArgumentException($"The input has shape {input.Shape}; expected [N, {maps.InHeight}, {maps.InWidth}, {maps.InChannels}].", nameof(input));
        }

        CheckPoints("offsets", offsets, new Shape(batch, maps.OutHeight, maps.OutWidth, 2 * geometry.PointsPerPixel));
        CheckPoints("modulation", modulation, new Shape(batch, maps.OutHeight, maps.OutWidth, geometry.PointsPerPixel));
        return batch;
    }

    private static void CheckPoints(string what, Tensor tensor, Shape expected)
    {
        if (tensor.Exists && tensor.Shape != expected)
        {
            throw new ArgumentException($"The {what} have shape {tensor.Shape}; expected {expected}.");
        }
    }
}
