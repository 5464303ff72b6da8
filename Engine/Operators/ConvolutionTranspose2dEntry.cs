using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// A transposed convolution on the tape. Its input gradient is the convolution that it transposes, applied to the output's gradient; its
/// weight gradient is that convolution's with input and output gradient in exchanged roles.
/// </summary>
internal sealed class ConvolutionTranspose2dEntry : TapeEntry
{
    private readonly Context _context;
    private readonly Tensor _input;
    private readonly Tensor _weight;
    private readonly Tensor _bias;
    private readonly ConvolutionGeometry _geometry;
    private readonly int _batch;
    private readonly Selection _pixels;
    private readonly bool _isCompact;

    public ConvolutionTranspose2dEntry(
        Context context, Tensor input, Tensor weight, Tensor bias, Tensor output, in ConvolutionGeometry geometry, int batch, Selection pixels,
        bool isCompact)
        : base(output)
    {
        _context = context;
        _input = input;
        _weight = weight;
        _bias = bias;
        _geometry = geometry;
        _batch = batch;
        _pixels = pixels;
        _isCompact = isCompact;
    }

    public override void Backward(Gradients gradients)
    {
        Tensor own = gradients.Of(Outputs[0]);
        Tensor gradient = _pixels.IsAll ? own : FullMaps(own);
        if (Gradients.Flows(_bias))
        {
            int rows = _batch * _geometry.InPixels;
            Tensor target = gradients.Into(_bias, out bool accumulate);
            Tensor scratch = _context.Workspace.Rent(new Shape(ConvolutionBiasGradient.ScratchElements(rows, _geometry.InChannels)));
            ConvolutionBiasGradient.Compute(gradient.Span, rows, ActiveList.All, target.Span, accumulate, scratch.Span);
            _context.Workspace.Recycle(scratch.Storage);
        }

        if (Gradients.Flows(_weight))
        {
            Tensor target = gradients.Into(_weight, out bool accumulate);
            WeightGradientWork.Run(_context, in _geometry, _batch, gradient, _input, default, false, target, accumulate);
        }

        if (Gradients.Flows(_input))
        {
            Tensor target = gradients.Into(_input, out bool accumulate);
            Tensor packed = _context.Workspace.Rent(new Shape(PackedWeight.Length(in _geometry)));
            PackedWeight.Pack(in _geometry, _weight.Span, packed.Span);
            FusedSteps steps = new() { Residual = accumulate ? target : default };
            Conv2dSelection all = default;
            if (_geometry.IsDepthwise)
            {
                DepthwiseWork.Forward(_context, in _geometry, _batch, gradient, packed, target, in all, in steps);
            }
            else
            {
                ConvolutionWork.Run(_context, in _geometry, _batch, gradient, packed, target, in all, in steps);
            }

            _context.Workspace.Recycle(packed.Storage);
        }

        if (!_pixels.IsAll)
        {
            _context.Workspace.Recycle(gradient.Storage);
        }
    }

    // Maps of full width with zeros where nothing was computed.
    private Tensor FullMaps(Tensor gradient)
    {
        int width = _geometry.InChannels;
        Tensor full = _context.Workspace.RentZeros(new Shape(_batch, _geometry.InHeight, _geometry.InWidth, width));
        ReadOnlySpan<int> indices = _pixels.Indices;
        for (int sample = 0; sample < _batch; sample++)
        {
            for (int i = _pixels.Offsets[sample]; i < _pixels.Offsets[sample + 1]; i++)
            {
                int row = (sample * _geometry.InPixels) + indices[i];
                gradient.Span.Slice((_isCompact ? i : row) * width, width).CopyTo(full.Span[(row * width)..]);
            }
        }

        return full;
    }
}
