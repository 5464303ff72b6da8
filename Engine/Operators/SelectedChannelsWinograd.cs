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
    /// <summary>The form; null: direct sums.</summary>
    public static WinogradForm? Choose(Context context, in ConvolutionGeometry geometry, in Conv2dSelection selection, int batch)
    {
        if (context.Accuracy != Accuracy.Fast || batch == 0 || !selection.SelectsChannels || !selection.Pixels.IsAll || selection.KeepsArithmetic
            || !WinogradConvolution.Supports(in geometry)
            || !(selection.InChannels.IsAll || selection.CompactInChannels) || !(selection.OutChannels.IsAll || selection.CompactOutChannels))
        {
            return null;
        }

        // Compact maps have as many channels for each sample; where one sample's are not whole vectors, all take the direct sums.
        (int ins, int outs) = (selection.InWidth(in geometry), selection.OutWidth(in geometry));
        bool moves = false;
        for (int row = 0; row < (selection.OutChannels.IsAll ? 0 : selection.OutChannels.Rows); row++)
        {
            ActiveList own = ActiveList.Of(selection.OutChannels.Row(row));
            if (!ChannelVectors.AreWhole(own))
            {
                return null;
            }

            moves = moves || !WeightPick.ArePanels(own);
        }

        if (ins == 0 || outs == 0)
        {
            return null;
        }

        ConvolutionGeometry inner = Inner(in geometry, ins, outs);
        return ConvolutionCosts.Choose(in inner, moves ? ins * ChannelVectors.Count(outs) : 0);
    }

    public static void Run(
        Context context, in ConvolutionGeometry geometry, WinogradForm form, int batch, Tensor input, Tensor panels, PackedWeight? packed, Tensor output,
        in Conv2dSelection selection, in FusedSteps steps)
    {
        ConvolutionGeometry inner = Inner(in geometry, selection.InWidth(in geometry), selection.OutWidth(in geometry));
        Tensor whole = packed?.Transformed(form) ?? default;
        int each = selection.DiffersBySample ? 1 : batch;
        Tensor moved = context.Workspace.Rent(new Shape(WinogradWeights.PackedLength(in inner, form)));
        Tensor narrow = whole.Exists ? default : context.Workspace.Rent(new Shape(ConvolutionWeights.PackedLength(in inner)));
        Tensor scale = Listed(context, steps.Scale, in selection, inner.OutChannels);
        Tensor shift = Listed(context, steps.Shift, in selection, inner.OutChannels);
        for (int sample = 0; sample < batch; sample += each)
        {
            ConvolutionSelection own = selection.Of(sample);
            Tensor transformed = moved;
            PickedWeights picked = default;
            if (whole.Exists && WeightPick.Suits(own.InChannels, own.OutChannels))
            {
                transformed = whole;
                picked = new PickedWeights(context, in geometry, own.InChannels, own.OutChannels);
            }
            else if (whole.Exists)
            {
                int positions = form == WinogradForm.F4 ? 36 : 16;
                ChannelVectors.GatherTransformed(in geometry, whole.Span, positions, own.InChannels, own.OutChannels, moved.Span);
            }
            else
            {
                ChannelVectors.GatherPanels(in geometry, panels.Span, own.InChannels, own.OutChannels, narrow.Span);
                WinogradWeights.Pack(in inner, form, narrow.Span, moved.Span);
            }

            Fill(steps.Scale, own.OutChannels, scale);
            Fill(steps.Shift, own.OutChannels, shift);
            FusedSteps mapped = new()
            {
                Scale = scale,
                Shift = shift,
                Residual = steps.Residual.Exists ? steps.Residual.Rows(sample, each) : default,
                Activation = steps.Activation,
            };
            WinogradWork.Run(
                context, in inner, form, each, input.Rows(sample, each), default, null, output.Rows(sample, each), default, in mapped, transformed, picked);
        }

        context.Workspace.Recycle(moved.Storage);
        if (narrow.Exists)
        {
            context.Workspace.Recycle(narrow.Storage);
        }
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
