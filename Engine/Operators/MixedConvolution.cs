using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Convolution.Winograd;
using ManagedDyn.Engine.Kernels.Mixing;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Convolution whose kernel is, for each sample, a weighted sum of several: y_n = x_n ⊛ (Σ over e of a[n, e] · W[e]). It costs one convolution and the
/// mixing, not as many convolutions as there are kernels (Yang et al., "CondConv", NeurIPS 2019, section 3.1).
/// </summary>
/// <remarks>
/// The kernels are mixed in the order in which the convolution reads weights, so a sample's kernel is made by one pass over the memory of all, is never
/// rearranged, and only one exists at a time. The bits are those of a plain convolution with the mixed kernel where that takes the same arithmetic;
/// minimal filtering transforms the mixed kernel, which is cheaper than to mix transformed ones, since these are several times as large.
/// </remarks>
public static class MixedConvolution
{
    /// <summary>y[n] = x[n] ⊛ (Σ over e of a[n, e] · W[e]) + Σ over e of a[n, e] · b[e]; differentiable in x, a, W and b.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, InHeight, InWidth, InChannels].</param>
    /// <param name="coefficients">a, [N, experts].</param>
    /// <param name="experts">W, [experts, OutChannels, InChannels / Groups, KernelHeight, KernelWidth].</param>
    /// <param name="biases">b, [experts, OutChannels]; no tensor: none.</param>
    /// <param name="geometry">Strides, padding and the rest; its maps have the input's size.</param>
    /// <param name="packed">W in packed form, if the caller has it.</param>
    /// <returns>[N, OutHeight, OutWidth, OutChannels].</returns>
    /// <exception cref="ArgumentException">Shapes do not fit each other.</exception>
    public static Tensor MixedConv2d(
        this Context context, Tensor input, Tensor coefficients, Tensor experts, Tensor biases, in ConvolutionGeometry geometry, PackedExperts? packed = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        int count = CheckExperts(experts, in geometry);
        if (biases.Exists && biases.Shape != new Shape(count, geometry.OutChannels))
        {
            throw new ArgumentException($"The biases have shape {biases.Shape}; expected {new Shape(count, geometry.OutChannels)}.", nameof(biases));
        }

        Tensor output = Forward(context, input, coefficients, experts, biases, count, packed, in geometry, default);
        if (context.Records(input) || context.Records(coefficients) || context.Records(experts) || context.Records(biases))
        {
            context.Tape!.Record(new MixedConvolutionEntry(context, input, coefficients, experts, biases, output, in geometry));
        }

        return output;
    }

    /// <summary>
    /// y[n] = activation((x[n] ⊛ (Σ over e of a[n, e] · W[e])) · scale + shift + residual), for inference: nothing is recorded. The bits are those of the
    /// same steps one after another.
    /// </summary>
    /// <param name="context">The context; it has no tape.</param>
    /// <param name="input">x, [N, InHeight, InWidth, InChannels].</param>
    /// <param name="coefficients">a, [N, experts].</param>
    /// <param name="experts">W, [experts, OutChannels, InChannels / Groups, KernelHeight, KernelWidth].</param>
    /// <param name="packed">W in packed form, if the caller has it.</param>
    /// <param name="geometry">Strides, padding and the rest; its maps have the input's size.</param>
    /// <param name="steps">What is done to the sums.</param>
    /// <returns>[N, OutHeight, OutWidth, OutChannels].</returns>
    /// <exception cref="ArgumentException">Shapes do not fit each other.</exception>
    /// <exception cref="InvalidOperationException">A tape records and a gradient would be lost.</exception>
    public static Tensor MixedConv2dFused(
        this Context context, Tensor input, Tensor coefficients, Tensor experts, PackedExperts? packed, in ConvolutionGeometry geometry, in FusedSteps steps)
    {
        ArgumentNullException.ThrowIfNull(context);
        int count = CheckExperts(experts, in geometry);
        if (context.Records(input) || context.Records(coefficients) || context.Records(experts) || context.Records(steps.Scale)
            || context.Records(steps.Shift) || context.Records(steps.Residual))
        {
            throw new InvalidOperationException("A fused convolution records nothing on the tape, but one of its operands requires a gradient; use MixedConv2d.");
        }

        return Forward(context, input, coefficients, experts, default, count, packed, in geometry, in steps);
    }

