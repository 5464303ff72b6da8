using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Convolution.Winograd;
using ManagedDyn.Engine.Kernels.Mixing;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>One sample's mixed and transformed weights, cut into parts of panels; no cut changes a bit.</summary>
internal struct MixedTransformWork : IParallelWork
{
    private ConvolutionGeometry _geometry;
    private WinogradForm _form;
    private Tensor _coefficients;
    private Tensor _experts;
    private Tensor _target;
    private int _parts;

    /// <summary>Mixes and transforms on the context's threads.</summary>
    /// <param name="context">The context.</param>
    /// <param name="geometry">The geometry.</param>
    /// <param name="form">The algorithm.</param>
    /// <param name="coefficients">One factor for each kernel.</param>
    /// <param name="experts">The packed kernels, interleaved.</param>
    /// <param name="target">The transformed weights.</param>
    public static void Run(Context context, in ConvolutionGeometry geometry, WinogradForm form, Tensor coefficients, Tensor experts, Tensor target)
    {
        MixedTransformWork work = new()
        {
            _geometry = geometry,
            _form = form,
            _coefficients = coefficients,
            _experts = experts,
            _target = target,
            _parts = Math.Min(context.Workers.Threads, MixedTransform.PanelCount(in geometry)),
        };
        context.Workers.Run(work._parts, in work);
    }

    /// <inheritdoc/>
    public readonly void Execute(int part)
    {
        int panels = MixedTransform.PanelCount(in _geometry);
        Range own = new((int)((long)panels * part / _parts), (int)((long)panels * (part + 1) / _parts));
        MixedTransform.Run(in _geometry, _form, _coefficients.Span, _experts.Span, _target.Span, own);
    }
}
