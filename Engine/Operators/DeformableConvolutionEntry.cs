using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.MatrixMultiply;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// A deformable convolution on the tape. The weight's gradient is that of a pointwise convolution of the patches, which are sampled again, some pixels
/// at a time; input, offsets and modulation get theirs from the gradient of the patches, sample by sample.
/// </summary>
internal sealed class DeformableConvolutionEntry : TapeEntry
{
    // Patches that are held at a time for the weight's gradient, in elements; how many pixels these are depends on the geometry alone.
    private const int SlabElements = 1 << 22;
    private const int LeastSlabPixels = 96;

    private readonly Context _context;
    private readonly Tensor _input;
    private readonly Tensor _offsets;
    private readonly Tensor _modulation;
    private readonly Tensor _weight;
    private readonly Tensor _bias;
    private readonly DeformGeometry _geometry;
    private readonly int _batch;

    public DeformableConvolutionEntry(
        Context context, Tensor input, Tensor offsets, Tensor modulation, Tensor weight, Tensor bias, Tensor output, in DeformGeometry geometry, int batch)
        : base(output)
    {
        _context = context;
        _input = input;
        _offsets = offsets;
        _modulation = modulation;
        _weight = weight;
        _bias = bias;
        _geometry = geometry;
        _batch = batch;
    }

    public override void Backward(Gradients gradients)
    {
        Tensor upstream = gradients.Of(Outputs[0]);
        ConvolutionGeometry maps = _geometry.Maps;
        if (Gradients.Flows(_bias))
        {
            int rows = _batch * maps.OutPixels;
            Tensor scratch = _context.Workspace.Rent(new Shape(ConvolutionBiasGradient.ScratchElements(rows, maps.OutChannels)));
            Tensor target = gradients.Into(_bias, out bool accumulate);
            ConvolutionBiasGradient.Compute(upstream.Span, rows, ActiveList.All, target.Span, accumulate, scratch.Span);
            _context.Workspace.Recycle(scratch.Storage);
        }

        if (Gradients.Flows(_weight))
        {
            WeightGradient(upstream, gradients.Into(_weight, out bool accumulate), accumulate);
        }

        if (Gradients.Flows(_input) || Gradients.Flows(_offsets) || Gradients.Flows(_modulation))
        {
            PatchGradientWork.Run(
                _context, in _geometry, _batch, _input, _offsets, _modulation, _weight, upstream, Cleared(gradients, _input), Cleared(gradients, _offsets),
                Cleared(gradients, _modulation));
        }
    }

    private static Tensor Cleared(Gradients gradients, Tensor operand)
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

    private void WeightGradient(Tensor upstream, Tensor target, bool accumulate)
    {
        ConvolutionGeometry maps = _geometry.Maps;
        int total = _batch * maps.OutPixels;
        int slab = Math.Max(LeastSlabPixels, SlabElements / _geometry.PatchLength);
        Tensor sums = _context.Workspace.RentZeros(new Shape(maps.OutChannels, maps.Taps, maps.InChannelsPerGroup));
        Tensor gradientRows = upstream.Reshape(new Shape(total, maps.OutChannels));
        for (int first = 0; first < total; first += slab)
        {
            int count = Math.Min(slab, total - first);
            Tensor patches = _context.Workspace.Rent(new Shape(count, _geometry.PatchLength));
            SampleWork.Run(_context, in _geometry, _input, _offsets, _modulation, first, patches);
            ConvolutionGeometry pointwise = new(_geometry.PatchLength, maps.OutChannels, 1, 1, count, 1, groups: maps.Groups);
            WeightGradientWork.Run(_context, in pointwise, 1, patches, gradientRows.Rows(first, count), default, false, sums, accumulate: first > 0);
            _context.Workspace.Recycle(patches.Storage);
        }

        // [output][tap][channel] to [output][channel][tap].
        int channels = maps.InChannelsPerGroup;
        ReadOnlySpan<float> from = sums.Span;
        Span<float> to = target.Span;
        for (int i = 0; i < to.Length; i++)
        {
            int output = i / (channels * maps.Taps);
            int rest = i % (channels * maps.Taps);
            float sum = from[(((output * maps.Taps) + (rest % maps.Taps)) * channels) + (rest / maps.Taps)];
            to[i] = accumulate ? to[i] + sum : sum;
        }

        _context.Workspace.Recycle(sums.Storage);
    }

    /// <summary>Samples the patches of some pixels, counted over the batch.</summary>
    private readonly struct SampleWork : IParallelWork
    {
        private const int PixelsPerPart = 64;

        private readonly DeformGeometry _geometry;
        private readonly Tensor _input;
        private readonly Tensor _offsets;
        private readonly Tensor _modulation;
        private readonly int _first;
        private readonly Tensor _patches;

        private SampleWork(in DeformGeometry geometry, Tensor input, Tensor offsets, Tensor modulation, int first, Tensor patches)
        {
            _geometry = geometry;
            _input = input;
            _offsets = offsets;
            _modulation = modulation;
            _first = first;
            _patches = patches;
        }

        public static void Run(Context context, in DeformGeometry geometry, Tensor input, Tensor offsets, Tensor modulation, int first, Tensor patches)
        {
            int parts = (patches.Shape[0] + PixelsPerPart - 1) / PixelsPerPart;
            context.Workers.Run(parts, new SampleWork(in geometry, input, offsets, modulation, first, patches));
        }

        public void Execute(int part)
        {
            int outPixels = _geometry.Maps.OutPixels;
            int end = Math.Min(_patches.Shape[0], (part + 1) * PixelsPerPart);
            for (int i = part * PixelsPerPart; i < end;)
            {
                int sample = (_first + i) / outPixels;
                int pixel = (_first + i) % outPixels;
                int count = Math.Min(end - i, outPixels - pixel);
                DeformedPatches.Sample(
                    in _geometry, DeformableConvolutionWork.Sample(_input, sample), DeformableConvolutionWork.Sample(_offsets, sample),
                    DeformableConvolutionWork.Sample(_modulation, sample), pixel, count, _patches.Rows(i, count).Span);
                i += count;
            }
        }
    }