    /// <summary>The multiply–accumulates of one sample: the convolution, and the mixing of the kernels and biases.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="experts">The number of kernels.</param>
    /// <param name="hasBiases">Whether biases are mixed too.</param>
    public static long MacsPerSample(in ConvolutionGeometry geometry, int experts, bool hasBiases) =>
        geometry.MacsPerSample + ((long)experts * (geometry.WeightElements + (hasBiases ? geometry.OutChannels : 0)));

    /// <summary>The kernels packed for one call, interleaved; from the workspace.</summary>
    internal static Tensor Pack(Context context, in ConvolutionGeometry geometry, int experts, Tensor weights)
    {
        int length = PackedWeight.Length(in geometry);
        Tensor scratch = context.Workspace.Rent(new Shape(length));
        Tensor panels = context.Workspace.Rent(new Shape(ExpertMix.PackedLength(experts, length)));
        PackedExperts.Pack(in geometry, experts, weights.Span, panels.Span, scratch.Span);
        context.Workspace.Recycle(scratch.Storage);
        return panels;
    }

    private static int CheckExperts(Tensor experts, in ConvolutionGeometry geometry)
    {
        int count = experts.Shape.Rank == 5 ? experts.Shape[0] : 0;
        Shape expected = new(count, geometry.OutChannels, geometry.InChannelsPerGroup, geometry.KernelHeight, geometry.KernelWidth);
        if (count < 1 || experts.Shape != expected)
        {
            throw new ArgumentException($"The kernels have shape {experts.Shape}; expected {expected} with at least one kernel.", nameof(experts));
        }

        return count;
    }

    private static Tensor Forward(
        Context context, Tensor input, Tensor coefficients, Tensor experts, Tensor biases, int count, PackedExperts? packed,
        in ConvolutionGeometry geometry, in FusedSteps steps)
    {
        int batch = SampleConvolution.CheckInput(input, in geometry);
        if (coefficients.Shape != new Shape(batch, count))
        {
            throw new ArgumentException($"The coefficients have shape {coefficients.Shape}; expected {new Shape(batch, count)}.", nameof(coefficients));
        }

        packed?.CheckFits(in geometry, count);
        Shape shape = new(batch, geometry.OutHeight, geometry.OutWidth, geometry.OutChannels);
        steps.Check(geometry.OutChannels, shape);
        context.ThrowIfCancelled();
        Tensor output = context.Workspace.Rent(shape);
        Tensor panels = packed?.Panels ?? Pack(context, in geometry, count, experts);
        WinogradForm? form = SampleConvolution.Choose(context, in geometry, count);
        int length = form is { } chosen ? WinogradWeights.PackedLength(in geometry, chosen) : PackedWeight.Length(in geometry);
        Tensor mixed = context.Workspace.Rent(new Shape(length));
        Tensor shift = biases.Exists ? context.Workspace.Rent(new Shape(geometry.OutChannels)) : default;
        for (int sample = 0; sample < batch; sample++)
        {
            FusedSteps own = SampleConvolution.StepsOf(in steps, sample);
            Tensor factors = coefficients.Rows(sample, 1);
            if (biases.Exists)
            {
                ExpertMix.AddRows(factors.Span, 1, biases.Span, count, geometry.OutChannels, 0, shift.Span, accumulate: false);
                own = own with { Shift = shift };
            }

            Tensor x = input.Rows(sample, 1);
            Tensor y = output.Rows(sample, 1);
            if (form is { } transform)
            {
                MixedTransformWork.Run(context, in geometry, transform, factors, panels, mixed);
                WinogradWork.Run(context, in geometry, transform, 1, x, default, null, y, default, in own, mixed);
            }
            else if (MixedPanelsWork.Pays(in geometry))
            {
                MixedPanelsWork.Run(context, in geometry, x, factors, panels, mixed, y, in own);
            }
            else
            {
                MixWork.Run(context, factors, panels, mixed);
                SampleConvolution.Forward(context, in geometry, null, x, mixed, y, in own);
            }
        }

        // Nobody else has seen these: their memory may be used again even while a tape holds the workspace.
        context.Workspace.Recycle(mixed.Storage);
        if (packed is null)
        {
            context.Workspace.Recycle(panels.Storage);
        }

        if (biases.Exists)
        {
            context.Workspace.Recycle(shift.Storage);
        }

        long macs = MacsPerSample(in geometry, count, biases.Exists);
        context.Count(batch, macs, macs);
        return output;
    }
}
