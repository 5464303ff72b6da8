using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Convolution.Winograd;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// The input gradient of a 3 × 3 convolution with stride 1 by minimal filtering: it is the convolution of the output's gradient with the kernels
/// turned by 180° and the channels exchanged, dx = dy ⊛ w′, w′[c, o, t] = w[o, c, 8 − t], padded by 2 minus the padding.
/// </summary>
internal static class WinogradGradient
{
    // What the direct sums of selected pixels cost more than those of all: they are written and read back for each tap.
    private const double SelectedFactor = 1.15;

    /// <summary>The algorithm; null: the direct sums are to be taken.</summary>
    public static WinogradForm? Choose(Context context, in ConvolutionGeometry geometry, in Conv2dSelection selection)
    {
        if (context.Accuracy != Accuracy.Fast || !WinogradConvolution.Supports(in geometry)
            || Math.Max(geometry.PadTop, Bottom(in geometry)) > 2 || Math.Max(geometry.PadLeft, Right(in geometry)) > 2)
        {
            return null;
        }

        ConvolutionGeometry own = OfGradient(in geometry);
        WinogradForm? form = ConvolutionCosts.Choose(in own);
        if (form is null || selection.Pixels.IsAll)
        {
            return form;
        }

        // All tiles, most of whose input is zero, against the direct sums of the selected pixels alone.
        int tiles = selection.Pixels.Rows * WinogradConvolution.TileCount(in own, form.Value);
        double direct = ConvolutionCosts.Direct(in own, selection.Pixels.Count) * SelectedFactor;
        return ConvolutionCosts.Tiles(in own, form.Value, tiles) < direct ? form : null;
    }

    /// <summary>Computes the input gradient on the context's threads.</summary>
    public static void Run(
        Context context, in ConvolutionGeometry geometry, WinogradForm form, int batch, Tensor gradient, Tensor weight, Tensor target, bool accumulate)
    {
        ConvolutionGeometry own = OfGradient(in geometry);
        Tensor turned = context.Workspace.Rent(new Shape(own.WeightElements));
        Turn(weight.Span, geometry.OutChannels, geometry.InChannels, turned.Span);
        Tensor panels = context.Workspace.Rent(new Shape(ConvolutionWeights.PackedLength(in own)));
        ConvolutionWeights.Pack(in own, turned.Span, panels.Span);
        context.Workspace.Recycle(turned.Storage);
        FusedSteps steps = new() { Residual = accumulate ? target : default };
        WinogradWork.Run(context, in own, form, batch, gradient, panels, null, target, default, in steps);
        context.Workspace.Recycle(panels.Storage);
    }

    private static int Bottom(in ConvolutionGeometry geometry) => geometry.OutHeight + 2 - geometry.InHeight - geometry.PadTop;

    private static int Right(in ConvolutionGeometry geometry) => geometry.OutWidth + 2 - geometry.InWidth - geometry.PadLeft;

    private static ConvolutionGeometry OfGradient(in ConvolutionGeometry geometry) => new(
        geometry.OutChannels, geometry.InChannels, 3, 3, geometry.OutHeight, geometry.OutWidth, 1, 1, 2 - geometry.PadTop, 2 - geometry.PadLeft,
        2 - Bottom(in geometry), 2 - Right(in geometry));

    private static void Turn(ReadOnlySpan<float> weight, int outChannels, int inChannels, Span<float> turned)
    {
        for (int c = 0; c < inChannels; c++)
        {
            for (int o = 0; o < outChannels; o++)
            {
                ReadOnlySpan<float> source = weight.Slice(((o * inChannels) + c) * 9, 9);
                Span<float> target = turned.Slice(((c * outChannels) + o) * 9, 9);
                for (int tap = 0; tap < 9; tap++)
                {
                    target[tap] = source[8 - tap];
                }
            }
        }
    }
}
