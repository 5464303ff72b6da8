using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>A batch's input gradient of a convolution, cut into parts of about as many input pixels each; no cut changes a bit.</summary>
internal struct InputGradientWork : IParallelWork
{
    private const long MacsPerPart = 1L << 16;
    private const int PartsPerThread = 4;

    private ConvolutionGeometry _geometry;
    private int _batch;
    private Tensor _gradient;
    private Selection _pixels;
    private bool _isCompact;
    private Tensor _packed;
    private Tensor _target;
    private Tensor _scratch;
    private bool _accumulates;
    private int _scratchLength;
    private int _parts;

    /// <summary>Computes the input gradient on the context's threads.</summary>
    public static void Run(
        Context context, in ConvolutionGeometry geometry, int batch, Tensor gradient, Selection pixels, bool isCompact, Tensor weight,
        Tensor inputGradient, bool accumulate)
    {
        InputGradientWork work = new()
        {
            _geometry = geometry,
            _batch = batch,
            _gradient = gradient,
            _pixels = pixels,
            _isCompact = isCompact,
            _packed = context.Workspace.Rent(new Shape(ConvolutionInputGradient.PackedLength(in geometry))),
            _target = inputGradient,
            _accumulates = accumulate,
            _scratchLength = ConvolutionInputGradient.ScratchLength(in geometry),
        };
        ConvolutionInputGradient.Pack(in geometry, weight.Span, work._packed.Span);
        long macs = batch * geometry.MacsPerSample;
        int most = Math.Max(1, batch * geometry.InPixels);
        work._parts = context.Workers.Threads == 1 ? 1 : (int)Math.Clamp(macs / MacsPerPart, 1, Math.Min(most, context.Workers.Threads * PartsPerThread));
        work._scratch = context.Workspace.Rent(new Shape(work._parts, work._scratchLength));
        context.Workers.Run(work._parts, in work);
        context.Workspace.Recycle(work._scratch.Storage);
        context.Workspace.Recycle(work._packed.Storage);
    }

    /// <inheritdoc/>
    public readonly void Execute(int part)
    {
        Span<float> scratch = _scratch.Span.Slice(part * _scratchLength, _scratchLength);
        int total = _batch * _geometry.InPixels;
        int start = (int)((long)total * part / _parts);
        int end = (int)((long)total * (part + 1) / _parts);
        for (int sample = start / _geometry.InPixels; sample * _geometry.InPixels < end; sample++)
        {
            int first = sample * _geometry.InPixels;
            Range pixels = new(Math.Max(start - first, 0), Math.Min(end - first, _geometry.InPixels));
            Sample(sample, pixels, scratch);
        }
    }

    private readonly void Sample(int sample, Range pixels, Span<float> scratch)
    {
        ActiveList outputs = ActiveList.All;
        int start = sample * _geometry.OutElements;
        if (!_pixels.IsAll)
        {
            outputs = _isCompact ? ActiveList.CompactOf(_pixels.Row(sample)) : ActiveList.Of(_pixels.Row(sample));
            start = _isCompact ? _pixels.Offsets[sample] * _geometry.OutChannels : start;
        }

        Span<float> target = _target.Span.Slice(sample * _geometry.InElements, _geometry.InElements);
        Epilogue epilogue = new() { Residual = _accumulates ? target : default };
        ConvolutionInputGradient.Compute(
            in _geometry, _gradient.Span.Slice(start, outputs.Width(_geometry.OutPixels) * _geometry.OutChannels), _packed.Span, target,
            ActiveList.All, outputs, in epilogue, scratch, pixels, Range.All);
    }
}
