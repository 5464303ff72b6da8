using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.MatrixMultiply;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>A convolution on the tape: what it was, and the gradients of its input, weight and bias.</summary>
internal sealed class Convolution2dEntry : TapeEntry
{
    private readonly Context _context;
    private readonly Tensor _input;
    private readonly Tensor _weight;
    private readonly Tensor _bias;
    private readonly ConvolutionGeometry _geometry;
    private readonly int _batch;
    private readonly Conv2dSelection _selection;

    public Convolution2dEntry(
        Context context, Tensor input, Tensor weight, Tensor bias, Tensor output, in ConvolutionGeometry geometry, int batch,
        in Conv2dSelection selection)
        : base(output)
    {
        _context = context;
        _input = input;
        _weight = weight;
        _bias = bias;
        _geometry = geometry;
        _batch = batch;
        _selection = selection;
    }

    private bool IsCompact => _selection.CompactPixels && !_selection.Pixels.IsAll;

    public override void Backward(Gradients gradients)
    {
        if (_selection.SelectsChannels && !_selection.DiffersBySample && _geometry.Groups == 1 && _batch > 0
            && !_selection.InChannels.IsEmpty && !_selection.OutChannels.IsEmpty)
        {
            NarrowBackward(gradients);
            return;
        }

        ChannelSpread spread = new(
            _selection.OutChannels, _selection.CompactOutChannels, _geometry.OutChannels, IsCompact ? _selection.Pixels : default, _geometry.OutPixels);
        Tensor own = gradients.Of(Outputs[0]);
        Tensor gradient = spread.Widen(_context, own, _batch);
        if (Gradients.Flows(_bias))
        {
            BiasGradient(gradient, gradients.Into(_bias, out bool accumulate), accumulate);
        }

        ChannelSpread inputs = new(_selection.InChannels, _selection.CompactInChannels, _geometry.InChannels, default, _geometry.InPixels);
        if (Gradients.Flows(_weight))
        {
            Tensor input = inputs.Widen(_context, _input, _batch);
            Tensor target = gradients.Into(_weight, out bool accumulate);
            WeightGradientWork.Run(_context, in _geometry, _batch, input, gradient, _selection.Pixels, IsCompact, target, accumulate);
            Return(input, _input);
        }

        if (Gradients.Flows(_input))
        {
            Tensor target = gradients.Into(_input, out bool accumulate);
            if (_selection.InChannels.IsAll)
            {
                InputGradient(gradient, target, accumulate);
            }
            else
            {
                if (!accumulate)
                {
                    target.Span.Clear();
                }

                Tensor wide = inputs.WideZeros(_context, _batch);
                InputGradient(gradient, wide, accumulate: false);
                inputs.AddNarrow(wide, target, _batch);
                Return(wide, target);
            }
        }

        Return(gradient, own);
    }

    // All samples have the same channels: the gradients are those of a convolution that has no others.
    private void NarrowBackward(Gradients gradients)
    {
        NarrowChannels ins = new(_context, _selection.InChannels, _geometry.InChannels);
        NarrowChannels outs = new(_context, _selection.OutChannels, _geometry.OutChannels);
        ConvolutionGeometry narrow = new(
            ins.Count, outs.Count, _geometry.KernelHeight, _geometry.KernelWidth, _geometry.InHeight, _geometry.InWidth, _geometry.StrideHeight,
            _geometry.StrideWidth, _geometry.PadTop, _geometry.PadLeft, _geometry.PadBottom, _geometry.PadRight, _geometry.DilationHeight,
            _geometry.DilationWidth);
        Tensor own = gradients.Of(Outputs[0]);
        Tensor gradient = outs.Columns(own, _selection.CompactOutChannels);
        Tensor input = ins.Columns(_input, _selection.CompactInChannels);
        Tensor weight = NarrowChannels.Weight(_context, _weight, in outs, in ins);
        Conv2dSelection pixels = new() { Pixels = _selection.Pixels, CompactPixels = _selection.CompactPixels };
        Convolution2dEntry entry = new(_context, input, weight, _bias, Outputs[0], in narrow, _batch, in pixels);
        if (Gradients.Flows(_bias))
        {
            Tensor sums = _context.Workspace.Rent(new Shape(outs.Count));
            entry.BiasGradient(gradient, sums, accumulate: false);
            outs.Add(sums, gradients.Into(_bias, out bool accumulate), accumulate);
            _context.Workspace.Recycle(sums.Storage);
        }

        if (Gradients.Flows(_weight))
        {
            Tensor sums = _context.Workspace.Rent(weight.Shape);
            WeightGradientWork.Run(_context, in narrow, _batch, input, gradient, _selection.Pixels, IsCompact, sums, accumulate: false);
            NarrowChannels.AddWeight(sums, gradients.Into(_weight, out bool accumulate), in outs, in ins, accumulate);
            _context.Workspace.Recycle(sums.Storage);
        }

        if (Gradients.Flows(_input))
        {
            Tensor target = gradients.Into(_input, out bool accumulate);
            if (ins.IsAll || _selection.CompactInChannels)
            {
                entry.InputGradient(gradient, target, accumulate);
            }
            else
            {
                Tensor sums = _context.Workspace.Rent(input.Shape);
                entry.InputGradient(gradient, sums, accumulate: false);
                ins.Add(sums, target, accumulate);
                _context.Workspace.Recycle(sums.Storage);
            }
        }

        Return(gradient, own);
        Return(input, _input);
        Return(weight, _weight);
    }

