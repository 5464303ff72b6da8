using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// The kernel by which pixel-adaptive convolution weighs its taps (Su et al., "Pixel-Adaptive Convolutional Neural Networks", CVPR 2019, section 3).
/// </summary>
public static class GuideKernelOperator
{
    /// <summary>
    /// K[n, p, t] = exp(−½ · |f[n, pixel(p, t)] − f[n, centre(p)]|²), where the centre is the middle tap; 0 for taps outside the map. Differentiable in f.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="guide">f, [N, InHeight, InWidth, F].</param>
    /// <param name="geometry">Kernel, stride, padding and dilation of the convolution that K is for; its input channels are the guide's F.</param>
    /// <param name="normalizes">Whether K is divided by its sum over the taps inside the map; where that is 0, K stays 0.</param>
    /// <returns>[N, OutHeight, OutWidth, taps].</returns>
    /// <exception cref="ArgumentException">The guide does not fit the geometry.</exception>
    public static Tensor GuideKernel(this Context context, Tensor guide, in ConvolutionGeometry geometry, bool normalizes = false)
    {
        ArgumentNullException.ThrowIfNull(context);
        int batch = guide.Shape.Rank == 4 ? guide.Shape[0] : -1;
        if (batch < 0 || guide.Shape != new Shape(batch, geometry.InHeight, geometry.InWidth, geometry.InChannels))
        {
            throw new ArgumentException(
                $"The guide has shape {guide.Shape}; expected [N, {geometry.InHeight}, {geometry.InWidth}, {geometry.InChannels}].", nameof(guide));
        }

        context.ThrowIfCancelled();
        Tensor kernel = context.Workspace.Rent(new Shape(batch, geometry.OutHeight, geometry.OutWidth, geometry.Taps));
        Tensor scratch = context.Workspace.Rent(new Shape(batch * geometry.OutHeight, Kernels.LocalFilters.GuideKernel.ScratchLength(in geometry)));
        context.Workers.Run(batch * geometry.OutHeight, new ForwardWork(in geometry, guide, normalizes, kernel, scratch));
        context.Workspace.Recycle(scratch.Storage);
        long macs = (long)geometry.OutPixels * geometry.Taps * geometry.InChannels;
        context.Count(batch, macs, macs);
        if (context.Records(guide))
        {
            context.Tape!.Record(new Entry(context, in geometry, guide, normalizes, kernel));
        }

        return kernel;
    }

    private readonly struct ForwardWork : IParallelWork
    {
        private readonly ConvolutionGeometry _geometry;
        private readonly Tensor _guide;
        private readonly bool _normalizes;
        private readonly Tensor _kernel;
        private readonly Tensor _scratch;

        public ForwardWork(in ConvolutionGeometry geometry, Tensor guide, bool normalizes, Tensor kernel, Tensor scratch)
        {
            _geometry = geometry;
            _guide = guide;
            _normalizes = normalizes;
            _kernel = kernel;
            _scratch = scratch;
        }

        // A part is a row of output pixels.
        public void Execute(int part)
        {
            int sample = part / _geometry.OutHeight;
            int row = part % _geometry.OutHeight;
            int elements = _geometry.OutPixels * _geometry.Taps;
            Kernels.LocalFilters.GuideKernel.Forward(
                in _geometry, _guide.Span.Slice(sample * _geometry.InElements, _geometry.InElements), _normalizes, _kernel.Span.Slice(sample * elements, elements),
                row, row + 1, _scratch.Rows(part, 1).Span);
        }
    }

    private readonly struct BackwardWork : IParallelWork
    {
        private readonly ConvolutionGeometry _geometry;
        private readonly Tensor _guide;
        private readonly bool _normalizes;
        private readonly Tensor _kernel;
        private readonly Tensor _upstream;
        private readonly Tensor _target;
        private readonly Tensor _scratch;

        public BackwardWork(
            in ConvolutionGeometry geometry, Tensor guide, bool normalizes, Tensor kernel, Tensor upstream, Tensor target, Tensor scratch)
        {
            _geometry = geometry;
            _guide = guide;
            _normalizes = normalizes;
            _kernel = kernel;
            _upstream = upstream;
            _target = target;
            _scratch = scratch;
        }

        // A part is a whole sample: its output pixels share guide pixels.
        public void Execute(int part)
        {
            int elements = _geometry.OutPixels * _geometry.Taps;
            Kernels.LocalFilters.GuideKernel.Backward(
                in _geometry, _guide.Span.Slice(part * _geometry.InElements, _geometry.InElements), _normalizes, _kernel.Span.Slice(part * elements, elements),
                _upstream.Span.Slice(part * elements, elements), _target.Span.Slice(part * _geometry.InElements, _geometry.InElements),
                _scratch.Rows(part, 1).Span);
        }
    }

    private sealed class Entry : TapeEntry
    {
        private readonly Context _context;
        private readonly ConvolutionGeometry _geometry;
        private readonly Tensor _guide;
        private readonly bool _normalizes;

        public Entry(Context context, in ConvolutionGeometry geometry, Tensor guide, bool normalizes, Tensor kernel)
            : base(kernel)
        {
            _context = context;
            _geometry = geometry;
            _guide = guide;
            _normalizes = normalizes;
        }

        public override void Backward(Gradients gradients)
        {
            Tensor target = gradients.Into(_guide, out bool accumulate);
            if (!accumulate)
            {
                target.Span.Clear();
            }

            int batch = _guide.Shape[0];
            Tensor scratch = _context.Workspace.Rent(new Shape(batch, Kernels.LocalFilters.GuideKernel.ScratchLength(in _geometry)));
            _context.Workers.Run(batch, new BackwardWork(in _geometry, _guide, _normalizes, Outputs[0], gradients.Of(Outputs[0]), target, scratch));
            _context.Workspace.Recycle(scratch.Storage);
        }
    }
}
