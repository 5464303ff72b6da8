using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Attending;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Convolution from few channels to few channels, as maps of attention need it.</summary>
public static class PlaneConvolutionOperator
{
    /// <summary>Whether a convolution at stride 1 in one group runs faster along pixels than along channels: both sides have at most 8 channels.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    public static bool PaysFor(int inChannels, int outChannels) => Math.Max(inChannels, outChannels) <= PlaneConvolution.MostChannels;

    /// <summary>
    /// y = activation((x ⊛ W) · scale + shift) at stride 1 with as many zeros around the map as keep its size, for inference: nothing is recorded. The
    /// bits are those of the direct convolution.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, H, W, in].</param>
    /// <param name="weight">W, [out, in, kernel, kernel], with an odd kernel.</param>
    /// <param name="steps">What is done to the sums; there must be no residual among it.</param>
    /// <param name="dilation">Pixels between two taps.</param>
    /// <returns>[N, H, W, out].</returns>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    /// <exception cref="OverflowException">Taps are 2³¹ pixels apart or more.</exception>
    /// <exception cref="InvalidOperationException">A tape records and a gradient would be lost.</exception>
    public static Tensor Conv2dPlanes(this Context context, Tensor input, Tensor weight, in FusedSteps steps, int dilation = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dilation, 1);
        Shape shape = input.Shape;
        Shape kernel = weight.Shape;
        if (shape.Rank != 4 || shape.ProductFrom(1) == 0 || kernel.Rank != 4 || kernel[1] != shape[3] || kernel[2] != kernel[3] || kernel[2] % 2 == 0)
        {
            throw new ArgumentException($"The input has shape {shape} and the weight {kernel}; expected [N, height, width, channels] and [out, channels, k, k] with an odd k.", nameof(weight));
        }

        if (context.Records(input) || context.Records(weight) || steps.Residual.Exists)
        {
            throw new InvalidOperationException("A convolution of planes records nothing and adds no residual; use Conv2d.");
        }

        steps.Check(kernel[0], shape.With(-1, kernel[0]));
        context.ThrowIfCancelled();
        int padding = checked(dilation * (kernel[2] - 1)) / 2;
        int scratch = PlaneConvolution.ScratchLength(shape[1], shape[2], shape[3], padding);
        Tensor output = context.Workspace.Rent(shape.With(-1, kernel[0]));
        Tensor planes = context.Workspace.Rent(new Shape(shape[0], scratch));
        context.Workers.Run(shape[0], new Work(input, weight, steps, dilation, planes, output));
        context.Workspace.Recycle(planes);
        long macs = (long)shape[1] * shape[2] * weight.Count;
        context.Count(shape[0], macs, macs);
        return output;
    }

    private readonly struct Work(Tensor input, Tensor weight, FusedSteps steps, int dilation, Tensor planes, Tensor output) : IParallelWork
    {
        public void Execute(int part) => PlaneConvolution.Run(
            input.Rows(part, 1).Span,
            input.Shape[1],
            input.Shape[2],
            weight.Span,
            weight.Shape[0],
            weight.Shape[2],
            dilation,
            steps.Scale.Exists ? steps.Scale.Span : default,
            steps.Shift.Exists ? steps.Shift.Span : default,
            steps.Activation,
            planes.Rows(part, 1).Span,
            output.Rows(part, 1).Span);
    }
}