    // A temporary has no views: its memory may be used again although the tape holds the workspace.
    private void Return(Tensor temporary, Tensor original)
    {
        if (temporary.Storage != original.Storage)
        {
            _context.Workspace.Recycle(temporary.Storage);
        }
    }

    private void BiasGradient(Tensor gradient, Tensor target, bool accumulate)
    {
        int rows = _batch * _geometry.OutPixels;
        Tensor scratch = _context.Workspace.Rent(new Shape(ConvolutionBiasGradient.ScratchElements(rows, _geometry.OutChannels)));
        if (_selection.Pixels.IsAll)
        {
            ConvolutionBiasGradient.Compute(gradient.Span, rows, ActiveList.All, target.Span, accumulate, scratch.Span);
        }
        else
        {
            Span<int> active = RowsOf(_selection.Pixels);
            ActiveList list = IsCompact ? ActiveList.CompactOf(active) : ActiveList.Of(active);
            ConvolutionBiasGradient.Compute(gradient.Span, rows, list, target.Span, accumulate, scratch.Span);
        }

        _context.Workspace.Recycle(scratch.Storage);
    }

    private Span<int> RowsOf(Selection pixels)
    {
        Span<int> rows = _context.Workspace.RentIntegers(pixels.Count).Slice(0, pixels.Count);
        pixels.Indices.CopyTo(rows);
        for (int sample = 1; sample < _batch; sample++)
        {
            foreach (ref int row in rows[pixels.Offsets[sample]..pixels.Offsets[sample + 1]])
            {
                row += sample * _geometry.OutPixels;
            }
        }

        return rows;
    }

    private void InputGradient(Tensor gradient, Tensor target, bool accumulate)
    {
        if (_geometry.IsPointwise && _geometry.Groups == 1 && _selection.Pixels.IsAll)
        {
            // dx = dy · W, with the weight just as it is stored.
            MultiplyShape shape = new(_batch * _geometry.OutPixels, _geometry.OutChannels, _geometry.InChannels);
            MultiplyWork.Run(_context, in shape, 1, gradient, _weight, target, accumulate);
        }
        else if (WinogradGradient.Choose(_context, in _geometry, in _selection) is { } form)
        {
            Tensor full = FullMaps(gradient);
            WinogradGradient.Run(_context, in _geometry, form, _batch, full, _weight, target, accumulate);
            Return(full, gradient);
        }
        else if (_geometry.IsDepthwise)
        {
            Tensor full = FullMaps(gradient);
            Tensor packed = _context.Workspace.Rent(new Shape(DepthwiseConvolution.PackedElements(in _geometry)));
            DepthwiseConvolution.Pack(in _geometry, _weight.Span, packed.Span);
            DepthwiseWork.InputGradient(_context, in _geometry, _batch, full, packed, target, accumulate);
            _context.Workspace.Recycle(packed.Storage);
            Return(full, gradient);
        }
        else
        {
            InputGradientWork.Run(_context, in _geometry, _batch, gradient, _selection.Pixels, IsCompact, _weight, target, accumulate);
        }
    }

    // The gradient as maps of full width with zeros where nothing was computed.
    private Tensor FullMaps(Tensor gradient)
    {
        Selection pixels = _selection.Pixels;
        if (pixels.IsAll)
        {
            return gradient;
        }

        int width = _geometry.OutChannels;
        Tensor full = _context.Workspace.RentZeros(new Shape(_batch * _geometry.OutPixels, width));
        for (int sample = 0; sample < _batch; sample++)
        {
            int rank = pixels.Offsets[sample];
            foreach (int pixel in pixels.Row(sample))
            {
                int row = (sample * _geometry.OutPixels) + pixel;
                gradient.Span.Slice((IsCompact ? rank : row) * width, width).CopyTo(full.Span[(row * width)..]);
                rank++;
            }
        }

        return full;
    }
}
