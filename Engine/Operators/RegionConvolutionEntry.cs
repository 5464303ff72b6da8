using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.LocalFilters;
using ManagedDyn.Engine.Kernels.Softmax;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>A convolution by regions on the tape. Only the gradient of the scores needs what the regions that were not chosen would have given.</summary>
internal sealed class RegionConvolutionEntry : TapeEntry
{
    private readonly Context _context;
    private readonly Tensor _input;
    private readonly Tensor _weights;
    private readonly Tensor _scores;
    private readonly ConvolutionGeometry _geometry;

    public RegionConvolutionEntry(Context context, Tensor input, Tensor weights, Tensor scores, Tensor output, in ConvolutionGeometry geometry)
        : base(output)
    {
        _context = context;
        _input = input;
        _weights = weights;
        _scores = scores;
        _geometry = geometry;
    }

    private int Regions => _scores.Shape[3];

    public override void Backward(Gradients gradients)
    {
        Tensor upstream = gradients.Of(Outputs[0]);
        Tensor inputs = Target(gradients, _input);
        Tensor weights = Target(gradients, _weights);
        Tensor scores = Target(gradients, _scores);
        Tensor weight = _context.Workspace.Rent(
            new Shape(_geometry.OutChannels, _geometry.InChannelsPerGroup, _geometry.KernelHeight, _geometry.KernelWidth));
        for (int sample = 0; sample < _input.Shape[0]; sample++)
        {
            Tensor own = upstream.Rows(sample, 1);
            Selection regions = RegionConvolution.PixelsByRegion(_context, _scores.Rows(sample, 1));
            for (int region = 0; region < Regions; region++)
            {
                if (regions.RowCount(region) == 0)
                {
                    continue;
                }

                Selection pixels = RegionConvolution.PixelsOf(_context, regions, region);
                if (weights.Exists)
                {
                    WeightGradientWork.Run(_context, in _geometry, 1, _input.Rows(sample, 1), own, pixels, false, weight, accumulate: false);
                    RegionKernels.AddCanonical(in _geometry, weight.Span, weights.Rows(sample, 1).Span, Regions, region);
                }

                if (inputs.Exists)
                {
                    RegionKernels.ToCanonical(in _geometry, _weights.Rows(sample, 1).Span, Regions, region, weight.Span);
                    InputGradientWork.Run(_context, in _geometry, 1, own, pixels, false, weight, inputs.Rows(sample, 1), accumulate: true);
                }
            }

            if (scores.Exists)
            {
                ScoreGradient(sample, own, scores.Rows(sample, 1).Span);
            }
        }

        _context.Workspace.Recycle(weight.Storage);
    }

    // Everything is added up: cleared first where nothing is there.
    private static Tensor Target(Gradients gradients, Tensor operand)
    {
        if (!Gradients.Flows(operand))
        {
            return default;
        }

        Tensor target = gradients.Into(operand, out bool accumulate);
        if (!accumulate)
        {
            target.Span.Clear();
        }

        return target;
    }

    // d[p, r] = dy[p] · (x ⊛ W_r)[p], through the softmax of the scores.
    private void ScoreGradient(int sample, Tensor upstream, Span<float> target)
    {
        int pixels = _geometry.OutPixels;
        int channels = _geometry.OutChannels;
        Tensor panels = _context.Workspace.Rent(new Shape(ConvolutionWeights.PackedLength(in _geometry)));
        Tensor result = _context.Workspace.Rent(new Shape(1, _geometry.OutHeight, _geometry.OutWidth, channels));
        Tensor products = _context.Workspace.Rent(new Shape(pixels, Regions));
        Tensor shares = _context.Workspace.Rent(new Shape(Regions));
        Span<float> lanes = stackalloc float[System.Numerics.Vector<float>.Count];
        Conv2dSelection everything = default;
        for (int region = 0; region < Regions; region++)
        {
            RegionKernels.Pack(in _geometry, _weights.Rows(sample, 1).Span, Regions, region, panels.Span);
            ConvolutionWork.Run(_context, in _geometry, 1, _input.Rows(sample, 1), panels, result, in everything, default);
            for (int pixel = 0; pixel < pixels; pixel++)
            {
                products.Span[(pixel * Regions) + region] =
                    LocalFilterGradient.Dot(upstream.Span.Slice(pixel * channels, channels), result.Span.Slice(pixel * channels, channels), lanes);
            }
        }

        ReadOnlySpan<float> scores = _scores.Rows(sample, 1).Span;
        for (int pixel = 0; pixel < pixels; pixel++)
        {
            int at = pixel * Regions;
            SoftmaxRow.Probabilities(scores.Slice(at, Regions), 1, shares.Span);
            SoftmaxRow.Backward(shares.Span, products.Span.Slice(at, Regions), 1, target.Slice(at, Regions), accumulate: true);
        }

        _context.Workspace.Recycle(panels.Storage);
        _context.Workspace.Recycle(result.Storage);
        _context.Workspace.Recycle(products.Storage);
        _context.Workspace.Recycle(shares.Storage);
    }
}
