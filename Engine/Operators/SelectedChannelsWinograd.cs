using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Convolution.Winograd;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Minimal filtering of selected channels: maps that hold just the selected channels are filtered as narrower maps, with the transformed weights between
/// selected channels moved side by side. Which arithmetic runs follows from the geometry and one sample's selection.
/// </summary>
internal static class SelectedChannelsWinograd
{
    /// <summary>Whether the selection is of a kind that <see cref="Run"/> takes.</summary>
    public static bool Takes(Context context, in ConvolutionGeometry geometry, in Conv2dSelection selection, int batch) =>
        context.Accuracy == Accuracy.Fast && batch > 0 && selection.SelectsChannels && selection.Pixels.IsAll && !selection.KeepsArithmetic
        && WinogradConvolution.Supports(in geometry)
        && (selection.InChannels.IsAll || selection.CompactInChannels) && (selection.OutChannels.IsAll || selection.CompactOutChannels)
        && selection.InWidth(in geometry) > 0 && selection.OutWidth(in geometry) > 0;

    /// <summary>The form of one sample; null: direct sums.</summary>
    public static WinogradForm? Choose(Context context, in ConvolutionGeometry geometry, in Conv2dSelection selection, int batch, int sample)
    {
        if (!Takes(context, in geometry, in selection, batch))
        {
            return null;
        }

        ConvolutionGeometry inner = Inner(in geometry, selection.InWidth(in geometry), selection.OutWidth(in geometry));
        ConvolutionSelection own = selection.Of(sample);
        return Choose(in inner, in own);
    }

    /// <summary>Runs each sample as its own selection asks for: by tiles or by direct sums. No sample's arithmetic depends on another's.</summary>
    public static void Run(
        Context context, in ConvolutionGeometry geometry, int batch, Tensor input, Tensor panels, PackedWeight? packed, Tensor output,
        in Conv2dSelection selection, in FusedSteps steps)
    {
        ConvolutionGeometry inner = Inner(in geometry, selection.InWidth(in geometry), selection.OutWidth(in geometry));
        int each = selection.DiffersBySample ? 1 : batch;
        Tensor scale = Listed(context, steps.Scale, in selection, inner.OutChannels);
        Tensor shift = Listed(context, steps.Shift, in selection, inner.OutChannels);
        int direct = 0;
        for (int sample = 0; sample < batch; sample += each)
        {
            ConvolutionSelection own = selection.Of(sample);
            if (Choose(in inner, in own) is not { } form)
            {
                direct += each;
                continue;
            }

            // Neighbours that take the direct sums run together.
            ConvolutionWork.Run(context, in geometry, sample - direct, direct, input, panels, output, in selection, in steps);
            direct = 0;
            Fill(steps.Scale, own.OutChannels, scale);
            Fill(steps.Shift, own.OutChannels, shift);
            FusedSteps mapped = new()
            {
                Scale = scale,
                Shift = shift,
                Residual = steps.Residual.Exists ? steps.Residual.Rows(sample, each) : default,
                Activation = steps.Activation,
            };
            Tensor whole = packed?.Transformed(form) ?? default;
            if (whole.Exists && WeightPick.Suits(own.InChannels, own.OutChannels))
            {
                PickedWeights picked = new(context, in geometry, own.InChannels, own.OutChannels);
                WinogradWork.Run(
                    context, in inner, form, each, input.Rows(sample, each), default, null, output.Rows(sample, each), default, in mapped, whole, picked);
                continue;
            }

            Tensor moved = context.Workspace.Rent(new Shape(WinogradWeights.PackedLength(in inner, form)));
            if (whole.Exists)
            {
                int positions = form == WinogradForm.F4 ? 36 : 16;
                ChannelVectors.GatherTransformed(in geometry, whole.Span, positions, own.InChannels, own.OutChannels, moved.Span);
            }
            else
            {
                Tensor narrow = context.Workspace.Rent(new Shape(ConvolutionWeights.PackedLength(in inner)));
                ChannelVectors.GatherPanels(in geometry, panels.Span, own.InChannels, own.OutChannels, narrow.Span);
                WinogradWeights.Pack(in inner, form, narrow.Span, moved.Span);
                context.Workspace.Recycle(narrow.Storage);
            }

            WinogradWork.Run(
                context, in inner, form, each, input.Rows(sample, each), default, null, output.Rows(sample, each), default, in mapped, moved, default);
            context.Workspace.Recycle(moved.Storage);
        }

        ConvolutionWork.Run(context, in geometry, batch - direct, direct, input, panels, output, in selection, in steps);
    }

    // The form that pays for one sample's selection; null: direct sums, as where its output channels are not whole vectors.
    private static WinogradForm? Choose(in ConvolutionGeometry inner, in ConvolutionSelection own)
    {
        if (!ChannelVectors.AreWhole(own.OutChannels))
        {
            return null;
        }

        bool moves = own.OutChannels.IsListed && !WeightPick.ArePanels(own.OutChannels);
        return ConvolutionCosts.Choose(in inner, moves ? inner.InChannels * ChannelVectors.Count(inner.OutChannels) : 0);
    }

    private static ConvolutionGeometry Inner(in ConvolutionGeometry geometry, int ins, int outs) => new(
        ins, outs, geometry.KernelHeight, geometry.KernelWidth, geometry.InHeight, geometry.InWidth, geometry.StrideHeight, geometry.StrideWidth,
        geometry.PadTop, geometry.PadLeft, geometry.PadBottom, geometry.PadRight);

    private static Tensor Listed(Context context, Tensor values, in Conv2dSelection selection, int count) =>
        !values.Exists || selection.OutChannels.IsAll ? values : context.Workspace.Rent(new Shape(count));

    private static void Fill(Tensor values, ActiveList channels, Tensor listed)
    {
        if (!values.Exists || !channels.IsListed)
        {
            return;
        }

        ReadOnlySpan<float> from = values.Span;
        Span<float> to = listed.Span;
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = from[channels.Indices[i]];
        }
    }
}
