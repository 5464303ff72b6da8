using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Convolution.Winograd;
using ManagedDyn.Engine.Kernels.Mixing;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// The convolution of one sample with weights that are its own, and its gradients: what convolutions with mixed and with predicted weights do for each
/// sample of a batch in turn. A sample's bits do not depend on the batch, for no call sees another sample.
/// </summary>
internal static class SampleConvolution
{
    /// <summary>The arithmetic; null: the direct sums.</summary>
    public static WinogradForm? Choose(Context context, in ConvolutionGeometry geometry, int experts = 1) =>
        context.Accuracy == Accuracy.Fast && !geometry.IsDepthwise ? SampleCosts.Choose(in geometry, experts) : null;

    /// <summary>Elements of the weights that the input gradient takes.</summary>
    public static int TurnedLength(in ConvolutionGeometry geometry) => PackedTransposedWeight.Length(in geometry);

    /// <summary>Convolves one sample.</summary>
    /// <param name="context">The context.</param>
    /// <param name="geometry">The geometry.</param>
    /// <param name="form">The arithmetic, as <see cref="Choose"/> tells it.</param>
    /// <param name="input">[1, InHeight, InWidth, InChannels].</param>
    /// <param name="panels">The weights as <see cref="PackedWeight"/> packs them.</param>
    /// <param name="output">[1, OutHeight, OutWidth, OutChannels].</param>
    /// <param name="steps">What is done to the sums.</param>
    public static void Forward(
        Context context, in ConvolutionGeometry geometry, WinogradForm? form, Tensor input, Tensor panels, Tensor output, in FusedSteps steps)
    {
        if (form is { } transform)
        {
            WinogradWork.Run(context, in geometry, transform, 1, input, panels, null, output, default, in steps);
        }
        else if (geometry.IsDepthwise)
        {
            DepthwiseWork.Forward(context, in geometry, 1, input, panels, output, default, in steps);
        }
        else
        {
            ConvolutionWork.Run(context, in geometry, 1, input, panels, output, default, in steps);
        }
    }

    /// <summary>The gradient of one sample's input, by direct sums.</summary>
    /// <param name="context">The context.</param>
    /// <param name="geometry">The geometry.</param>
    /// <param name="gradient">The output's gradient.</param>
    /// <param name="turned">The weights as <see cref="PackedTransposedWeight"/> packs them.</param>
    /// <param name="target">The input's gradient.</param>
    /// <param name="accumulate">Whether to add to what is there.</param>
    public static void InputGradient(
        Context context, in ConvolutionGeometry geometry, Tensor gradient, Tensor turned, Tensor target, bool accumulate)
    {
        FusedSteps steps = new() { Residual = accumulate ? target : default };
        if (geometry.IsDepthwise)
        {
            DepthwiseWork.Transposed(context, in geometry, 1, gradient, turned, target, default, false, in steps);
        }
        else
        {
            InputGradientWork.RunTransposed(context, in geometry, 1, gradient, turned, target, default, false, in steps);
        }
    }

    /// <summary>The gradient of one sample's bias: the sum over its pixels.</summary>
    public static void BiasGradient(Context context, in ConvolutionGeometry geometry, Tensor gradient, Span<float> target, bool accumulate)
    {
        Tensor scratch = context.Workspace.Rent(new Shape(ConvolutionBiasGradient.ScratchElements(geometry.OutPixels, geometry.OutChannels)));
        ConvolutionBiasGradient.Compute(gradient.Span, geometry.OutPixels, ActiveList.All, target, accumulate, scratch.Span);
        context.Workspace.Recycle(scratch.Storage);
    }

    /// <summary>The steps of one sample of a batch.</summary>
    public static FusedSteps StepsOf(in FusedSteps steps, int sample) => steps with { Residual = steps.Residual.Exists ? steps.Residual.Rows(sample, 1) : default };

    /// <summary>Checks a batch of maps.</summary>
    /// <returns>The number of samples.</returns>
    public static int CheckInput(Tensor input, in ConvolutionGeometry geometry)
    {
        int batch = input.Shape.Rank == 4 ? input.Shape[0] : 0;
        Shape expected = new(batch, geometry.InHeight, geometry.InWidth, geometry.InChannels);
        if (input.Shape != expected)
        {
            throw new ArgumentException($"The input has shape {input.Shape}; expected [N, {geometry.InHeight}, {geometry.InWidth}, {geometry.InChannels}].", nameof(input));
        }

        return batch;
    }
}