    /// <summary>Gradients of input, offsets and modulation; a part is a sample, whose output pixels share input pixels.</summary>
    private struct PatchGradientWork : IParallelWork
    {
        private DeformGeometry _geometry;
        private Tensor _input;
        private Tensor _offsets;
        private Tensor _modulation;
        private Tensor _upstream;
        private Tensor _packed;
        private Tensor _patches;
        private Tensor _scratch;
        private Tensor _inputGradient;
        private Tensor _offsetGradient;
        private Tensor _modulationGradient;
        private int _blockPixels;

        public static void Run(
            Context context, in DeformGeometry geometry, int batch, Tensor input, Tensor offsets, Tensor modulation, Tensor weight, Tensor upstream,
            Tensor inputGradient, Tensor offsetGradient, Tensor modulationGradient)
        {
            PatchGradientWork work = default;
            work._geometry = geometry;
            work._input = input;
            work._offsets = offsets;
            work._modulation = modulation;
            work._upstream = upstream;
            work._inputGradient = inputGradient;
            work._offsetGradient = offsetGradient;
            work._modulationGradient = modulationGradient;
            work._packed = Pack(context, geometry.Maps, weight);
            work._blockPixels = DeformableConvolutionWork.BlockPixels(in geometry);
            work._patches = context.Workspace.Rent(new Shape(batch, work._blockPixels, geometry.PatchLength));
            work._scratch = context.Workspace.Rent(new Shape(batch, PackedMultiply.ScratchLength));
            context.Workers.Run(batch, in work);
            context.Workspace.Recycle(work._packed.Storage);
            context.Workspace.Recycle(work._patches.Storage);
            context.Workspace.Recycle(work._scratch.Storage);
        }

        public readonly void Execute(int part)
        {
            ConvolutionGeometry maps = _geometry.Maps;
            Span<float> patches = _patches.Rows(part, 1).Span;
            Span<float> upstream = _upstream.Rows(part, 1).Span;
            int columns = maps.Taps * maps.InChannelsPerGroup;
            int panelLength = Panel.Length(maps.OutChannelsPerGroup, columns);
            for (int first = 0; first < maps.OutPixels; first += _blockPixels)
            {
                int count = Math.Min(_blockPixels, maps.OutPixels - first);
                MultiplyShape shape = new(count, maps.OutChannelsPerGroup, columns) { LeftStride = maps.OutChannels, OutputStride = _geometry.PatchLength };
                for (int group = 0; group < maps.Groups; group++)
                {
                    PackedMultiply.Multiply(
                        in shape, upstream[((first * maps.OutChannels) + (group * maps.OutChannelsPerGroup))..],
                        _packed.Span.Slice(group * panelLength, panelLength), patches[(group * columns)..], default, _scratch.Rows(part, 1).Span);
                }

                DeformedPatchGradient.Scatter(
                    in _geometry, DeformableConvolutionWork.Sample(_input, part), DeformableConvolutionWork.Sample(_offsets, part),
                    DeformableConvolutionWork.Sample(_modulation, part), first, count, patches, DeformableConvolutionWork.Sample(_inputGradient, part),
                    DeformableConvolutionWork.Sample(_offsetGradient, part), DeformableConvolutionWork.Sample(_modulationGradient, part));
            }
        }

        // Each group's weights as the right-hand matrix [output][tap, channel].
        private static Tensor Pack(Context context, in ConvolutionGeometry maps, Tensor weight)
        {
            int channels = maps.InChannelsPerGroup;
            int rows = maps.OutChannelsPerGroup;
            int columns = maps.Taps * channels;
            int panelLength = Panel.Length(rows, columns);
            Tensor matrix = context.Workspace.Rent(new Shape(rows, columns));
            Tensor packed = context.Workspace.Rent(new Shape(maps.Groups, panelLength));
            ReadOnlySpan<float> from = weight.Span;
            Span<float> to = matrix.Span;
            for (int group = 0; group < maps.Groups; group++)
            {
                for (int i = 0; i < to.Length; i++)
                {
                    int rest = i % columns;
                    to[i] = from[((((group * rows) + (i / columns)) * channels) + (rest % channels)) * maps.Taps + (rest / channels)];
                }

                Panel.Pack(to, rows, columns, packed.Span.Slice(group * panelLength, panelLength));
            }

            context.Workspace.Recycle(matrix.Storage);
            return packed;
        }
    }
}
