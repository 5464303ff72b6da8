using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Layout;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Convolution over frames, rows and columns. The taps in time of each output frame are laid side by side as channels, and a two-dimensional convolution does
/// the rest: forward, backward and fast arithmetic are those of <see cref="Convolution2d"/>.
/// </summary>
public static class Convolution3d
{
    /// <summary>
    /// y[n, d, h, w, o] = bias[o] + Σ over taps and input channels of the group of x[n, d·s_d − p_d + i·a_d, …, c]·w[o, c, i, j, k], with zeros around the input.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, D, H, W, C].</param>
    /// <param name="weight">[out, C / groups, k_d, k_h, k_w], as PyTorch has it.</param>
    /// <param name="bias">[out]; none: zeros.</param>
    /// <param name="frame">The convolution of one frame of the output: C · k_d input channels; kernel, strides, padding and groups are those of rows and columns.</param>
    /// <param name="stride">s_d, frames of the input between two of the output.</param>
    /// <param name="padding">p_d, frames of zeros at both ends.</param>
    /// <param name="dilation">a_d, frames between two taps.</param>
    /// <param name="packed">The weight in packed form, as [out, C / groups · k_d, k_h, k_w], if the caller has it.</param>
    /// <returns>[N, D′, H′, W′, out].</returns>
    /// <exception cref="ArgumentException">The shapes do not fit, or no frame is left.</exception>
    public static Tensor Conv3d(
        this Context context,
        Tensor input,
        Tensor weight,
        Tensor bias,
        in ConvolutionGeometry frame,
        int stride = 1,
        int padding = 0,
        int dilation = 1,
        PackedWeight? packed = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        Shape shape = input.Shape;
        if (weight.Shape.Rank != 5 || shape.Rank != 5 || (long)shape[4] * weight.Shape[2] != frame.InChannels || (long)weight.Shape[1] * frame.Groups != shape[4])
        {
            throw new ArgumentException($"The input has shape {shape} and the weight {weight.Shape} for a convolution of {frame.InChannels} channels in {frame.Groups} groups; expected [N, D, H, W, C] and [out, C / groups, k, k, k] with C · k of them.", nameof(input));
        }

        int taps = weight.Shape[2];
        int frames = OutFrames(shape[1], taps, stride, padding, dilation);
        (int samples, int channels) = (shape[0], shape[4]);
        Tensor padded = padding == 0 ? input : context.Pad(input, [0, padding, 0, 0, 0], [0, padding, 0, 0, 0]);
        Tensor joined = Join(context, padded, taps, frames, stride, dilation);
        Tensor maps = joined.Reshape(new Shape(samples * frames, shape[2], shape[3], channels * taps));
        Tensor kernel = weight.Reshape(new Shape(weight.Shape[0], weight.Shape[1] * taps, weight.Shape[3], weight.Shape[4]));

        // Frames are rows to the convolution, and no samples: they are counted here.
        ComputeMeter? meter = context.Meter;
        context.Meter = null;
        Tensor output;
        try
        {
            output = context.Conv2d(maps, kernel, bias, in frame, packed: packed);
        }
        finally
        {
            context.Meter = meter;
        }

        context.Count(samples, frames * frame.MacsPerSample, frames * frame.MacsPerSample);
        return output.Reshape(new Shape(samples, frames, frame.OutHeight, frame.OutWidth, weight.Shape[0]));
    }

    /// <summary>The frames of the output.</summary>
    /// <param name="frames">Frames of the input.</param>
    /// <param name="kernel">Taps in time.</param>
    /// <param name="stride">Frames of the input between two of the output.</param>
    /// <param name="padding">Frames of zeros at both ends.</param>
    /// <param name="dilation">Frames between two taps.</param>
    /// <exception cref="ArgumentException">There is none, or a size is out of its range.</exception>
    public static int OutFrames(int frames, int kernel, int stride, int padding, int dilation)
    {
        if (kernel < 1 || stride < 1 || dilation < 1 || padding < 0)
        {
            throw new ArgumentException($"A kernel of {kernel} frames with stride {stride}, padding {padding} and dilation {dilation} was asked for; expected at least 1, 1, 0 and 1.", nameof(kernel));
        }

        long span = frames + (2L * padding) - ((long)dilation * (kernel - 1)) - 1;
        return span < 0 ? throw new ArgumentException($"{frames} frames with {padding} of padding are fewer than a kernel of {kernel} at dilation {dilation} spans.", nameof(frames)) : (int)((span / stride) + 1);
    }

    // [N, D′, H, W, C, taps]: with the taps last, a group's channels stay together, and the weight is the kernel as it stands.
    private static Tensor Join(Context context, Tensor padded, int taps, int frames, int stride, int dilation)
    {
        Shape shape = padded.Shape;
        if (taps == 1 && stride == 1)
        {
            return padded;
        }

        if (context.Tape is null)
        {
            return Move(context, padded, taps, frames, stride, dilation);
        }

        Tensor[] parts = new Tensor[taps];
        for (int tap = 0; tap < taps; tap++)
        {
            parts[tap] = context.Slice(padded, 1, tap * dilation, frames, stride).Reshape(new Shape(shape[0], frames, shape[2], shape[3], shape[4], 1));
        }

        return taps == 1 ? parts[0] : context.Concat(5, parts);
    }

    private static Tensor Move(Context context, Tensor padded, int taps, int frames, int stride, int dilation)
    {
        Shape shape = padded.Shape;
        int frame = shape.ProductFrom(2);
        Shape extents = new(shape[0], frames, frame);
        Tensor joined = context.Workspace.Rent(new Shape(shape[0], frames, shape[2], shape[3], shape[4], taps));
        for (int tap = 0; tap < taps; tap++)
        {
            StridedPlan plan = new(extents, tap * dilation * frame, [shape[1] * frame, stride * frame, 1], tap, [frames * frame * taps, frame * taps, taps]);
            MoveOperator.Run(context, in plan, padded, joined, add: false);
        }

        return joined;
    }
}
