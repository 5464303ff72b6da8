using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.LocalFilters;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Convolution with one of several kernels at each pixel (Chen et al., "Dynamic Region-Aware Convolution", CVPR 2021, section 3.1). The pixels are
/// gathered by region, and each region is one convolution of its pixels: however many kernels there are, every pixel is computed once.
/// </summary>
public static class RegionConvolution
{
    /// <summary>
    /// y[n, p] = x[n] ⊛ W[n, r] at p with r = argmax over regions of scores[n, p] (the first of equals). Differentiable in x and W; the scores get the
    /// gradient that their softmax would have as weights of all regions' results (section 3.3).
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, InHeight, InWidth, InChannels].</param>
    /// <param name="weights">W, [N, KernelHeight, KernelWidth, regions, OutChannels, InChannels / Groups], channels last as a network predicts them.</param>
    /// <param name="scores">[N, OutHeight, OutWidth, regions].</param>
    /// <param name="geometry">Strides, padding and the rest; its maps have the input's size.</param>
    /// <returns>[N, OutHeight, OutWidth, OutChannels].</returns>
    /// <exception cref="ArgumentException">Shapes do not fit each other.</exception>
    public static Tensor RegionConv2d(this Context context, Tensor input, Tensor weights, Tensor scores, in ConvolutionGeometry geometry)
    {
        ArgumentNullException.ThrowIfNull(context);
        int batch = input.Shape.Rank == 4 ? input.Shape[0] : -1;
        if (batch < 0 || input.Shape != new Shape(batch, geometry.InHeight, geometry.InWidth, geometry.InChannels))
        {
            throw new ArgumentException($"The input has shape {input.Shape}; expected [N, {geometry.InHeight}, {geometry.InWidth}, {geometry.InChannels}].", nameof(input));
        }

        int regions = scores.Shape.Rank == 4 ? scores.Shape[3] : 0;
        if (regions < 1 || scores.Shape != new Shape(batch, geometry.OutHeight, geometry.OutWidth, regions))
        {
            throw new ArgumentException($"The scores have shape {scores.Shape}; expected [{batch}, {geometry.OutHeight}, {geometry.OutWidth}, regions].", nameof(scores));
        }

        Shape expected = new(batch, geometry.KernelHeight, geometry.KernelWidth, regions, geometry.OutChannels, geometry.InChannelsPerGroup);
        if (weights.Shape != expected)
        {
            throw new ArgumentException($"The weights have shape {weights.Shape}; expected {expected}.", nameof(weights));
        }

        context.ThrowIfCancelled();
        Tensor output = context.Workspace.Rent(new Shape(batch, geometry.OutHeight, geometry.OutWidth, geometry.OutChannels));
        using (context.Workspace.Enter())
        {
            Tensor panels = context.Workspace.Rent(new Shape(ConvolutionWeights.PackedLength(in geometry)));
            for (int sample = 0; sample < batch; sample++)
            {
                Selection regionPixels = PixelsByRegion(context, scores.Rows(sample, 1));
                for (int region = 0; region < regions; region++)
                {
                    if (regionPixels.RowCount(region) == 0)
                    {
                        continue;
                    }

                    RegionKernels.Pack(in geometry, weights.Rows(sample, 1).Span, regions, region, panels.Span);
                    Conv2dSelection selection = new() { Pixels = PixelsOf(context, regionPixels, region) };
                    ConvolutionWork.Run(context, in geometry, 1, input.Rows(sample, 1), panels, output.Rows(sample, 1), in selection, default);
                }
            }
        }

        context.Count(batch, geometry.MacsPerSample, geometry.MacsPerSample);
        if (context.Records(input) || context.Records(weights) || context.Records(scores))
        {
            context.Tape!.Record(new RegionConvolutionEntry(context, input, weights, scores, output, in geometry));
        }

        return output;
    }

    /// <summary>The pixels of one sample by region: a row a region.</summary>
    internal static Selection PixelsByRegion(Context context, Tensor scores)
    {
        int regions = scores.Shape[3];
        int pixels = scores.Shape[1] * scores.Shape[2];
        Storage<int> chosen = context.Workspace.RentIntegers(pixels);
        Span<int> of = chosen.Slice(0, pixels);
        ReadOnlySpan<float> values = scores.Span;
        for (int pixel = 0; pixel < pixels; pixel++)
        {
            ReadOnlySpan<float> row = values.Slice(pixel * regions, regions);
            int best = 0;
            for (int region = 1; region < regions; region++)
            {
                best = row[region] > row[best] ? region : best;
            }

            of[pixel] = best;
        }

        SelectionWriter writer = new(context.Workspace, regions, pixels, pixels);
        for (int region = 0; region < regions; region++)
        {
            for (int pixel = 0; pixel < pixels; pixel++)
            {
                if (of[pixel] == region)
                {
                    writer.Add(pixel);
                }
            }

            writer.EndRow();
        }

        return writer.Finish();
    }

    /// <summary>One region's pixels as a selection of its own.</summary>
    internal static Selection PixelsOf(Context context, Selection byRegion, int region) => context.Workspace.Select(byRegion.Universe, byRegion.Row(region));
}
