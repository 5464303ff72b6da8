using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// Depthwise convolution (one kernel a channel: groups = channels) and its input gradient, along the channels:
/// y[oy, ox, c] = Σ over taps of w[c, ky, kx] · x[iy, ix, c]. Each value is one chain of multiply-adds, taps ascending; taps in the padding
/// are not visited, and neither are pixels that are not selected.
/// </summary>
public static class DepthwiseConvolution
{
    /// <summary>Floats of the packed weight: [taps, channels rounded up to whole vectors].</summary>
    /// <param name="geometry">A depthwise convolution.</param>
    public static int PackedElements(in ConvolutionGeometry geometry) => checked(geometry.Taps * Stride(geometry));

    /// <summary>Integers that a call needs as scratch.</summary>
    /// <param name="geometry">A depthwise convolution.</param>
    public static int ScratchIndices(in ConvolutionGeometry geometry) => TapAxis.Fields
        * (Math.Max(geometry.InHeight, geometry.OutHeight) + Math.Max(geometry.InWidth, geometry.OutWidth));

    /// <summary>Packs the weight: taps first, channels last, so that channels are vectors.</summary>
    /// <param name="geometry">A depthwise convolution.</param>
    /// <param name="weight">Shape [channels, 1, KernelHeight, KernelWidth].</param>
    /// <param name="packed">At least <see cref="PackedElements"/>.</param>
    /// <exception cref="ArgumentException">The convolution is not depthwise, or a span is too short.</exception>
    public static void Pack(in ConvolutionGeometry geometry, ReadOnlySpan<float> weight, Span<float> packed)
    {
        Check(geometry);
        OperandCheck.Length(nameof(weight), weight.Length, geometry.WeightElements);
        OperandCheck.Length(nameof(packed), packed.Length, PackedElements(geometry));
        int stride = Stride(geometry);
        for (int tap = 0; tap < geometry.Taps; tap++)
        {
            Span<float> row = packed.Slice(tap * stride, stride);
            for (int channel = 0; channel < geometry.InChannels; channel++)
            {
                row[channel] = weight[(channel * geometry.Taps) + tap];
            }
            row[geometry.InChannels..].Clear();
        }
    }

    /// <summary>Convolves one sample, or a part of its output pixels.</summary>
    /// <param name="geometry">A depthwise convolution.</param>
    /// <param name="input">x, shape [InHeight, InWidth, channels].</param>
    /// <param name="packed">The weight as <see cref="Pack"/> made it.</param>
    /// <param name="pixels">The output pixels to compute; others are left as they are.</param>
    /// <param name="from">The first to compute, counted among the active ones.</param>
    /// <param name="to">The one after the last, counted among the active ones.</param>
    /// <param name="output">y, shape [OutHeight, OutWidth, channels], or [active pixels, channels] when the list is compact.</param>
    /// <param name="epilogue">What is done to each sum as it is stored.</param>
    /// <param name="indices">Scratch, at least <see cref="ScratchIndices"/>, of this thread.</param>
    /// <exception cref="ArgumentException">The convolution is not depthwise, or operands do not fit; nothing has been written.</exception>
    public static void Forward(
        in ConvolutionGeometry geometry, ReadOnlySpan<float> input, ReadOnlySpan<float> packed, ActiveList pixels, int from, int to,
        Span<float> output, in Epilogue epilogue, Span<int> indices)
    {
        Check(geometry);
        pixels.Check(geometry.OutPixels, "output pixels");
        OperandCheck.Length(nameof(input), input.Length, geometry.InElements);
        OperandCheck.Length(nameof(packed), packed.Length, PackedElements(geometry));
        OperandCheck.Length(nameof(output), output.Length, (long)pixels.Width(geometry.OutPixels) * geometry.OutChannels);
        OperandCheck.Length(nameof(indices), indices.Length, ScratchIndices(geometry));
        OperandCheck.Range(from, to, pixels.Count(geometry.OutPixels));
        epilogue.Check(geometry.OutChannels, pixels.Width(geometry.OutPixels) * geometry.OutChannels);
        var sweep = new DepthwiseSweep(geometry, reverse: false, input, packed, output, epilogue, indices);
        if (pixels.IsListed)
        {
            sweep.Listed(pixels.Indices[from..to], from, pixels.IsCompact);
        }
        else
        {
            sweep.Dense(from, to);
        }
    }

    /// <summary>
    /// The gradient with respect to the input, for one sample: dx[iy, ix, c] = Σ of w[c, ky, kx] · dy[oy, ox, c] over the taps for which
    /// input pixel (iy, ix) is tap (ky, kx) of output pixel (oy, ox). It is also the depthwise transposed convolution.
    /// </summary>
    /// <param name="geometry">A depthwise convolution.</param>
    /// <param name="outputGradient">dy, shape [OutHeight, OutWidth, channels]; zero where an output was not computed.</param>
    /// <param name="packed">The weight as <see cref="Pack"/> made it.</param>
    /// <param name="pixels">The input pixels to compute; others are left as they are.</param>
    /// <param name="from">The first to compute, counted among the active ones.</param>
    /// <param name="to">The one after the last, counted among the active ones.</param>
    /// <param name="inputGradient">dx, shape [InHeight, InWidth, channels], or [active pixels, channels] when the list is compact.</param>
    /// <param name="epilogue">What is done to each sum as it is stored; with dx itself as residual the gradient is added to what is there.</param>
    /// <param name="indices">Scratch, at least <see cref="ScratchIndices"/>, of this thread.</param>
    /// <exception cref="ArgumentException">The convolution is not depthwise, or operands do not fit; nothing has been written.</exception>
    public static void InputGradient(
        in ConvolutionGeometry geometry, ReadOnlySpan<float> outputGradient, ReadOnlySpan<float> packed, ActiveList pixels, int from, int to,
        Span<float> inputGradient, in Epilogue epilogue, Span<int> indices)
    {
        Check(geometry);
        pixels.Check(geometry.InPixels, "input pixels");
        OperandCheck.Length(nameof(outputGradient), outputGradient.Length, geometry.OutElements);
        OperandCheck.Length(nameof(packed), packed.Length, PackedElements(geometry));
        OperandCheck.Length(nameof(inputGradient), inputGradient.Length, (long)pixels.Width(geometry.InPixels) * geometry.InChannels);
        OperandCheck.Length(nameof(indices), indices.Length, ScratchIndices(geometry));
        OperandCheck.Range(from, to, pixels.Count(geometry.InPixels));
        epilogue.Check(geometry.InChannels, pixels.Width(geometry.InPixels) * geometry.InChannels);
        var sweep = new DepthwiseSweep(geometry, reverse: true, outputGradient, packed, inputGradient, epilogue, indices);
        if (pixels.IsListed)
        {
            sweep.Listed(pixels.Indices[from..to], from, pixels.IsCompact);
        }
        else
        {
            sweep.Dense(from, to);
        }
    }

    internal static int Stride(in ConvolutionGeometry geometry) =>
        (geometry.InChannels + Vector<float>.Count - 1) / Vector<float>.Count * Vector<float>.Count;

    internal static void Check(in ConvolutionGeometry geometry)
    {
        if (!geometry.IsDepthwise)
        {
            throw new ArgumentException(
                $"The convolution has {geometry.InChannels} input and {geometry.OutChannels} output channels in {geometry.Groups} groups; "
                + "expected one of each in every group.", nameof(geometry));
        }
    }
}
