using System;
using ManagedDyn.Engine.Kernels.MatrixMultiply;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// The gradient of a convolution with respect to its input, which is also the transposed convolution, one sample at a time:
/// dx[iy, ix, c] = epilogue(Σ over taps (ky, kx), then output channels o, of w[o, c, ky, kx] · dy[oy, ox, o]) over the taps for which input
/// pixel (iy, ix) is tap (ky, kx) of output pixel (oy, ox).
/// </summary>
/// <remarks>
/// An indirect matrix multiply as the convolution itself, over weights packed transposed. Input pixels are taken phase by phase (coordinates
/// modulo stride): those of a phase have the same taps, and no other tap is touched. Each value is one chain of multiply–adds from 0, taps
/// ascending, so it has the same bits however the work is split.
/// </remarks>
public static class ConvolutionInputGradient
{
    /// <summary>Elements of the packed weights.</summary>
    /// <param name="geometry">The convolution.</param>
    /// <exception cref="OverflowException">There would be more than 2³¹ − 1.</exception>
    public static int PackedLength(in ConvolutionGeometry geometry) => checked(geometry.Groups * PanelsPerGroup(geometry) * PanelLength(geometry));

    /// <summary>Panels of input channels: the work can be split by them.</summary>
    /// <param name="geometry">The convolution.</param>
    public static int PanelCount(in ConvolutionGeometry geometry) => geometry.Groups * PanelsPerGroup(geometry);

    /// <summary>The scratch that a call needs, in elements.</summary>
    /// <param name="geometry">The convolution.</param>
    public static int ScratchLength(in ConvolutionGeometry geometry) =>
        Math.Max(InputGradientPass.ScratchLength(geometry), InputGradientTaps.ScratchLength(in geometry));

    /// <summary>Packs the weights: [group][panel][tap, phase by phase][output channel of the group][panel column].</summary>
    /// <param name="geometry">The convolution.</param>
    /// <param name="weights">[OutChannels, InChannels / Groups, KernelHeight, KernelWidth].</param>
    /// <param name="packed"><see cref="PackedLength"/> elements, all written.</param>
    /// <exception cref="ArgumentException">A span is too short.</exception>
    public static void Pack(in ConvolutionGeometry geometry, ReadOnlySpan<float> weights, Span<float> packed)
    {
        OperandCheck.Length(nameof(weights), weights.Length, geometry.WeightElements);
        OperandCheck.Length(nameof(packed), packed.Length, PackedLength(geometry));
        if (geometry.InChannelsPerGroup % Panel.Width != 0)
        {
            packed[..PackedLength(geometry)].Clear();
        }
        for (int phaseY = 0; phaseY < geometry.StrideHeight; phaseY++)
        {
            PhaseTaps vertical = PhaseTaps.Vertical(geometry, phaseY);
            for (int phaseX = 0; phaseX < geometry.StrideWidth; phaseX++)
            {
                PhaseTaps horizontal = PhaseTaps.Horizontal(geometry, phaseX);
                int place = FirstTap(geometry, vertical, horizontal);
                for (int y = 0; y < vertical.Count; y++)
                {
                    for (int x = 0; x < horizontal.Count; x++, place++)
                    {
                        int ky = vertical.First + (y * vertical.TapStep);
                        int kx = horizontal.First + (x * horizontal.TapStep);
                        PackTap(geometry, weights[((ky * geometry.KernelWidth) + kx)..], place, packed);
                    }
                }
            }
        }
    }

    /// <summary>Computes one sample's gradient, or a part of it.</summary>
    /// <param name="geometry">The convolution.</param>
    /// <param name="outputGradient">
    /// dy, shape [OutHeight, OutWidth, OutChannels], or [listed output pixels, OutChannels] when their list is compact.
    /// </param>
    /// <param name="packed">The weights as <see cref="Pack"/> made them.</param>
    /// <param name="inputGradient">dx, shape [InHeight, InWidth, InChannels], or [listed input pixels, InChannels] when their list is compact.</param>
    /// <param name="inputPixels">The input pixels to compute; in a gradient of full width others are left as they are.</param>
    /// <param name="outputPixels">The output pixels whose gradient counts; others count as zero and are not read.</param>
    /// <param name="epilogue">What is done to each sum; with dx itself as residual the gradient is added to what is there.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements, of any content.</param>
    /// <param name="pixels">The input pixels to compute, counted along their list.</param>
    /// <param name="panels">The panels to compute, of <see cref="PanelCount"/>.</param>
    /// <exception cref="ArgumentException">A span, list or range does not fit; nothing has been written.</exception>
    public static void Compute(
        in ConvolutionGeometry geometry, ReadOnlySpan<float> outputGradient, ReadOnlySpan<float> packed, Span<float> inputGradient,
        ActiveList inputPixels, ActiveList outputPixels, in Epilogue epilogue, Span<float> scratch, Range pixels, Range panels)
    {
        inputPixels.Check(geometry.InPixels, "input pixels");
        outputPixels.Check(geometry.OutPixels, "output pixels");
        int length = inputPixels.Width(geometry.InPixels) * geometry.InChannels;
        OperandCheck.Length(nameof(outputGradient), outputGradient.Length, (long)outputPixels.Width(geometry.OutPixels) * geometry.OutChannels);
        OperandCheck.Length(nameof(packed), packed.Length, PackedLength(geometry));
        OperandCheck.Length(nameof(inputGradient), inputGradient.Length, length);
        OperandCheck.Length(nameof(scratch), scratch.Length, ScratchLength(geometry));
        epilogue.Check(geometry.InChannels, length);
        (int firstPixel, int pixelCount) = pixels.GetOffsetAndLength(inputPixels.Count(geometry.InPixels));
        (int firstPanel, int panelCount) = panels.GetOffsetAndLength(PanelCount(geometry));
        if (!inputPixels.IsListed && epilogue.Steps == EpilogueSteps.None && pixelCount > 0 && InputGradientTaps.Pays(in geometry, outputPixels))
        {
            InputGradientTaps taps = new(
                in geometry, outputGradient, packed, inputGradient, outputPixels, scratch, firstPanel, firstPanel + panelCount);
            taps.Run(firstPixel, firstPixel + pixelCount);
            return;
        }

        var pass = new InputGradientPass(
            geometry, outputGradient, packed, inputGradient, inputPixels, outputPixels, epilogue, scratch);
        pass.Run(firstPixel, firstPixel + pixelCount, firstPanel, firstPanel + panelCount);
    }

    internal static int PanelsPerGroup(in ConvolutionGeometry geometry) => Panel.Count(geometry.InChannelsPerGroup);

    internal static int PanelLength(in ConvolutionGeometry geometry) => checked(geometry.Taps * geometry.OutChannelsPerGroup * Panel.Width);

    /// <summary>The channel of a panel's first column; of the number of panels: the number of channels.</summary>
    internal static int FirstChannel(in ConvolutionGeometry geometry, int panel)
    {
        int perGroup = PanelsPerGroup(geometry);
        return (panel / perGroup * geometry.InChannelsPerGroup) + Math.Min(panel % perGroup * Panel.Width, geometry.InChannelsPerGroup);
    }

    /// <summary>Where the taps of a phase start in a panel: the phases before it in the same rows of phases, and all rows before.</summary>
    internal static int FirstTap(in ConvolutionGeometry geometry, in PhaseTaps vertical, in PhaseTaps horizontal) =>
        (vertical.Before * geometry.KernelWidth) + (vertical.Count * horizontal.Before);

    private static void PackTap(in ConvolutionGeometry geometry, ReadOnlySpan<float> weights, int place, Span<float> packed)
    {
        int width = Panel.Width;
        int inChannels = geometry.InChannelsPerGroup;
        int outChannels = geometry.OutChannelsPerGroup;
        for (int o = 0; o < geometry.OutChannels; o++)
        {
            int group = o / outChannels;
            int target = (group * PanelsPerGroup(geometry) * PanelLength(geometry)) + (((place * outChannels) + o - (group * outChannels)) * width);
            int source = o * inChannels * geometry.Taps;
            for (int first = 0; first < inChannels; first += width, target += PanelLength(geometry))
            {
                int count = Math.Min(width, inChannels - first);
                for (int lane = 0; lane < count; lane++, source += geometry.Taps)
                {
                    packed[target + lane] = weights[source];
                }
            }
        }
    }
}
